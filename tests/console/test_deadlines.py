"""A clock in a few words: counted as its rule counts, with a sign and a word beside the colour."""

from datetime import UTC, datetime, timedelta

import pytest

from app.console.deadlines import clock
from tests.small_world import RULES

# Monday, 2 March 2026, 09:00 in Vietnam; office hours of the small world's calendar follow.
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)


def at(
    now: datetime, due: datetime, handling: str, *, status: str = "in_progress", paused: bool = False
) -> tuple[str, str]:
    told = clock(RULES.calendar, "vi", now, status=status, due_at=due, paused=paused, handling=handling)
    return told.level, told.left


def test_office_time_is_counted_where_the_limit_is_in_office_time() -> None:
    due = RULES.calendar.add_office_hours(MONDAY, 10)
    assert at(MONDAY, due, "10 office hours") == ("good", "còn 1 ngày 2 giờ làm việc")
    friday = RULES.calendar.add_working_days(MONDAY, 4)
    level, left = at(friday, friday + timedelta(days=2, hours=17), "4 working days")
    assert (level, left.endswith("làm việc")) == ("soon", True)
    assert "ngày" not in left  # a weekend is no working time


def test_the_clock_is_counted_where_the_limit_is_in_plain_time() -> None:
    assert at(MONDAY, MONDAY + timedelta(hours=30), "48 hours") == ("good", "còn 1 ngày 6 giờ")
    assert at(MONDAY, MONDAY + timedelta(minutes=25), "48 hours") == ("soon", "còn 25 phút")
    assert at(MONDAY, MONDAY + timedelta(seconds=20), "48 hours") == ("soon", "còn 1 phút")


@pytest.mark.parametrize(("hours", "level"), [(11, "good"), (10, "good"), (9.6, "soon"), (0.1, "soon"), (0, "late")])
def test_the_last_fifth_is_soon_and_the_deadline_itself_is_late(hours: float, level: str) -> None:
    assert at(MONDAY, MONDAY + timedelta(hours=hours), "48 hours")[0] == level


def test_late_says_by_how_much() -> None:
    assert at(MONDAY, MONDAY - timedelta(days=2, hours=3), "2 days") == ("late", "quá 2 ngày 3 giờ")


@pytest.mark.parametrize(
    ("status", "paused", "level"),
    [("closed", False, "done"), ("resolved", False, "done"), ("awaiting_info", True, "paused")],
)
def test_what_stands_still_has_no_time_left(status: str, paused: bool, level: str) -> None:
    assert at(MONDAY, MONDAY - timedelta(days=9), "3 working days", status=status, paused=paused) == (level, "")
