"""Figures held against those of another period. Pure."""

from datetime import datetime
from typing import Literal

from msgspec import Struct, structs

from app.stats.asked import Asked
from app.stats.measures import Figure
from app.stats.model import Question
from app.stats.periods import Period

Other = Literal["before", "year_ago"]
OTHERS: tuple[Other, ...] = ("before", "year_ago")

MORE_IS_BETTER = frozenset(
    {"handled", "on_time_rate", "accepted_on_time_rate", "answered_on_time_rate", "satisfied_rate"}
)
LESS_IS_BETTER = frozenset({"late_rate", "overdue", "returned", "disputed", "reopened"})
"""So is less time, of every kind. What is in neither, as how much is sent in or is open, is neither good nor bad."""


def other_period(period: Period, other: Other) -> Period:
    return period.before() if other == "before" else period.year_ago()


def stretch(asked: Asked, now: datetime, other: Other) -> Question:
    """The question about the other period, as it was known at that period's end unless a moment is asked for. While
    the own one still goes on, about as much of the other as has gone by of the own, for half a month is not to be held
    against a whole one."""
    period = other_period(asked.period, other)
    question = asked.question(now, period=period)
    gone = min(asked.as_of or now, asked.period.end) - asked.period.start
    if gone >= asked.period.end - asked.period.start:
        return question
    return structs.replace(question, end=min(period.start + gone, period.end))


class Change(Struct, frozen=True):
    """``by``: the difference, in the figure's unit; ``share`` of the other value, in percent, of figures that are
    counted. ``verdict`` "": neither good nor bad."""

    by: float
    share: float | None
    way: Literal["up", "down", "same"]
    verdict: Literal["better", "worse", ""]


def change(figure: Figure, value: float | None, other: float | None) -> Change | None:
    """None where one of both has no meaning. What would be written as nothing is no change."""
    if value is None or other is None:
        return None
    by = value - other
    if abs(by) < (0.5 if figure.unit == "reports" else 0.05):
        return Change(0, None, "same", "")
    share = 100 * by / other if figure.unit == "reports" and other > 0 else None
    wanted = _wanted(figure)
    verdict: Literal["better", "worse", ""] = "" if not wanted else "better" if by * wanted > 0 else "worse"
    return Change(by, share, "up" if by > 0 else "down", verdict)


def _wanted(figure: Figure) -> int:
    """1: more is better; -1: less is; 0: neither."""
    if figure.name in MORE_IS_BETTER:
        return 1
    return -1 if figure.name in LESS_IS_BETTER or figure.unit in ("hours", "days") else 0
