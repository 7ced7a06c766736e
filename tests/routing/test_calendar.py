"""Office hours, working days, holidays and pauses, by Vietnam's wall clock."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.calendar import Calendar, Swap, Week
from app.routing.limits import Limit, parse_limit
from tests.routing import same_examples
from tests.routing.small import at

_DAY = ((7 * 60, 11 * 60), (13 * 60, 17 * 60))
_HOURS = (_DAY, _DAY, _DAY, _DAY, _DAY, (), ())
CALENDAR = Calendar(Week(hours=_HOURS, swaps=(Swap(date(2026, 1, 2), date(2026, 1, 10)),)))
# Uneven hours, a working Saturday morning, a closure: the arithmetic must not lean on days being alike.
UNEVEN = Calendar(
    Week(
        hours=(_DAY, ((8 * 60, 12 * 60),), _DAY, ((0, 24 * 60),), _DAY, ((7 * 60, 11 * 60 + 30),), ()),
        closures=(date(2026, 6, 10), date(2026, 6, 11)),
    )
)

calendars = st.sampled_from((CALENDAR, UNEVEN))
_FIRST = datetime(2025, 12, 1, tzinfo=UTC)
moments = st.integers(0, 450 * 86_400).map(lambda seconds: _FIRST + timedelta(seconds=seconds))
office_times = st.integers(1, 60 * 60 * 100).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at("2026-11-05", "06:59"), False),
        (at("2026-11-05", "07:00"), True),
        (at("2026-11-05", "10:59"), True),
        (at("2026-11-05", "11:00"), False),
        (at("2026-11-05", "13:00"), True),
        (at("2026-11-05", "17:00"), False),
        (at("2026-11-07", "09:00"), False),
    ],
)
def test_offices_are_open_from_the_first_minute_to_before_the_last(moment: datetime, is_open: bool) -> None:
    assert CALENDAR.is_open(moment) is is_open


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-11-05", "working_day"),
        ("2026-11-08", "weekend"),
        ("2026-02-16", "holiday"),  # Lunar New Year's Eve
        ("2026-02-20", "holiday"),
        ("2026-04-27", "holiday"),  # for Hung Kings' day, a Sunday that year
        ("2026-08-31", "holiday"),  # taken off by the government
        ("2026-08-22", "working_day"),  # a Saturday, worked instead
        ("2026-01-02", "holiday"),  # taken off by the file
        ("2026-01-10", "working_day"),  # a Saturday, worked instead
        ("2026-11-24", "holiday"),  # Vietnam Culture Day, since 2026
        ("2025-11-24", "working_day"),
    ],
)
def test_holidays_and_swapped_days_are_known(day: str, kind: str) -> None:
    assert CALENDAR.day_kind(at(day)) == kind
    assert CALENDAR.is_open(at(day)) is (kind == "working_day")


def test_a_swapped_day_has_the_hours_of_the_day_taken_off() -> None:
    short_friday = (*_HOURS[:4], ((7 * 60, 11 * 60),), (), ())
    calendar = Calendar(Week(hours=short_friday, swaps=CALENDAR.week.swaps))
    assert calendar.is_open(at("2026-01-10", "10:00"))
    assert not calendar.is_open(at("2026-01-10", "14:00"))


def test_closures_close_and_are_told_apart_from_holidays() -> None:
    assert UNEVEN.day_kind(at("2026-06-10")) == "closure"
    assert not UNEVEN.is_open(at("2026-06-10"))


def test_without_public_holidays_every_weekday_is_worked() -> None:
    assert Calendar(Week(hours=_HOURS, public_holidays=False)).is_open(at("2026-09-02"))


def test_the_day_is_vietnams_and_not_greenwichs() -> None:
    assert CALENDAR.day_kind(datetime(2026, 11, 6, 16, 59, tzinfo=UTC)) == "working_day"
    assert CALENDAR.day_kind(datetime(2026, 11, 6, 17, 0, tzinfo=UTC)) == "weekend"


def test_night_may_run_over_midnight_or_not() -> None:
    assert [CALENDAR.is_night(at("2026-11-05", time)) for time in ("21:59", "22:00", "04:59", "05:00")] == [
        False,
        True,
        True,
        False,
    ]
    assert Calendar(Week(hours=_HOURS, night=(0, 4 * 60))).is_night(at("2026-11-05", "03:59"))


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        (("2026-11-05", "08:00"), "2 office hours", ("2026-11-05", "10:00")),
        (("2026-11-05", "09:00"), "2 office hours", ("2026-11-05", "11:00")),
        (("2026-11-05", "10:00"), "2 office hours", ("2026-11-05", "14:00")),
        (("2026-11-06", "16:00"), "2 office hours", ("2026-11-09", "08:00")),
        (("2026-11-07", "09:00"), "8 office hours", ("2026-11-09", "17:00")),
        (("2026-02-13", "16:00"), "2 office hours", ("2026-02-23", "08:00")),  # over Tết
        (("2026-11-05", "08:00"), "1 working day", ("2026-11-06", "17:00")),
        (("2026-11-05", "23:00"), "1 working day", ("2026-11-06", "17:00")),
        (("2026-11-07", "09:00"), "1 working day", ("2026-11-09", "17:00")),
        (("2026-02-13", "09:00"), "3 working days", ("2026-02-25", "17:00")),
        (("2026-11-07", "09:00"), "12 hours", ("2026-11-07", "21:00")),
        (("2026-11-07", "09:00"), "45 minutes", ("2026-11-07", "09:45")),
        (("2026-11-07", "09:00"), "5 days", ("2026-11-12", "09:00")),
    ],
)
def test_deadlines(start: tuple[str, str], limit: str, due: tuple[str, str]) -> None:
    assert CALENDAR.due(at(*start), parse_limit(limit)) == at(*due)


def test_limits_read_as_they_are_written_and_speak_both_languages() -> None:
    assert [str(parse_limit(written)) for written in ("2  Office Hours", "1 working day", "30 minute")] == [
        "2 office hours",
        "1 working day",
        "30 minutes",
    ]
    assert parse_limit("3 working days").words() == "3 ngày làm việc"
    assert parse_limit("3 working days").words("en") == "3 working days"
    assert parse_limit("1 office hour").words("en") == "1 office hour"


@pytest.mark.parametrize("written", ["2", "hours", "-2 hours", "1.5 hours", "0 days", "1001 days", "2 weeks", "2h"])
def test_what_is_not_a_limit_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="^" + written):
        parse_limit(written)


def test_the_next_day_off_begins_at_midnight_unless_it_has_begun() -> None:
    assert CALENDAR.next_day_off(at("2026-11-05", "20:00")) == at("2026-11-07", "00:00")
    assert CALENDAR.next_day_off(at("2026-11-07", "09:00")) == at("2026-11-07", "09:00")
    always = Calendar(Week(hours=(_DAY,) * 7, public_holidays=False))
    assert always.next_day_off(at("2026-11-05")) is None


def test_a_pause_over_a_weekend_costs_an_office_deadline_nothing_and_a_clock_deadline_all_of_it() -> None:
    paused, resumed = at("2026-11-06", "17:00"), at("2026-11-09", "07:00")
    due = at("2026-11-10", "17:00")
    assert CALENDAR.postpone(due, parse_limit("3 working days"), paused, resumed) == due
    assert CALENDAR.postpone(due, parse_limit("3 days"), paused, resumed) == due + (resumed - paused)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.is_open(datetime(2026, 11, 5, 9))  # noqa: DTZ001 - the missing zone is what is tested
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_office_hours(at("2026-11-05"), -1)
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.add_working_days(at("2026-11-05"), 0)
    with pytest.raises(ValueError, match="office hours on at least one"):
        Calendar(Week(hours=((),) * 7))


# ---------------------------------------------------------------- for any moment and any length


@same_examples
@given(calendars, moments, office_times)
def test_a_deadline_never_falls_inside_a_closed_stretch(calendar: Calendar, start: datetime, length: timedelta) -> None:
    for due in (calendar.add_office_hours(start, length), calendar.add_working_days(start, 1 + length.seconds % 20)):
        assert due > start
        assert calendar.is_open(due - timedelta(microseconds=1))


@same_examples
@given(calendars, moments, office_times)
def test_exactly_the_office_time_asked_for_passes_until_the_deadline(
    calendar: Calendar, start: datetime, length: timedelta
) -> None:
    assert calendar.office_hours_between(start, calendar.add_office_hours(start, length)) == length


@same_examples
@given(calendars, moments, office_times, office_times)
def test_two_lengths_one_after_the_other_are_their_sum(
    calendar: Calendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    twice = calendar.add_office_hours(calendar.add_office_hours(start, first), second)
    assert twice == calendar.add_office_hours(start, first + second)


@same_examples
@given(calendars, moments, st.integers(1, 30), st.integers(1, 30))
def test_working_days_add_up(calendar: Calendar, start: datetime, first: int, second: int) -> None:
    twice = calendar.add_working_days(calendar.add_working_days(start, first), second)
    assert twice == calendar.add_working_days(start, first + second)


@same_examples
@given(calendars, moments, moments, st.sampled_from(("7 office hours", "4 working days", "30 hours", "6 days")))
def test_who_begins_later_is_never_due_earlier(calendar: Calendar, one: datetime, other: datetime, limit: str) -> None:
    early, late = sorted((one, other))
    assert calendar.due(early, parse_limit(limit)) <= calendar.due(late, parse_limit(limit))
    early_day_off, late_day_off = calendar.next_day_off(early), calendar.next_day_off(late)
    assert early_day_off is not None
    assert late_day_off is not None
    assert early_day_off <= late_day_off


@same_examples
@given(calendars, moments, moments, moments)
def test_office_time_between_moments_adds_up_and_turns_around(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    between = calendar.office_hours_between
    assert between(one, two) + between(two, three) == between(one, three)
    assert between(two, one) == -between(one, two)


@same_examples
@given(
    calendars,
    moments,
    st.sampled_from((Limit(5, "office hours"), Limit(3, "working days"), Limit(12, "hours"))),
    st.tuples(moments, moments).map(sorted),
    st.tuples(moments, moments).map(sorted),
)
def test_pausing_and_resuming_adds_exactly_the_pauses(
    calendar: Calendar, start: datetime, limit: Limit, first: list[datetime], second: list[datetime]
) -> None:
    due = calendar.due(start, limit)
    once = calendar.postpone(due, limit, *first)
    both = calendar.postpone(once, limit, *second)
    if limit.unit == "hours":
        assert both - due == (first[1] - first[0]) + (second[1] - second[0])
    else:
        paused = calendar.office_hours_between(*first) + calendar.office_hours_between(*second)
        assert calendar.office_hours_between(due, both) == paused
    assert once >= due
