"""How far a report's clocks are: 50, 80 and 100 % of the time there is. Pure.

A clock runs from its start to its deadline in office time where its limit is counted so, else by the clock on the wall;
pauses do not count. Each level is warned of once for each start of a clock. A deadline that is put off moves the levels
that are still to come; what was missed is made up for by the highest level alone.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Literal, get_args

from msgspec import Struct

from app.history.model import Event, Fact, Kind
from app.reports import directions
from app.reports.clock import clock_of
from app.reports.model import Report, Status
from app.reports.workflow import OPEN
from app.routing.calendar import Calendar
from app.routing.limits import parse_limit

ClockName = Literal["handling", "intake", "first_answer", "direction"]
CLOCKS: tuple[ClockName, ...] = get_args(ClockName)
LEVELS: dict[ClockName, tuple[int, ...]] = {
    "handling": (50, 80, 100),
    "intake": (80, 100),
    "first_answer": (80, 100),
    "direction": (80, 100),
}
"""Per cent of the time there is."""
_NO_AGENCY_YET = frozenset({Status.SUBMITTED, Status.RECEIVED})
_HANDLED = frozenset({Status.ASSIGNED, Status.IN_PROGRESS, Status.RETURNED})


class Running(Struct, frozen=True):
    """A clock that runs now. ``office``: it counts office time; ``pauses`` lie behind it."""

    name: ClockName
    start: datetime
    due: datetime
    office: bool
    pauses: tuple[tuple[datetime, datetime], ...] = ()

    def _between(self, calendar: Calendar, first: datetime, last: datetime) -> timedelta:
        return calendar.office_hours_between(first, last) if self.office else last - first

    def _counted(self, calendar: Calendar, until: datetime) -> timedelta:
        """Of the time that counts, how much has passed ``until``."""
        passed = self._between(calendar, self.start, until)
        for paused_at, resumed_at in self.pauses:
            passed -= self._between(calendar, paused_at, min(resumed_at, until)) if paused_at < until else timedelta()
        return passed

    def reached_at(self, calendar: Calendar, level: int, now: datetime) -> datetime:
        """When so many per cent are used up; a moment that has passed may be given as any moment up to ``now``."""
        if level == 100:
            return self.due
        total = self._counted(calendar, self.due)
        left = total * level / 100 - self._counted(calendar, now)
        if left <= timedelta():
            return min(now, self.due)
        return min(self.due, calendar.add_office_hours(now, left) if self.office else now + left)


class Reached(Struct, frozen=True):
    """A level: so much of a clock's time is used up. ``since``: when it started, which tells its rounds apart."""

    clock: ClockName
    level: int
    since: datetime
    due: datetime

    @property
    def fact(self) -> Fact:
        data = {"clock": self.clock, "level": self.level, "since": self.since.isoformat(), "due": self.due.isoformat()}
        return Fact(Kind.WARNED, data)


def reached_of(event: Event) -> Reached | None:
    if event.kind != Kind.WARNED:
        return None
    data = event.data
    since, due = (datetime.fromisoformat(data[name]) for name in ("since", "due"))
    return Reached(data["clock"], data["level"], since, due)


def running(calendar: Calendar, report: Report, events: Sequence[Event]) -> list[Running]:
    """The clocks of a report that run. ``events``: its whole history, oldest first."""
    if report.status not in OPEN:
        return []
    clock = clock_of(events)
    found = []
    if report.status in _NO_AGENCY_YET:
        due = report.intake_due_at
        found.append(Running("intake", clock.intake, due, _counts_office(calendar, clock.intake, due)))
    if report.status in _HANDLED:
        office = parse_limit(report.handling).office
        found.append(Running("handling", clock.start, report.due_at, office, clock.pauses))
    if report.first_answer_due_at is not None and report.first_answered_at is None:
        since, due = clock.waiting_since, report.first_answer_due_at
        found.append(Running("first_answer", since, due, _counts_office(calendar, since, due)))
    found += [
        Running("direction", one.at, one.due, calendar.office_hours_between(one.at, one.due) > timedelta())
        for one in directions.open_of(events)
    ]
    return found


def _counts_office(calendar: Calendar, start: datetime, due: datetime) -> bool:
    """Whether a limit of which only the end is known was counted in office time: then the end lies in it."""
    office = calendar.office_hours_between(start, due)
    return office > timedelta() and calendar.add_office_hours(start, office) == due


def plan(
    calendar: Calendar, report: Report, events: Sequence[Event], now: datetime
) -> tuple[list[Reached], datetime | None]:
    """What is to be warned of now, of each clock the highest level alone; and when the next may be."""
    warned = _warned(events)
    due: list[Reached] = []
    ahead: list[datetime] = []
    for clock in running(calendar, report, events):
        done = warned.get((clock.name, clock.start), 0)
        for level in reversed(LEVELS[clock.name]):
            if level <= done:
                break
            at = clock.reached_at(calendar, level, now)
            if at <= now:
                due.append(Reached(clock.name, level, clock.start, clock.due))
                break
            ahead.append(at)
    return due, min(ahead, default=None)


def _warned(events: Iterable[Event]) -> dict[tuple[str, datetime], int]:
    """The highest level of each round of a clock."""
    found: dict[tuple[str, datetime], int] = {}
    for event in events:
        if (done := reached_of(event)) is not None:
            key = (done.clock, done.since)
            found[key] = max(found.get(key, 0), done.level)
    return found
