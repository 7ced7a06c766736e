"""When reports are due, and about which period."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from app.routing.calendar import VIETNAM
from app.schedules.due import LATE_MOST, due_between, last_ended, next_due
from app.schedules.model import When
from tests.small_world import RULES

CALENDAR = RULES.calendar
HALF_PAST_SEVEN = 7 * 60 + 30


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("when", "now", "due", "period"),
    [
        (When("daily", 0, HALF_PAST_SEVEN), "2026-03-10T07:31", "2026-03-10T07:30", "2026-03-09"),
        (When("daily", 0, HALF_PAST_SEVEN), "2026-03-10T07:29", "2026-03-09T07:30", "2026-03-08"),
        (When("weekly", 1, HALF_PAST_SEVEN), "2026-03-12T12:00", "2026-03-09T07:30", "2026-W10"),
        (When("weekly", 7, HALF_PAST_SEVEN), "2026-03-12T12:00", "2026-03-08T07:30", "2026-W09"),
        (When("monthly", 1, HALF_PAST_SEVEN), "2026-03-12T12:00", "2026-03-01T07:30", "2026-02"),
        (When("monthly", 31, HALF_PAST_SEVEN), "2026-03-12T12:00", "2026-02-28T07:30", "2026-01"),
        (When("cut", 25, 12 * 60), "2026-03-25T12:00", "2026-03-25T12:00", "2026-03-cut"),
        (When("cut", 26, HALF_PAST_SEVEN), "2026-03-26T08:00", "2026-03-26T07:30", "2026-03-cut"),
        (When("cut", 1, HALF_PAST_SEVEN), "2026-03-02T08:00", "2026-03-01T07:30", "2026-02-cut"),
        # 1 March 2026 is a Sunday; Monday to Friday are worked.
        (When("monthly", 1, HALF_PAST_SEVEN, office_days=True), "2026-03-12T12:00", "2026-03-02T07:30", "2026-02"),
        (When("weekly", 6, HALF_PAST_SEVEN, office_days=True), "2026-03-12T12:00", "2026-03-09T07:30", "2026-W09"),
        (When("daily", 0, HALF_PAST_SEVEN, office_days=True), "2026-03-08T12:00", "2026-03-06T07:30", "2026-03-05"),
        (
            When("daily", 0, HALF_PAST_SEVEN, office_days=True),
            "2026-03-09T12:00",
            "2026-03-09T07:30",
            "2026-03-06..2026-03-08",
        ),
    ],
)
def test_the_last_that_came_due_is_about_the_period_just_ended(when: When, now: str, due: str, period: str) -> None:
    found = last_ended(when, CALENDAR, at(now))
    assert (found.at, found.period.key) == (at(due), period)
    assert found.period.end <= found.at


def test_over_tet_a_daily_report_waits_for_the_first_working_day_and_tells_of_all_the_days_off() -> None:
    when = When("daily", 0, HALF_PAST_SEVEN, office_days=True)
    (due,) = due_between(when, CALENDAR, at("2026-02-16T00:00"), at("2026-02-23T12:00"))
    assert due.at == at("2026-02-23T07:30")
    assert due.period.key == "2026-02-13..2026-02-22"


def test_each_time_is_due_once_whatever_the_moments_it_is_looked_for() -> None:
    when = When("weekly", 1, HALF_PAST_SEVEN)
    moments = [at("2026-03-01T00:00") + timedelta(hours=hours) for hours in range(0, 24 * 30, 5)]
    found = [due for since, until in pairwise(moments) for due in due_between(when, CALENDAR, since, until)]
    assert [due.period.key for due in found] == ["2026-W09", "2026-W10", "2026-W11", "2026-W12", "2026-W13"]


def test_after_a_long_time_only_the_newest_few_are_made_up_for() -> None:
    when = When("daily", 0, HALF_PAST_SEVEN)
    found = due_between(when, CALENDAR, at("2026-01-01T00:00"), at("2026-03-10T08:00"))
    assert len(found) == LATE_MOST
    assert found[-1].at == at("2026-03-10T07:30")
    assert found[0].at == at("2026-03-04T07:30")


@pytest.mark.parametrize("kind", ["daily", "weekly", "monthly", "cut"])
@pytest.mark.parametrize("office_days", [False, True])
def test_what_is_next_comes_due_then(kind: str, office_days: bool) -> None:
    when = When(kind, {"daily": 0, "weekly": 5}.get(kind, 30), HALF_PAST_SEVEN, office_days)  # type: ignore[arg-type]
    now = at("2026-02-11T09:00")
    due = next_due(when, CALENDAR, now)
    assert due.at > now
    assert due_between(when, CALENDAR, now, due.at - timedelta(seconds=1)) == []
    assert due_between(when, CALENDAR, now, due.at) == [due]
