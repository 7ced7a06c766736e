"""What stands out among the figures: groups whose share is worse than elsewhere by more than chance explains.

A group is named where it has enough cases and its 99 % interval (Wilson's) lies above that of all others together. By
chance alone that is so for fewer than one group in a hundred, so that among tens of them noise is rarely called a
finding.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import sqrt

from msgspec import Struct, structs

from app.db import Conn
from app.stats import service, store, store_insight
from app.stats.asked import Asked
from app.stats.measures import FIGURES, Figure, Measure
from app.stats.model import By, Count, Counts, Question
from app.stats.ranking import MINIMUM
from app.stats.store_insight import Round

_Z = 2.576
"""Of a 99 % interval."""
_ROUND_MOST = 20
_CAME = structs.replace(FIGURES["open"], name="came", kind="count", among=frozenset())
"""What came into an agency's hands in the period, however often."""


class Outlier(Struct, frozen=True):
    """``of`` out of ``among`` in this group; ``low`` and ``high``: its interval; ``rest``: the share in all others.
    Shares from 0 to 1."""

    key: str
    of: int
    among: int
    low: float
    high: float
    rest: float

    @property
    def share(self) -> float:
        return self.of / self.among

    @property
    def more(self) -> float:
        """How many more than if it were as elsewhere."""
        return self.of - self.rest * self.among


class Compared(Struct, frozen=True):
    """``found``: the one that costs most cases first; ``looked``: groups with enough cases; ``few``: with too few."""

    found: list[Outlier]
    looked: int
    few: int


class Step(Struct, frozen=True):
    """The part of the way in which a category loses most time: mean hours there, and in all others."""

    name: str
    hours: float
    rest: float


class Insight(Struct, frozen=True):
    """``slow``: by category, where its time goes; ``late_times``: the counts of each category, for what else is said of
    it."""

    late: Compared
    extended: Compared
    disputed: Compared
    badly_rated: Compared
    handed_on: Compared
    overdue: Compared
    slow: dict[str, Step]
    by_category: dict[str, dict[Measure, Count]]
    rounds: list[Round]
    rounds_all: int
    read_at: datetime


def wilson(of: int, among: int) -> tuple[float, float]:
    """The interval in which a share probably lies that was seen as ``of`` out of ``among`` (not 0)."""
    share, z2 = of / among, _Z * _Z
    middle = (share + z2 / (2 * among)) / (1 + z2 / among)
    half = _Z * sqrt(share * (1 - share) / among + z2 / (4 * among * among)) / (1 + z2 / among)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def compare(groups: Mapping[str, tuple[int, int]], minimum: int = MINIMUM) -> Compared:
    """``groups``: how many of how many, by key. What is in more than it is part of counts as all of it."""
    counts = {key: (min(of, among), among) for key, (of, among) in groups.items() if among > 0}
    every_of, every_among = (sum(each[place] for each in counts.values()) for place in (0, 1))
    enough = {key: each for key, each in counts.items() if each[1] >= minimum}
    found = []
    for key, (of, among) in enough.items():
        others = every_among - among
        if others < minimum:
            continue
        low, high = wilson(of, among)
        rest_of = every_of - of
        if low > wilson(rest_of, others)[1]:
            found.append(Outlier(key, of, among, low, high, rest_of / others))
    found.sort(key=lambda one: (-one.more, one.key))
    return Compared(found, len(enough), len(counts) - len(enough))


async def read(conn: Conn, asked: Asked, now: datetime) -> Insight:
    """``asked``: within the reader's rights. Some ten statements. Raises Invalid for a period that has not begun."""
    category = await service.ask(conn, asked.question(now, "category"), _figures(
        "late_rate", "hours_to_accept", "hours_to_assign", "hours_to_resolve", TYPICAL, "disputed", "satisfied_rate"
    ))  # fmt: skip
    agency = await service.ask(conn, asked.question(now, "agency"), [*_figures("returned", "transferred"), _CAME])
    commune = await service.ask(conn, asked.question(now, "commune"), _figures("open", "overdue"))
    question = asked.question(now)
    question = structs.replace(question, end=min(question.end, question.as_of))
    rounds, number = await _rounds(conn, question)
    late, satisfied = FIGURES["late_rate"], FIGURES["satisfied_rate"]
    extended, disputed = frozenset({Measure.RESOLVED_EXTENDED}), frozenset({Measure.DISPUTED})
    by_category = {key: dict(counts) for key, counts in category.groups.items()}
    return Insight(
        late=_share(by_category, late.of, late.among),
        extended=_share(by_category, extended, late.among),
        disputed=_share(by_category, disputed, late.among | disputed),
        badly_rated=_share(by_category, frozenset({Measure.RATED_DISSATISFIED}), satisfied.among),
        handed_on=_share(_known(agency.groups), frozenset({Measure.RETURNED, Measure.TRANSFERRED}), _CAME.of),
        overdue=compare({key: _standing(counts) for key, counts in _known(commune.groups).items()}),
        slow=slowest_steps(by_category),
        by_category=by_category,
        rounds=rounds,
        rounds_all=number,
        read_at=category.read_at,
    )


TYPICAL = "median_hours_to_resolve"
"""By which figure a category's usual time is said."""


def _figures(*names: str) -> list[Figure]:
    return [FIGURES[name] for name in dict.fromkeys(names)]


def _known(groups: Mapping[str, Counts]) -> dict[str, Counts]:
    """Without the desk, which is no agency, and without the commune that nobody knows."""
    return {key: counts for key, counts in groups.items() if key}


def number_of(counts: Counts, measures: Iterable[Measure]) -> int:
    return sum(counts.get(measure, Count()).n for measure in measures)


def _share(groups: Mapping[str, Counts], of: frozenset[Measure], among: frozenset[Measure]) -> Compared:
    return compare({key: (number_of(counts, of), number_of(counts, among)) for key, counts in groups.items()})


def _standing(counts: Counts) -> tuple[int, int]:
    """Overdue, of those open."""
    overdue, still = FIGURES["overdue"], FIGURES["open"]
    return tuple(number_of(counts, each.of) - number_of(counts, each.among) for each in (overdue, still))  # type: ignore[return-value]  # two


async def _rounds(conn: Conn, question: Question) -> tuple[list[Round], int]:
    return await store_insight.going_round(conn, await store.state(conn), question, _ROUND_MOST)


# ---------------------------------------------------------------- where the time goes

_ENDS = (("accept", "hours_to_accept"), ("assign", "hours_to_assign"), ("handle", "hours_to_resolve"))
"""Steps in their order, each with the figure that counts from sending to its end."""


def slowest_steps(groups: Mapping[str, Counts]) -> dict[str, Step]:
    """Of each category with enough cases the step that takes most time beyond what it takes in all others."""
    found = {}
    for key, counts in groups.items():
        others: dict[Measure, Count] = {}
        for other, more in groups.items():
            for measure, count in more.items() if other != key else ():
                others[measure] = others.get(measure, Count()) + count
        own, rest = _steps(counts), _steps(others)
        slower = [Step(name, own[name], rest[name]) for name in own if name in rest and own[name] > rest[name]]
        if slower:
            found[key] = max(slower, key=lambda step: step.hours - step.rest)
    return found


def _steps(counts: Counts) -> dict[str, float]:
    """Mean hours of each step; none where one of its ends has too few cases."""
    found, before = {}, 0.0
    for name, figure in _ENDS:
        measures = FIGURES[figure].of
        n = number_of(counts, measures)
        if n < MINIMUM:
            break
        end = sum(counts.get(measure, Count()).seconds for measure in measures) / n / 3600
        found[name], before = max(0.0, end - before), end
    return found


BY: dict[str, By] = {
    "late": "category",
    "extended": "category",
    "disputed": "category",
    "badly_rated": "category",
    "handed_on": "agency",
    "overdue": "commune",
}
"""What each comparison is between."""
