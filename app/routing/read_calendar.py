"""The ``calendar`` and ``deadlines`` sections of a rules file."""

from datetime import date, timedelta

from msgspec import Struct

from app.routing.calendar import Interval, Swap, Week
from app.routing.fields import Fields, clock_minutes, fields_of, read_date
from app.routing.language import WEEKDAYS, optional, required
from app.routing.limits import Limit
from app.routing.model import URGENCIES, Deadlines, IntakeLimits, Urgency
from app.routing.problems import Problems, Spot, shorten, spot_of
from app.routing.yamltree import Mapping, Node

_LONGEST_CLOSURE = 31
_NIGHT: Interval = (22 * 60, 5 * 60)


def read_week(top: Fields) -> Week | None:
    """None when there are no office hours to reckon with; that has been reported."""
    calendar = top.fields("calendar", required("calendar"), optional("calendar"))
    hours_by_day = calendar.fields("office_hours", (), WEEKDAYS)
    hours = tuple(_office_hours(hours_by_day, weekday) for weekday in WEEKDAYS)
    week = Week(
        hours=hours,
        night=_night(calendar),
        public_holidays=calendar.choice("public_holidays", ("VN", "none")) != "none",
        swaps=tuple(swap for node in calendar.items("swapped_days") if (swap := _swap(node, hours, calendar.problems))),
        closures=tuple(day for node in calendar.items("closures") for day in _closure(node, calendar.problems)),
    )
    if any(hours):
        return week
    if hours_by_day.node is not None:
        calendar.complain("office_hours", "no_office_hours")
    return None


def read_deadlines(top: Fields) -> Deadlines | None:
    """None when a limit is missing or unreadable; that has been reported."""
    deadlines = top.fields("deadlines", required("deadlines"), optional("deadlines"))
    intake_node = deadlines.get("intake")
    if isinstance(intake_node, Mapping):
        intake = fields_of(intake_node, top.problems, required("intake"))
        working_days, days_off = intake.limit("working_days"), intake.limit("days_off")
    else:
        working_days, days_off = deadlines.limit("intake"), None
    by_urgency = deadlines.fields("handling", URGENCIES)
    handling = {urgency: limit for urgency in URGENCIES if (limit := by_urgency.limit(urgency))}
    first_answer = _first_answer(deadlines)
    if working_days is None or len(handling) < len(URGENCIES):
        return None
    return Deadlines(IntakeLimits(working_days, days_off), handling, first_answer)


def _first_answer(deadlines: Fields) -> dict[Urgency, Limit]:
    """One limit for every urgency, or a limit for some."""
    node = deadlines.get("first_answer")
    if isinstance(node, Mapping):
        by_urgency = fields_of(node, deadlines.problems, (), optional("handling"))
        return {urgency: limit for urgency in URGENCIES if (limit := by_urgency.limit(urgency))}
    limit = deadlines.limit("first_answer")
    return dict.fromkeys(URGENCIES, limit) if limit else {}


class Season(Struct, frozen=True):
    """The same days every year, ends included, as (month, day); it may run over New Year's Eve."""

    name: str
    first: tuple[int, int]
    last: tuple[int, int]
    spot: Spot


def read_seasons(top: Fields) -> dict[str, Season]:
    calendar = (
        Fields(node, top.problems) if isinstance(node := top.get("calendar"), Mapping) else Fields(None, top.problems)
    )
    seasons: dict[str, Season] = {}
    for season_id, key, node in calendar.named("seasons"):
        fields = fields_of(node, top.problems, required("season"), optional("season"))
        first, last = fields.month_day("from"), fields.month_day("to")
        seasons[season_id] = Season(fields.text("name") or season_id, first or (1, 1), last or (12, 31), spot_of(key))
    return seasons


def season_spots(seasons: dict[str, Season]) -> dict[tuple[str, ...], Spot]:
    return {("season", season_id): season.spot for season_id, season in seasons.items()}


def _office_hours(days: Fields, weekday: str) -> tuple[Interval, ...]:
    """``07:00-11:00, 13:00-17:00`` → ((420, 660), (780, 1020)); stretches in order, none touching another."""
    intervals: list[Interval] = []
    for stretch in filter(None, days.text(weekday).split(",")):
        interval = _stretch(stretch)
        if interval is None or interval[0] >= interval[1] or (intervals and interval[0] <= intervals[-1][1]):
            days.complain(weekday, "not_office_hours", name=shorten(stretch.strip()))
            return ()
        intervals.append(interval)
    return tuple(intervals)


def _night(calendar: Fields) -> Interval:
    written = calendar.text("night")
    interval = _stretch(written)
    if interval is None or interval[0] == interval[1]:
        if written:
            calendar.complain("night", "not_a_stretch", name=shorten(written))
        return _NIGHT
    return interval


def _stretch(written: str) -> Interval | None:
    start, dash, end = written.partition("-")
    first, last = clock_minutes(start), clock_minutes(end)
    return (first, last) if dash and first is not None and last is not None else None


def _swap(node: Node, hours: tuple[tuple[Interval, ...], ...], problems: Problems) -> Swap | None:
    swap = fields_of(node, problems, required("swap"), optional("swap"))
    off, work = swap.day("off"), swap.day("work")
    if off is None or work is None:
        return None
    if not hours[off.weekday()]:
        swap.complain("off", "swap_of_a_day_off")
    if hours[work.weekday()]:
        swap.complain("work", "swap_onto_a_working_day")
    return Swap(off, work)


def _closure(node: Node, problems: Problems) -> tuple[date, ...]:
    """A single date, or ``{from, to, name}`` with both ends included."""
    if not isinstance(node, Mapping):
        day = read_date(node, problems)
        return (day,) if day else ()
    closure = fields_of(node, problems, required("closure"), optional("closure"))
    first, last = closure.day("from"), closure.day("to")
    if first is None:
        return ()
    length = (last - first).days if last else 0
    if not 0 <= length < _LONGEST_CLOSURE:
        closure.complain("to", "not_a_closure", most=_LONGEST_CLOSURE)
        return ()
    return tuple(first + timedelta(days=day) for day in range(length + 1))
