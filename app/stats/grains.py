"""In which grains the sums are kept, and how a period is put together from them. Pure.

Of time there are two levels: half days, and *spans* that end on the first at midnight and on the 25th at noon by
Vietnam's clocks, so that every month, quarter and year and every month of the field's own is made of whole spans. At
each level there are sums for sets of dimensions: asked by agency for one category, those by agency and category answer,
a few dozen rows a group for a year. By half days three dimensions and more are hardly fewer than what happened.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Literal

from msgspec import Struct

from app.stats.model import HALF_DAY, Question, slot_of

DIMENSIONS = ("agency", "category", "commune", "channel")
_FILTERS = ("agencies", "categories", "communes", "channels")
Level = Literal["single", "half", "span"]
SPAN = 16
"""Added to a grain's dimensions (a bit for each) at the level of spans."""
_SETS = [sum(1 << d for d in chosen) for size in range(5) for chosen in combinations(range(4), size)]
_FEW = 2
HALF_DAY_GRAINS = tuple(each for each in _SETS if each.bit_count() <= _FEW)
SPAN_GRAINS = tuple(SPAN | each for each in _SETS)
GRAINS = (*HALF_DAY_GRAINS, *SPAN_GRAINS)
FULL = SPAN | 15


def source(grain: int) -> int | None:
    """The grain that sums up to this one in the fewest rows; None of those that are made from what happened."""
    for dimension in (3, 0, 1, 2):
        if not grain & 1 << dimension:
            return grain | 1 << dimension if grain | 1 << dimension in GRAINS else None
    return None


def _steps(grain: int) -> int:
    finer = source(grain)
    return 0 if finer is None else 1 + _steps(finer)


ROUNDS = tuple(tuple(g for g in GRAINS if _steps(g) == steps) for steps in range(max(map(_steps, GRAINS)) + 1))
"""In which order they are made: what is in one round does not wait for each other."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing happened before."""
_VIETNAM = timedelta(hours=7)
_CUT_DAY = 25


class Piece(Struct, frozen=True):
    """Part of a step's time, whose counts are added, or taken away (``sign`` -1)."""

    step: int
    level: Level
    since: datetime
    before: datetime
    sign: int = 1


def dimensions_of(question: Question) -> int:
    """Those that the question tells apart or filters by, as bits."""
    asked = [bool(getattr(question, name)) or question.by == DIMENSIONS[d] for d, name in enumerate(_FILTERS)]
    return sum(1 << d for d, yes in enumerate(asked) if yes)


def span_of(at: datetime) -> datetime:
    """The beginning of the span in which a moment lies."""
    local = at.astimezone(UTC).replace(tzinfo=None) + _VIETNAM
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    cut = first.replace(day=_CUT_DAY, hour=12)
    return ((cut if local >= cut else first) - _VIETNAM).replace(tzinfo=UTC)


def next_span(start: datetime) -> datetime:
    """The beginning of the one behind the span that begins then."""
    return span_of(start + timedelta(days=25))


def pieces(step: int, since: datetime, before: datetime, dimensions: int, read_at: datetime) -> list[Piece]:
    """What makes up a time, in as few rows as it goes. Behind ``read_at`` hardly anything is known, so a time that ends
    there is that up to the end of a span, less the little behind."""
    if since >= before:
        return []
    return list(_Cutting(step, dimensions, read_at).cut(since, before))


class _Cutting(Struct):
    step: int
    dimensions: int
    read_at: datetime

    def cut(self, since: datetime, before: datetime) -> Iterator[Piece]:
        first, last = span_of(since), span_of(before)
        behind = next_span(first)
        if first == last:
            outside = self._cost(first, since) + self._cost(before, behind)
            if self._cost(since, before) <= outside + HALF_DAY:
                yield from self._fine(since, before)
            else:
                yield Piece(self.step, "span", first, behind)
                yield from self._fine(first, since, -1)
                yield from self._fine(before, behind, -1)
            return
        if self._cost(first, since) > self._cost(since, behind):
            yield from self._fine(since, behind)
            first = behind
        else:
            yield from self._fine(first, since, -1)
        end = next_span(last)
        if self._cost(last, before) > self._cost(before, end):
            yield from self._fine(before, end, -1)
            last = end
        else:
            yield from self._fine(last, before)
        if first < last:
            yield Piece(self.step, "span", first, last)

    def _cost(self, since: datetime, before: datetime) -> timedelta:
        return max(min(before, self.read_at) - since, timedelta(0))

    def _fine(self, since: datetime, before: datetime, sign: int = 1) -> Iterator[Piece]:
        """By half days where there are any, and one by one."""
        if since >= before:
            return
        first, last = slot_of(since), slot_of(before)
        if first < since:
            first += HALF_DAY
        if self.dimensions not in HALF_DAY_GRAINS or last < first or (last == first and before < self.read_at):
            yield Piece(self.step, "single", since, before, sign)
            return
        if since < first:
            yield Piece(self.step, "single", since, first, sign)
        if before > last:
            if before >= self.read_at:
                yield Piece(self.step, "single", before, last + HALF_DAY, -sign)
                last += HALF_DAY
            else:
                yield Piece(self.step, "single", last, before, sign)
        if first < last:
            yield Piece(self.step, "half", first, last, sign)
