"""What the address of a page of figures asks for, beside the question itself: what is shown, and in which order."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import get_args
from urllib.parse import urlencode

from msgspec import Struct

from app.console.context import BASE
from app.errors import Invalid
from app.routing.calendar import VIETNAM
from app.stats.asked import NOBODY, Asked, asked
from app.stats.measures import FIGURES
from app.stats.model import HALF_DAY, By
from app.stats.periods import Kind, Period, current, parse

HERE = f"{BASE}/dashboard"
KINDS: tuple[Kind, ...] = ("day", "week", "month", "quarter", "year", "cut")
"""Periods that are chosen by a day in them; days of one's own are chosen by both ends."""
BYS: tuple[By, ...] = get_args(By)
NOW = "now"
_USUAL = {"by": "agency", "trend": "received", "rank": "on_time_rate", "sort": "-received"}
Pairs = list[tuple[str, str]]


class Look(Struct, frozen=True, kw_only=True):
    """``asked``: as it stands in the address, not narrowed to the reader's rights. ``live``: as known at any present
    moment. ``by``: what the tables are about; ``trend`` and ``rank``: figures; ``sort``: a figure, with "-" before it
    for the highest first, or "name". ``every``: all rows of the long tables."""

    asked: Asked
    live: bool = False
    by: By = "agency"
    trend: str = "received"
    rank: str = "on_time_rate"
    sort: str = "-received"
    every: bool = False

    def pairs(self) -> Pairs:
        """Of the address, without what goes without saying."""
        said = [(name, value) for name, value in self.asked.pairs() if not (self.live and name == "as_of")]
        if self.live:
            said.append(("as_of", NOW))
        said += [(name, value) for name, usual in _USUAL.items() if (value := getattr(self, name)) != usual]
        return [*said, ("every", "1")] if self.every else said

    def query(self, **changed: str | None) -> str:
        """With other values, or None for without."""
        kept = [(name, value) for name, value in self.pairs() if name not in changed]
        return urlencode([*kept, *((name, value) for name, value in changed.items() if value is not None)])

    def at(self, period: Period) -> str:
        """The same of another period. A moment at which this one was asked about would be the wrong one for it."""
        return self.query(period=period.key, **({} if self.live else {"as_of": None}))

    def without(self, name: str, value: str) -> str:
        """The query without one filter's value."""
        return urlencode([pair for pair in self.pairs() if pair != (name, value or NOBODY)])

    def listing(self, figure: str, **narrowed: str) -> str:
        """The address of the list behind a figure, or behind a piece of it."""
        looks = dict.fromkeys((*_USUAL, "every"))
        return f"{HERE}/list?{self.query(**looks, figure=figure, **narrowed)}"

    def of_group(self, figure: str, key: str) -> str:
        """The list behind a group's figure."""
        return self.listing(figure, **{self.by: key or NOBODY})


def look(pairs: Pairs, now: datetime) -> Look:
    """From an address's query. Raises Invalid for what is no question; what concerns the looks alone and is unknown is
    as usual."""
    said = dict(reversed(pairs))
    by = next((each for each in BYS if each == said.get("by")), BYS[0])
    sort = said.get("sort", "")
    known = {*FIGURES, "name"}
    return Look(
        asked=asked(pairs, now),
        live=said.get("as_of") == NOW,
        by=by,
        trend=_figure(said, "trend"),
        rank=_figure(said, "rank"),
        sort=sort if sort.removeprefix("-") in known else _USUAL["sort"],
        every="every" in said,
    )


def _figure(said: Mapping[str, str], name: str) -> str:
    return said[name] if said.get(name) in FIGURES else _USUAL[name]


def chosen(said: Mapping[str, str]) -> Period | None:
    """What the form for another period asks for: a kind and a day in it, or both ends. None: it was not sent. Raises
    Invalid."""
    first, last = said.get("from", ""), said.get("to", "")
    if first or last:
        try:
            return parse(f"{first}..{last}")
        except Invalid:
            raise Invalid("dashboard.days_wrong", field="from") from None
    kind = next((each for each in KINDS if each == said.get("kind")), None)
    if kind is None:
        return None
    try:
        day = date.fromisoformat(said.get("on", ""))
    except ValueError:
        raise Invalid("dashboard.day_wrong", field="on") from None
    return parse(current(kind, datetime.combine(day, time(0), VIETNAM)).key)


def of_kind(kind: Kind, period: Period, now: datetime) -> Period:
    """The period of another kind in which the end of this one lies, or the present moment while this one goes on."""
    return current(kind, now if now < period.end else period.end - HALF_DAY)
