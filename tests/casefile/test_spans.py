"""Lengths of time in words."""

from datetime import UTC, datetime, timedelta

import pytest

from app.casefile.countdown import countdown, words
from app.casefile.spans import span
from app.routing.limits import parse_limit
from app.routing.ruleset import RuleSet

NINE = datetime(2026, 11, 30, 2, tzinfo=UTC)
"""A Monday, 09:00 in Vietnam."""


@pytest.mark.parametrize(
    ("length", "vietnamese", "english"),
    [
        (timedelta(seconds=20), "1 phút", "1 minute"),
        (timedelta(minutes=25), "25 phút", "25 minutes"),
        (timedelta(hours=1, minutes=20), "1 giờ 20 phút", "1 hour 20 minutes"),
        (timedelta(days=3, minutes=5), "3 ngày", "3 days"),
        (timedelta(days=3, hours=4, minutes=5), "3 ngày 4 giờ", "3 days 4 hours"),
    ],
)
def test_a_length_is_said_in_its_two_largest_units(length: timedelta, vietnamese: str, english: str) -> None:
    assert (span(length, "vi"), span(length, "en")) == (vietnamese, english)


def test_office_time_is_counted_in_working_days_and_says_so() -> None:
    assert span(timedelta(hours=10), "vi", office_day=timedelta(hours=8)) == "1 ngày 2 giờ làm việc"


@pytest.mark.parametrize(
    ("limit", "due", "said"),
    [
        ("2 days", NINE + timedelta(days=2, hours=3), "còn 2 ngày 3 giờ"),
        ("2 days", NINE - timedelta(hours=1), "quá hạn 1 giờ"),
        ("8 office hours", NINE + timedelta(hours=2), "còn 2 giờ làm việc"),
        ("8 office hours", NINE - timedelta(hours=1), "quá hạn 1 giờ làm việc"),
    ],
)
def test_what_is_left_is_said_as_the_limit_counts(rules: RuleSet, limit: str, due: datetime, said: str) -> None:
    count = countdown(rules.calendar, parse_limit(limit), NINE - timedelta(days=3), due, NINE)
    assert words(rules.calendar, count, "vi") == said
