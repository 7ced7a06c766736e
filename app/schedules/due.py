"""When reports are due, and about which period. Pure."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from app.routing.calendar import VIETNAM, Calendar
from app.schedules.model import Due, When
from app.stats.periods import Period, current, parse

LATE_MOST = 7
"""Periods that are made up for after a time without a worker; older ones are to be found on the pages."""
LATE = timedelta(minutes=30)
"""From here on it is said that it comes late."""
_DAY = timedelta(days=1)
_AHEAD = 70
"""Days looked ahead for the next one: a month, and the longest run of days off."""


def due_between(when: When, calendar: Calendar, since: datetime, until: datetime) -> list[Due]:
    """What came due after ``since`` and not after ``until``, the newest few, oldest first."""
    found = [due for due in _looking_back(when, calendar, since, until) if since < due.at <= until]
    return sorted(found, key=lambda due: due.at)[-LATE_MOST:]


def next_due(when: When, calendar: Calendar, now: datetime) -> Due:
    """The next one after ``now``."""
    day = now.astimezone(VIETNAM).date()
    for ahead in range(-_AHEAD, _AHEAD):
        due = _due_of(when, calendar, day + ahead * _DAY)
        if due is not None and due.at > now:
            return due
    raise AssertionError("no day is ever due")


def last_ended(when: When, calendar: Calendar, now: datetime) -> Due:
    """The last that came due, as a trial shows it."""
    return max(_looking_back(when, calendar, now - _AHEAD * _DAY, now), key=lambda due: due.at)


def _looking_back(when: When, calendar: Calendar, since: datetime, until: datetime) -> Iterator[Due]:
    """By the days they would be due on without days off, the latest first; those put off lie further back."""
    day, first = until.astimezone(VIETNAM).date(), since.astimezone(VIETNAM).date() - 21 * _DAY
    found = 0
    while day >= first and found <= LATE_MOST:
        due = _due_of(when, calendar, day)
        if due is not None and due.at <= until:
            found += 1
            yield due
        day -= _DAY


def _due_of(when: When, calendar: Calendar, day: date) -> Due | None:
    """The report that belongs to this day of the calendar, if any."""
    works = not when.office_days or _works(calendar, day)
    at = _moment(_working(calendar, day) if when.office_days else day, when.minute)
    match when.kind:
        case "daily":
            # With days off, the working day after them tells of all of them together.
            return Due(at, _days_before(calendar, day) if when.office_days else _before("day", day)) if works else None
        case "weekly":
            return Due(at, _before("week", day)) if day.isoweekday() == when.day else None
        case "monthly":
            return Due(at, _before("month", day)) if day.day == min(when.day, _last_of_month(day)) else None
        case "cut":
            if day.day != min(when.day, _last_of_month(day)):
                return None
            return Due(at, current("cut", _moment(day, when.minute)).before())


def _before(kind: str, day: date) -> Period:
    return current(kind, _moment(day, 0)).before()  # type: ignore[arg-type]  # one of the kinds


def _days_before(calendar: Calendar, day: date) -> Period:
    """The days from the working day before up to yesterday."""
    last = first = day - _DAY
    while not _works(calendar, first):
        first -= _DAY
    return parse(f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d}..{last:%Y-%m-%d}")


def _works(calendar: Calendar, day: date) -> bool:
    return calendar.day_kind(_moment(day, 12 * 60)) == "working_day"


def _working(calendar: Calendar, day: date) -> date:
    while not _works(calendar, day):
        day += _DAY
    return day


def _moment(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), VIETNAM)


def _last_of_month(day: date) -> int:
    return ((day.replace(day=1) + 31 * _DAY).replace(day=1) - _DAY).day
