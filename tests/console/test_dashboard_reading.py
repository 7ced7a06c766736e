"""What the page of figures compares with is what a question about that stretch alone would answer."""

import random
from datetime import datetime

import pytest

from app.console.dashboard_reading import _other, total_of
from app.db import Pool
from app.stats import projection, service
from app.stats.asked import Asked
from app.stats.compared import OTHERS, other_period, stretch
from app.stats.measures import FIGURES
from app.stats.model import By, Counts, value
from app.stats.periods import parse
from tests.small_world import settled as settled
from tests.stats.lives import keep, life


@pytest.fixture(scope="module")
async def lived(settled: Pool) -> Pool:
    """Random lives that begin in March 2026."""
    dice = random.Random(2028)
    async with settled.acquire() as conn:
        await keep(conn, [life(dice) for _ in range(200)])
    await projection.catch_up(settled)
    return settled


def figures(counts: Counts) -> dict[str, float | None]:
    return {figure.name: value(figure, counts) for figure in FIGURES.values()}


@pytest.mark.parametrize(
    ("period", "now"),
    [
        ("2026-04", "2026-04-17T15:20:00+07:00"),
        ("2026-04", "2026-06-01T00:00:00+07:00"),
        ("2026-W14", "2026-04-01T09:00:00+07:00"),
        ("2026-04-cut", "2026-04-02T18:30:00+07:00"),
        ("2027", "2027-05-20T08:00:00+07:00"),
    ],
)
async def test_the_stretch_and_its_steps_are_those_of_a_question_about_them(lived: Pool, period: str, now: str) -> None:
    at, allowed = datetime.fromisoformat(now), Asked(period=parse(period), categories=("pothole", "litter"))
    async with lived.acquire() as conn:
        known = await service.state(conn)
        for other in OTHERS:
            total, steps = await _other(conn, known, allowed, other, at)
            alone = await service.ask(conn, stretch(allowed, at, other))
            assert figures(total) == figures(alone.groups.get("", {})), other
            its = other_period(allowed.period, other)
            along = await service.series(conn, allowed.question(at, period=its), its.steps())
            assert [figures(one) for one in steps] == [figures(one.groups.get("", {})) for one in along], other


@pytest.mark.parametrize("by", ["agency", "category", "commune", "channel"])
async def test_the_groups_of_whatever_kind_add_up_to_the_whole(lived: Pool, by: By) -> None:
    asked, at = Asked(period=parse("2026-03")), datetime.fromisoformat("2026-06-01T00:00:00+07:00")
    async with lived.acquire() as conn:
        groups = (await service.ask(conn, asked.question(at, by=by))).groups
        whole = (await service.ask(conn, asked.question(at))).groups[""]
    assert len(groups) > 1
    assert figures(total_of(groups.values())) == figures(whole)
