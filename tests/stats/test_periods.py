"""Periods: what an address may write, what lies before and after, and what a trend is made of."""

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.routing.calendar import VIETNAM
from app.stats.model import slot_of
from app.stats.periods import Kind, Period, current, parse

KINDS: tuple[Kind, ...] = ("day", "week", "month", "quarter", "year", "cut", "span")
moments = st.integers(0, 189 * 365 * 24 * 60).map(
    lambda minutes: datetime(2001, 1, 1, tzinfo=VIETNAM) + timedelta(minutes=minutes)
)


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("key", "start", "end", "before", "after", "year_ago", "title"),
    [
        ("2026-03-01", "2026-03-01", "2026-03-02", "2026-02-28", "2026-03-02", "2025-03-01", "Ngày 01/03/2026"),
        ("2024-02-29", "2024-02-29", "2024-03-01", "2024-02-28", "2024-03-01", "2023-02-28", "Ngày 29/02/2024"),
        ("2026-W01", "2025-12-29", "2026-01-05", "2025-W52", "2026-W02", "2025-W01",
         "Tuần 1 (29/12/2025 – 04/01/2026)"),
        ("2026-W53", "2026-12-28", "2027-01-04", "2026-W52", "2027-W01", "2025-W52",
         "Tuần 53 (28/12/2026 – 03/01/2027)"),
        ("2026-01", "2026-01-01", "2026-02-01", "2025-12", "2026-02", "2025-01", "Tháng 01/2026"),
        ("2024-02", "2024-02-01", "2024-03-01", "2024-01", "2024-03", "2023-02", "Tháng 02/2024"),
        ("2026-Q1", "2026-01-01", "2026-04-01", "2025-Q4", "2026-Q2", "2025-Q1", "Quý 1/2026"),
        ("2026", "2026-01-01", "2027-01-01", "2025", "2027", "2025", "Năm 2026"),
        (
            "2026-01-cut", "2025-12-25T12:00", "2026-01-25T12:00", "2025-12-cut", "2026-02-cut", "2025-01-cut",
            "Kỳ tháng 01/2026 (từ 12:00 25/12/2025 đến 12:00 25/01/2026)",
        ),
        (
            "2026-11-01..2026-11-15", "2026-11-01", "2026-11-16", "2026-10-17..2026-10-31", "2026-11-16..2026-11-30",
            "2025-11-01..2025-11-15", "Từ 01/11/2026 đến 15/11/2026",
        ),
        (
            "2026-11-05..2026-11-05", "2026-11-05", "2026-11-06", "2026-11-04..2026-11-04", "2026-11-06..2026-11-06",
            "2025-11-05..2025-11-05", "Ngày 05/11/2026",
        ),
    ],
)  # fmt: skip
def test_a_period_with_those_around_it(
    key: str, start: str, end: str, before: str, after: str, year_ago: str, title: str
) -> None:
    period = parse(key)
    assert (period.key, period.start, period.end) == (key, at(start), at(end))
    assert (period.before().key, period.after().key, period.year_ago().key) == (before, after, year_ago)
    assert period.title("vi") == title


@pytest.mark.parametrize(
    "key",
    [
        "", "2026-13", "2026-02-30", "2026-W54", "2025-W53", "2026-Q5", "1999", "2026-11-15..2026-11-01", "26-11",
        "2026-11-",        "2026-11-cut ", "٢٠٢٦", "0000-11-cut", "2026-00-cut", "9999", "2026-11-01..2026-11-31",
    ],
)  # fmt: skip
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match=r"stats\.period_unknown"):
        parse(key)


@given(moments, st.sampled_from(KINDS))
def test_every_moment_lies_in_one_period_of_a_kind_and_its_neighbours_touch_it(moment: datetime, kind: Kind) -> None:
    period = current(kind, moment)
    assert period.start <= moment < period.end
    assert parse(period.key) == period
    assert period.before().end == period.start
    assert period.after().start == period.end
    assert period.after().before() == period
    assert all(slot_of(edge) == edge for edge in (period.start, period.end))
    if kind in ("day", "week", "span"):
        assert period.before().end - period.before().start == period.end - period.start


@given(moments, st.sampled_from(KINDS))
def test_the_steps_of_a_trend_make_up_the_period(moment: datetime, kind: Kind) -> None:
    period = current(kind, moment)
    steps = period.steps()
    assert (steps[0].start, steps[-1].end) == (period.start, period.end)
    assert all(one.end == other.start for one, other in pairwise(steps))
    days = (period.end - period.start).days
    assert len(steps) == {"day": 2, "quarter": 14 if days > 13 * 7 else 13, "year": 12}.get(kind, days)


def test_a_long_span_goes_by_months_that_it_may_cut() -> None:
    steps = parse("2025-12-20..2026-08-03").steps()
    assert [step.title for step in steps] == [
        f"{month:%m/%Y}" for month in (date(2025, 12, 1), *(date(2026, n, 1) for n in range(1, 9)))
    ]
    assert (steps[0].start, steps[-1].end) == (at("2025-12-20"), at("2026-08-04"))


def test_the_cut_month_changes_at_noon() -> None:
    cut: Period = current("cut", at("2026-11-25T11:59"))
    assert (cut.key, current("cut", at("2026-11-25T12:00")).key) == ("2026-11-cut", "2026-12-cut")
