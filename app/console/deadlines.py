"""A report's clock in a few words: how it stands, and how much time is left. Time is counted as the rule counts it:
where the limit is in office hours or working days, so is what is left of it."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from app.casefile.spans import span
from app.i18n import Lang, t
from app.reports.model import Status
from app.routing.calendar import Calendar
from app.routing.limits import Limit, parse_limit

Level = Literal["done", "paused", "late", "soon", "good"]
SIGNS: dict[Level, str] = {"done": "✓", "paused": "‖", "late": "▲", "soon": "◆", "good": "●"}
_SOON = 5
"""The last fifth of the limit is "soon", as the warning at four fifths of it says."""
_UNITS = {"minutes": 60, "hours": 3600, "days": 86400}


class Clock(Struct, frozen=True):
    """``sign`` and ``word`` say the level without colour; ``left`` is "" where the clock does not run."""

    level: Level
    sign: str
    word: str
    left: str


def clock(
    calendar: Calendar, lang: Lang, now: datetime, *, status: str, due_at: datetime, paused: bool, handling: str
) -> Clock:
    level, left = _reckon(calendar, lang, now, status, due_at, paused, parse_limit(handling))
    return Clock(level, SIGNS[level], t(f"queue.clock_{level}", lang), left)


def _reckon(
    calendar: Calendar, lang: Lang, now: datetime, status: str, due_at: datetime, paused: bool, limit: Limit
) -> tuple[Level, str]:
    if Status(status) in (Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN):
        return "done", ""
    if paused:
        return "paused", ""
    office_day = calendar.usual_day() if limit.office else None
    left = calendar.office_hours_between(now, due_at) if limit.office else due_at - now
    if now >= due_at:
        return "late", t("queue.time_late", lang, time=span(-left, lang, office_day=office_day))
    level: Level = "soon" if left * _SOON <= _whole(limit, calendar.usual_day()) else "good"
    return level, t("queue.time_left", lang, time=span(left, lang, office_day=office_day))


def _whole(limit: Limit, day: timedelta) -> timedelta:
    match limit.unit:
        case "office hours":
            return timedelta(hours=limit.amount)
        case "working days":
            return limit.amount * day
        case unit:
            return timedelta(seconds=limit.amount * _UNITS[unit])
