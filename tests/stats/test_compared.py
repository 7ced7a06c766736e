"""Figures held against those of other periods: the same stretch of them, and what is better depends on the figure."""

from datetime import datetime

import pytest

from app.routing.calendar import VIETNAM
from app.stats.asked import Asked
from app.stats.compared import LESS_IS_BETTER, MORE_IS_BETTER, Change, change, stretch
from app.stats.measures import FIGURES
from app.stats.periods import parse


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=VIETNAM)


NOW = at("2026-11-12T15:30")


def test_a_whole_period_is_held_against_whole_ones_each_as_at_its_own_end() -> None:
    october = Asked(period=parse("2026-10"), agencies=("ioc",))
    before, year_ago = stretch(october, NOW, "before"), stretch(october, NOW, "year_ago")
    assert (before.start, before.end, before.as_of) == (at("2026-09-01"), at("2026-10-01"), at("2026-10-01"))
    assert (year_ago.start, year_ago.end, year_ago.as_of) == (at("2025-10-01"), at("2025-11-01"), at("2025-11-01"))
    assert before.agencies == ("ioc",)


def test_a_period_that_goes_on_is_held_against_as_much_of_the_other_as_has_gone_by() -> None:
    before = stretch(Asked(period=parse("2026-11")), NOW, "before")
    assert (before.start, before.end) == (at("2026-10-01"), at("2026-10-12T15:30"))
    assert before.as_of == at("2026-11-01")


def test_the_last_days_of_a_long_month_have_no_match_in_a_short_one() -> None:
    before = stretch(Asked(period=parse("2026-03")), at("2026-03-30T08:00"), "before")
    assert before.end == at("2026-03-01")


def test_all_is_as_of_the_moment_that_was_asked_for() -> None:
    october = Asked(period=parse("2026-10"), as_of=at("2026-11-05"))
    assert stretch(october, NOW, "before").as_of == at("2026-11-05")
    halfway = Asked(period=parse("2026-10"), as_of=at("2026-10-11"))
    assert stretch(halfway, NOW, "before").end == at("2026-09-11")


@pytest.mark.parametrize(
    ("name", "value", "other", "found"),
    [
        ("received", 150, 120, Change(30, 25, "up", "")),
        ("handled", 90, 120, Change(-30, -25, "down", "worse")),
        ("overdue", 9, 12, Change(-3, -25, "down", "better")),
        ("overdue", 9, 0, Change(9, None, "up", "worse")),
        ("overdue", 9, 9, Change(0, None, "same", "")),
        ("on_time_rate", 80.0, 78.5, Change(1.5, None, "up", "better")),
        ("late_rate", 12.04, 12.0, Change(0, None, "same", "")),
        ("hours_to_resolve", 30.0, 24.0, Change(6, None, "up", "worse")),
        ("satisfied_rate", 30.0, None, None),
        ("satisfied_rate", None, 30.0, None),
    ],
)
def test_what_is_better_depends_on_the_figure(
    name: str, value: float | None, other: float | None, found: Change | None
) -> None:
    assert change(FIGURES[name], value, other) == found


def test_only_figures_that_there_are_are_called_good_or_bad() -> None:
    assert set(FIGURES) >= MORE_IS_BETTER | LESS_IS_BETTER
    assert not MORE_IS_BETTER & LESS_IS_BETTER
