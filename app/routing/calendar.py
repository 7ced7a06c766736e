"""The working calendar: when offices are open, and deadlines that count only that time.

Times go in as aware datetimes and come out in UTC; all the reckoning happens on Vietnam's wall clock, which has
stood at UTC+7 without daylight saving since 1975. A deadline may be the very moment an office closes (17:00), never a
moment strictly inside a closed stretch. Working days are counted as the Civil Code does (91/2015/QH15, articles 147
and 148): the day something begins does not count, and the last day counts until its office hours end.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from app.routing.limits import Limit

DayKind = Literal["working_day", "weekend", "holiday", "closure"]
Interval = tuple[int, int]

VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_TICK = timedelta(microseconds=1)
_OFFSET = 7 * 3600 * 1_000_000
_MINUTE = 60 * 1_000_000
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


class Swap(Struct, frozen=True):
    """A working day taken off, and the day off that is worked instead with the same hours."""

    off: date
    work: date


class Week(Struct, frozen=True):
    """What a province writes down. Minutes of the day, ends excluded; Monday first; () is a day without office."""

    hours: tuple[tuple[Interval, ...], ...]
    night: Interval = (22 * 60, 5 * 60)
    public_holidays: bool = True
    swaps: tuple[Swap, ...] = ()
    closures: tuple[date, ...] = ()


class _Day(Struct, frozen=True):
    kind: DayKind
    opens: tuple[Interval, ...]  # ticks since the epoch, local


def _ticks(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError("a time without a time zone")
    return (at - _EPOCH) // _TICK + _OFFSET


def _moment(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks - _OFFSET)


class Calendar:
    """Office hours by weekday, Vietnam's public holidays, swapped days and local closures.

    Raises ValueError when no weekday has office hours: no deadline would ever come.
    """

    def __init__(self, week: Week) -> None:
        if len(week.hours) != 7 or not any(week.hours):
            raise ValueError("a week needs seven days and office hours on at least one")
        self.week = week
        self._days: dict[int, _Day] = {}
        self._holidays: dict[int, tuple[frozenset[date], frozenset[date]]] = {}
        self._closures = frozenset(week.closures)
        self._off = frozenset(swap.off for swap in week.swaps)
        self._worked: Mapping[date, int] = {swap.work: swap.off.weekday() for swap in week.swaps}
        self._usual = next(weekday for weekday, hours in enumerate(week.hours) if hours)

    # ------------------------------------------------------------ asking

    def usual_day(self) -> timedelta:
        """A usual day's office time: the longest of the week."""
        return timedelta(minutes=max(sum(end - start for start, end in day) for day in self.week.hours))

    def is_open(self, at: datetime) -> bool:
        """Whether it is office hours. The opening minute is, the closing minute no longer."""
        ticks = _ticks(at)
        return any(start <= ticks < end for start, end in self._day(ticks // _DAY).opens)

    def is_night(self, at: datetime) -> bool:
        start, end = self.week.night
        minute = _ticks(at) % _DAY // _MINUTE
        return start <= minute < end if start <= end else minute >= start or minute < end

    def day_kind(self, at: datetime) -> DayKind:
        """What kind of day it is in Vietnam: ``weekend`` is any weekday on which the province has no office hours."""
        return self._day(_ticks(at) // _DAY).kind

    def office_hours_between(self, start: datetime, end: datetime) -> timedelta:
        """Office time that passes from ``start`` to ``end``; negative when ``end`` is earlier."""
        first, last = _ticks(start), _ticks(end)
        if last < first:
            return -self.office_hours_between(end, start)
        passed = 0
        for day in range(first // _DAY, last // _DAY + 1):
            for opens, closes in self._day(day).opens:
                passed += max(0, min(closes, last) - max(opens, first))
        return timedelta(microseconds=passed)

    def longest_closure(self) -> tuple[datetime, datetime]:
        """The longest stretch without office hours in a usual week without holidays, swaps and closures."""
        usual = Calendar(Week(self.week.hours, public_holidays=False))
        monday = date(2026, 3, 2).toordinal() - _EPOCH_ORDINAL
        stretches = [stretch for day in range(monday, monday + 8) for stretch in usual._day(day).opens]
        gaps = pairwise(stretches)
        closes, opens = max(((closes, opens) for (_, closes), (opens, _) in gaps), key=lambda gap: gap[1] - gap[0])
        return _moment(closes), _moment(opens)

    # ------------------------------------------------------------ reckoning

    def add_office_hours(self, start: datetime, hours: timedelta | int) -> datetime:
        """The first moment by which so much office time has passed. Zero changes nothing; less raises ValueError."""
        left = hours // _TICK if isinstance(hours, timedelta) else hours * _HOUR
        if left < 0:
            raise ValueError("office time only runs forward")
        now = _ticks(start)
        if left == 0:
            return _moment(now)
        day = now // _DAY
        while True:
            for opens, closes in self._day(day).opens:
                begin = max(opens, now)
                if begin + left <= closes:
                    return _moment(begin + left)
                left -= max(0, closes - begin)
            day += 1

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """The end of office hours on the ``days``-th working day after the day of ``start``. Needs at least one."""
        if days < 1:
            raise ValueError("at least one working day")
        now = _ticks(start)
        day = now // _DAY
        # The moment a day's office hours end is still that day, even if they end at midnight.
        day -= any(closes == now for _, closes in self._day(day - 1).opens)
        while days:
            day += 1
            days -= bool(self._day(day).opens)
        return _moment(self._day(day).opens[-1][1])

    def add_clock(self, start: datetime, length: timedelta) -> datetime:
        """Plain clock time, day and night."""
        return _moment(_ticks(start) + length // _TICK)

    def due(self, start: datetime, limit: Limit) -> datetime:
        """When a limit that begins at ``start`` ends."""
        match limit.unit:
            case "office hours":
                return self.add_office_hours(start, limit.amount)
            case "working days":
                return self.add_working_days(start, limit.amount)
            case unit:
                return self.add_clock(start, timedelta(**{unit: limit.amount}))

    def postpone(self, due: datetime, limit: Limit, paused_at: datetime, resumed_at: datetime) -> datetime:
        """The deadline after a pause: later by the office time that was paused, or by clock time for a clock limit.

        Several pauses one after another add up to the same as one pause of their whole length.
        """
        if limit.office:
            return self.add_office_hours(due, self.office_hours_between(paused_at, resumed_at))
        return self.add_clock(due, resumed_at - paused_at)

    def next_day_off(self, start: datetime) -> datetime | None:
        """``start`` itself on a day without office hours, otherwise the midnight that begins the next such day.

        None when none comes within a year: offices that work every day of the week.
        """
        now = _ticks(start)
        today = now // _DAY
        day = next((day for day in range(today, today + 366) if not self._day(day).opens), None)
        return None if day is None else _moment(max(now, day * _DAY))

    # ------------------------------------------------------------ days

    def _day(self, number: int) -> _Day:
        """Days are numbered from 1 January 1970, by Vietnam's midnight, and worked out once."""
        known = self._days.get(number)
        if known is None:
            known = self._days[number] = self._reckon(number)
        return known

    def _reckon(self, number: int) -> _Day:
        day = date.fromordinal(number + _EPOCH_ORDINAL)
        holidays, worked_instead = self._public_holidays(day.year)
        hours = self.week.hours[day.weekday()]
        kind: DayKind = "working_day" if hours else "weekend"
        if day in self._closures:
            kind, hours = "closure", ()
        elif day in self._worked or (day in worked_instead and not hours):
            kind, hours = "working_day", self.week.hours[self._worked.get(day, self._usual)]
        elif day in holidays or day in self._off:
            kind, hours = "holiday", ()
        midnight = number * _DAY
        return _Day(kind, tuple((midnight + start * _MINUTE, midnight + end * _MINUTE) for start, end in hours))

    def _public_holidays(self, year: int) -> tuple[frozenset[date], frozenset[date]]:
        """Vietnam's public holidays of a year, and the days off that the government had people work instead."""
        if not self.week.public_holidays:
            return frozenset(), frozenset()
        known = self._holidays.get(year)
        if known is None:
            # Imported when first asked: 16 MB and 0.1 s that a process which never reckons a deadline need not pay.
            from holidays import country_holidays

            found = country_holidays("VN", years=year)
            known = self._holidays[year] = frozenset(found), frozenset(found.weekend_workdays)
        return known
