"""A period is put together from sums of several grains."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.grains import (
    BEGINNING,
    GRAINS,
    HALF_DAY_GRAINS,
    ROUNDS,
    SPAN,
    next_span,
    pieces,
    source,
    span_of,
)
from app.stats.model import HALF_DAY, slot_of
from app.stats.periods import parse

_MINUTES = st.integers(0, 500 * 24 * 60)
BEGIN = parse("2025-09-13").start


@given(_MINUTES, _MINUTES, _MINUTES, st.sampled_from(range(16)))
def test_the_pieces_of_a_time_cover_it_once_and_nothing_else(one: int, other: int, read: int, dimensions: int) -> None:
    since, before, read_at = (BEGIN + timedelta(minutes=m) for m in (*sorted((one, other)), read))
    found = pieces(0, since, before, dimensions, read_at)
    edges = sorted({since, before, *(p.since for p in found), *(p.before for p in found)})
    for at in edges:
        covered = sum(p.sign for p in found if p.since <= at < p.before)
        assert covered == (since <= at < before)
    for p in found:
        assert p.level != "half" or (slot_of(p.since), slot_of(p.before), dimensions in HALF_DAY_GRAINS) == (
            p.since, p.before, True,
        )  # fmt: skip
        assert p.level != "span" or (span_of(p.since), span_of(p.before)) == (p.since, p.before)


def test_every_grain_is_made_from_a_finer_one_of_a_round_before() -> None:
    before: set[int | None] = {None}
    for grains in ROUNDS:
        for grain in grains:
            finer = source(grain)
            assert finer in before
            assert finer is None or (finer & grain == grain != finer and finer & SPAN == grain & SPAN)
        before |= {*grains}
    assert before == {None, *GRAINS}


@pytest.mark.parametrize("key", ["2026-02", "2026-Q1", "2025", "2026-03-cut", "2026-01-cut"])
def test_a_whole_month_quarter_year_or_cut_is_spans_alone(key: str) -> None:
    period = parse(key)
    (piece,) = pieces(0, period.start, period.end, 3, period.end + timedelta(days=100))
    assert piece.level == "span"


def test_what_still_goes_on_is_spans_less_what_lies_ahead() -> None:
    period, now = parse("2026"), parse("2026-11-20").start + timedelta(minutes=607)
    found = pieces(0, period.start, now, 0, now)
    assert [(p.level, p.sign) for p in found] == [("single", -1), ("half", -1), ("span", 1)]
    assert sum((p.before - p.since for p in found if p.level == "single"), timedelta(0)) < HALF_DAY


def test_spans_end_on_the_first_and_at_noon_on_the_25th() -> None:
    at, ends = span_of(BEGINNING), []
    for _ in range(4):
        at = next_span(at)
        ends.append(f"{at + timedelta(hours=7):%m-%d %H}")
    assert ends == ["01-25 12", "02-01 00", "02-25 12", "03-01 00"]
    assert span_of(datetime.fromisoformat("2026-03-25T11:59:59+07:00")) == datetime.fromisoformat(
        "2026-03-01T00:00+07:00"
    )
