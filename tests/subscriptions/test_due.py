"""When followers are told."""

from datetime import datetime

import pytest

from app.routing.calendar import VIETNAM
from app.subscriptions.due import last_due, may_go


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of April 2026; the sixth is a Monday."""
    return datetime(2026, 4, day, hour, minute, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("rhythm", "now", "due"),
    [
        ("daily", at(8, 6, 59), at(7, 7)),
        ("daily", at(8, 7), at(8, 7)),
        ("daily", at(8, 23), at(8, 7)),
        ("weekly", at(6, 6, 59), at(6, 7).replace(month=3, day=30)),
        ("weekly", at(6, 7), at(6, 7)),
        ("weekly", at(12, 23), at(6, 7)),
    ],
)
def test_the_morning_that_has_begun_is_due(rhythm: str, now: datetime, due: datetime) -> None:
    assert last_due(rhythm, now) == due  # type: ignore[arg-type]  # one of the rhythms


@pytest.mark.parametrize(("hour", "goes"), [(6, False), (7, True), (19, True), (20, False), (2, False)])
def test_nobody_is_told_in_the_night(hour: int, goes: bool) -> None:
    assert may_go(at(8, hour)) is goes
