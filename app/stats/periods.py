"""The periods that figures are asked for, and how an address writes each of them. Pure."""

import re
from datetime import date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from app.errors import Invalid
from app.i18n import Lang, t
from app.routing.calendar import VIETNAM
from app.stats.model import HALF_DAY

Kind = Literal["day", "week", "month", "quarter", "year", "cut", "span"]
CUT_DAY, _CUT_TIME = 25, time(12)
"""The field's own month ends here (TP.HCM: from noon on the 25th to noon on the 25th)."""
_DAY = timedelta(days=1)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
_KEYS: dict[str, Kind] = {
    r"(\d{4})-(\d{2})-(\d{2})": "day",
    r"(\d{4})-W(\d{2})": "week",
    r"(\d{4})-(\d{2})": "month",
    r"(\d{4})-Q([1-4])": "quarter",
    r"(\d{4})": "year",
    r"(\d{4})-(\d{2})-cut": "cut",
    r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})": "span",
}


class Step(Struct, frozen=True):
    """A part of a period, as a point of a trend: from ``start`` up to before ``end``."""

    kind: Literal["half", "day", "week", "month"]
    start: datetime
    end: datetime

    @property
    def title(self) -> str:
        """Short, as it stands below a chart, in either language."""
        if self.kind == "half":
            return f"{self.start:%H:%M}"
        if self.kind == "month":
            return f"{self.start:%m/%Y}"
        return f"{self.start:%d/%m}"


class Period(Struct, frozen=True):
    """From ``start`` up to before ``end``, both aware and at noon or midnight by Vietnam's clocks; ``key`` is how an
    address writes it:

    ``2026-11-27`` day, ``2026-W48`` week from Monday (ISO), ``2026-11`` month, ``2026-Q4`` quarter, ``2026`` year,
    ``2026-11-cut`` the field's month that ends at noon on 25 November, ``2026-11-01..2026-11-15`` whole days, both
    included.
    """

    kind: Kind
    start: datetime
    end: datetime
    key: str

    def before(self) -> "Period":
        """The one just before: the month before a month, as many days before some days."""
        return _at(self.kind, self.start - HALF_DAY, self.end - self.start)

    def after(self) -> "Period":
        if self.kind != "span":
            return _at(self.kind, self.end, self.end - self.start)
        return _span(self.end.date(), (self.end + (self.end - self.start) - _DAY).date())

    def year_ago(self) -> "Period":
        """The same a year earlier: the week of the same number, the same dates (28 February for the 29th)."""
        if self.kind == "week":
            year, week, _ = self.start.isocalendar()
            try:
                monday = date.fromisocalendar(year - 1, week, 1)
            except ValueError:  # a year of 52 weeks
                monday = date.fromisocalendar(year - 1, 52, 1)
            return _week(monday)
        first, last = (_year_before(day) for day in (self.start.date(), (self.end - HALF_DAY).date()))
        return _span(first, last) if self.kind == "span" else _at(self.kind, _midnight(last), _DAY)

    def title(self, lang: Lang) -> str:
        """In words: "Tháng 11/2026"."""
        last = self.end - _DAY
        if self.kind == "span" and self.start == last:
            return t("stats.period_day", lang, day=f"{self.start:%d/%m/%Y}")
        return t(
            f"stats.period_{self.kind}",
            lang,
            day=f"{self.start:%d/%m/%Y}",
            last=f"{last:%d/%m/%Y}",
            end=f"{self.end:%H:%M %d/%m/%Y}",
            start=f"{self.start:%H:%M %d/%m/%Y}",
            week=self.start.isocalendar().week,
            month=f"{(self.end - HALF_DAY):%m/%Y}",
            quarter=(self.start.month + 2) // 3,
            year=f"{self.start:%Y}",
        )

    def steps(self) -> list[Step]:
        """What a trend over it is made of, the last one cut where the period ends: half days of a day, days of up to
        two months, weeks of up to half a year, months of more."""
        days = (self.end - self.start) / _DAY
        if days <= 1:
            return self._even("half", HALF_DAY)
        if days <= 62:
            return self._even("day", _DAY)
        if days <= 190:
            return self._even("week", 7 * _DAY)
        steps, start = [], self.start
        while start < self.end:
            end = min(_midnight(_month_on(start.date().replace(day=1), 1)), self.end)
            steps.append(Step("month", start, end))
            start = end
        return steps

    def _even(self, kind: Literal["half", "day", "week"], length: timedelta) -> list[Step]:
        number = -((self.start - self.end) // length)  # rounded up
        starts = [self.start + n * length for n in range(number)]
        return [Step(kind, start, min(start + length, self.end)) for start in starts]


def parse(key: str) -> Period:
    """Raises Invalid for what is no period."""
    for pattern, kind in _KEYS.items():
        if found := re.fullmatch(pattern, key, re.ASCII):
            try:
                return _read(kind, found.groups())
            except ValueError:
                break
    raise Invalid("stats.period_unknown", field="period")


def current(kind: Kind, now: datetime) -> Period:
    """The one of this kind in which ``now`` lies; a span is the last 30 days, today included."""
    if kind == "span":
        today = now.astimezone(VIETNAM).date()
        return _span(today - 29 * _DAY, today)
    return _at(kind, now.astimezone(VIETNAM), _DAY)


def _read(kind: Kind, said: tuple[str, ...]) -> Period:
    if kind == "span":
        first, last = (_known(date.fromisoformat(day)) for day in said)
        if last < first:
            raise ValueError("ends before it begins")
        return _span(first, last)
    numbers = [int(each) for each in said]
    year = _known(date(numbers[0], 1, 1)).year
    match kind:
        case "day":
            return _at("day", _midnight(date(*numbers)), _DAY)
        case "week":
            return _week(date.fromisocalendar(year, numbers[1], 1))
        case "quarter":
            return _at("quarter", _midnight(date(year, 3 * numbers[1], 1)), _DAY)
        case "year":
            return _at("year", _midnight(date(year, 1, 1)), _DAY)
        case _:
            return _at(kind, _midnight(date(year, numbers[1], 1)), _DAY)


def _known(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError("no year of ours")
    return day


def _at(kind: Kind, moment: datetime, length: timedelta) -> Period:
    """The period of this kind in which a moment by Vietnam's clocks lies; a span ends with its day."""
    day = moment.date()
    match kind:
        case "span":
            return _span((moment + HALF_DAY - length).date(), day)
        case "day":
            return Period("day", _midnight(day), _midnight(day + _DAY), f"{day:%Y-%m-%d}")
        case "week":
            return _week(day - day.weekday() * _DAY)
        case "cut":
            return _cut(_month_on(day.replace(day=1), 1 if moment >= _cut_of(day) else 0))
        case "month":
            months, first = 1, day.replace(day=1)
            key = f"{first:%Y-%m}"
        case "quarter":
            months, first = 3, day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)
            key = f"{first:%Y}-Q{(first.month + 2) // 3}"
        case "year":
            months, first = 12, day.replace(month=1, day=1)
            key = f"{first:%Y}"
    return Period(kind, _midnight(first), _midnight(_month_on(first, months)), key)


def _week(monday: date) -> Period:
    year, week, _ = monday.isocalendar()
    return Period("week", _midnight(monday), _midnight(monday + 7 * _DAY), f"{year}-W{week:02d}")


def _cut(first: date) -> Period:
    """``first``: of the month in which it ends."""
    return Period("cut", _cut_of(_month_on(first, -1)), _cut_of(first), f"{first:%Y-%m}-cut")


def _span(first: date, last: date) -> Period:
    return Period("span", _midnight(first), _midnight(last + _DAY), f"{first:%Y-%m-%d}..{last:%Y-%m-%d}")


def _cut_of(day: date) -> datetime:
    return datetime.combine(day.replace(day=CUT_DAY), _CUT_TIME, VIETNAM)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), VIETNAM)


def _month_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
