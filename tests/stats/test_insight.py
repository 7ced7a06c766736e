"""What stands out: worse than elsewhere by more than chance, and nothing else."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.reports.model import Place, Rating, Report
from app.reports.workflow import Act
from app.stats import insight, projection, store
from app.stats.asked import Asked
from app.stats.insight import Compared, Insight, compare, wilson
from app.stats.measures import Measure
from app.stats.model import Count
from app.stats.periods import parse
from tests import small_world as world

MARCH = parse("2026-03")
NOW = datetime(2026, 4, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(("of", "among"), [(0, 10), (5, 10), (10, 10), (1, 1000), (37, 41)])
def test_the_interval_ends_where_what_was_seen_is_just_not_too_unlikely(of: int, among: int) -> None:
    """Wilson's: the shares from which what was seen lies 2.576 standard deviations away."""
    low, high = wilson(of, among)
    assert 0 <= low <= of / among <= high <= 1
    for end in (low, high):
        away = (of / among - end) ** 2
        assert away == pytest.approx(2.576**2 * end * (1 - end) / among, abs=1e-9)


def keys(found: Compared) -> list[str]:
    return [one.key for one in found.found]


def test_what_is_clearly_worse_is_found_with_how_much_more() -> None:
    found = compare({"a": (30, 60), "b": (5, 100), "c": (6, 100)})
    assert keys(found) == ["a"]
    (one,) = found.found
    assert (one.of, one.among, one.rest) == (30, 60, 11 / 200)
    assert one.more == pytest.approx(30 - 60 * 11 / 200)
    assert (found.looked, found.few) == (3, 0)


def test_noise_and_what_is_better_is_no_finding() -> None:
    assert keys(compare({"a": (6, 40), "b": (4, 40), "c": (3, 40)})) == []
    assert keys(compare({"a": (0, 40), "b": (20, 40)})) == ["b"]
    assert keys(compare({"a": (40, 40), "b": (40, 40)})) == []


def test_too_few_cases_say_nothing_whatever_their_share() -> None:
    found = compare({"a": (9, 9), "b": (1, 100)})
    assert (keys(found), found.looked, found.few) == ([], 1, 1)
    assert keys(compare({"a": (10, 10), "b": (0, 9)})) == [], "nothing to hold it against"
    assert compare({}) == Compared([], 0, 0)
    assert compare({"a": (0, 0)}) == Compared([], 0, 0)


def test_what_costs_most_cases_comes_first() -> None:
    assert keys(compare({"a": (20, 20), "b": (150, 200), "c": (10, 1000)})) == ["b", "a"]


def test_what_happened_to_cases_of_before_counts_as_all_of_it() -> None:
    (one,) = compare({"a": (14, 12), "b": (0, 50)}).found
    assert one.share == 1.0


def test_by_chance_alone_something_is_named_in_few_of_many_comparisons() -> None:
    """A thousand agencies that are all the same, by a fixed die."""
    die = random.Random(7)
    groups = {str(n): (sum(die.random() < 0.2 for _ in range(50)), 50) for n in range(1000)}
    assert len(compare(groups).found) <= 10


def times(**hours: float) -> dict[Measure, Count]:
    of = {"accept": Measure.ACCEPTED_ON_TIME, "assign": Measure.ASSIGNED, "resolve": Measure.RESOLVED_LATE}
    return {of[name]: Count(20, round(20 * each * 3600)) for name, each in hours.items()}


def test_the_step_that_takes_most_time_beyond_the_others_is_named() -> None:
    slow = insight.slowest_steps(
        {
            "waits": times(accept=30, assign=31, resolve=60),
            "works": times(accept=1, assign=2, resolve=200),
            "fine": times(accept=1, assign=2, resolve=30),
        }
    )
    assert slow["waits"].name == "accept"
    assert slow["waits"].hours == pytest.approx(30)
    assert slow["waits"].rest == pytest.approx(1)
    assert slow["works"].name == "handle"
    assert slow["works"].hours == pytest.approx(198)
    assert "fine" not in slow


# ---------------------------------------------------------------- from real reports


@pytest.fixture(scope="module")
async def lived(settled: Pool) -> Pool:
    """In March: potholes late and rated badly, others overdue; lights in time; the police return; one went round."""
    for number in range(12):
        at = world.MONDAY + number * HOUR
        hole = (await world.file(settled, at)).report
        light = (await world.file(settled, at, category="street-light")).report
        hole = await _resolve(settled, world.OFFICER, hole, at + 9 * DAY)
        await world.do(settled, world.CITIZEN, hole, Act.RATE, rating=Rating.DISSATISFIED)
        light = await _resolve(settled, world.ELECTRICIAN, light, at + 3 * HOUR)
        await world.do(settled, world.CITIZEN, light, Act.RATE, rating=Rating.SATISFIED)
        noise = (await world.file(settled, at, category="noise")).report
        await world.do(settled, world.POLICE, noise, Act.RETURN, text="Không thuộc.", at=at + HOUR)
    for number in range(12):
        await world.file(settled, world.MONDAY + number * HOUR)
        await world.file(settled, world.MONDAY + 28 * DAY + number * HOUR, place=Place(commune_code=world.TAN_THANH))
    await _go_round(settled)
    await projection.catch_up(settled)
    return settled


async def _resolve(pool: Pool, who: Actor, report: Report, at: datetime) -> Report:
    report = await world.do(pool, who, report, Act.START, at=at - HOUR)
    photos = (await world.photo(pool),)
    return await world.do(pool, who, report, Act.RESOLVE, text="Đã xong.", photos=photos, at=at)


async def _go_round(pool: Pool) -> None:
    report = (await world.file(pool)).report
    for _ in range(2):
        report = await world.do(pool, world.OFFICER, report, Act.RETURN, text="Không phải đường tỉnh.")
        report = await world.do(pool, world.COORDINATOR, report, Act.ASSIGN, agency_id="roads")


async def look(pool: Pool, agencies: tuple[str, ...] = ()) -> Insight:
    async with pool.acquire() as conn:
        return await insight.read(conn, Asked(period=MARCH, agencies=agencies), NOW)


async def test_a_category_that_runs_late_is_named_and_where_its_time_goes(lived: Pool) -> None:
    found = await look(lived)
    assert keys(found.late) == keys(found.badly_rated) == ["pothole"]
    assert keys(found.disputed) == []
    assert (found.late.found[0].of, found.late.found[0].among, found.late.found[0].rest) == (12, 12, 0.0)
    assert found.slow["pothole"].name == "handle"


async def test_an_agency_that_returns_is_named_by_what_came_to_it(lived: Pool) -> None:
    (police,) = (await look(lived)).handed_on.found
    assert (police.key, police.of, police.among) == ("police", 12, 12)


async def test_a_commune_with_overdue_work_is_named_by_what_is_open(lived: Pool) -> None:
    (one,) = (await look(lived)).overdue.found
    assert one.key == world.AN_XUYEN
    assert (one.of, one.among, one.rest) == (25, 25, 0.0)


async def test_reports_that_go_round_are_listed_with_those_who_gave_them_away(lived: Pool) -> None:
    found = await look(lived)
    assert found.rounds_all == len(found.rounds) == 1
    (one,) = found.rounds
    assert (one.moves, one.agencies, one.category) == (2, ("roads", "roads"), "pothole")


async def test_the_lives_of_those_alone_are_read_that_go_round(database_url: str, lived: Pool) -> None:
    """Twelve were returned once, which is usual; their lives are not looked at."""
    async with world.counting(database_url) as (pool, said):
        await look(pool)
        (query,) = (one for one in await world.counted(said) if "rounds AS" in one)
    async with lived.acquire() as conn:
        state, question = await store.state(conn), Asked(period=MARCH).question(NOW)
        given = (question.as_of, state.words.known(("returned", "transferred")), question.start, question.end, 2, 20)
        ((done,),) = await conn.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", *given)
    lives = [node for node in nodes(done[0]["Plan"]) if node.get("Relation Name") == state.occurrences]
    assert [node["Actual Loops"] for node in lives] == [1]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)


async def test_filters_hold_for_all_of_it(lived: Pool) -> None:
    found = await look(lived, agencies=("power",))
    assert (keys(found.late), keys(found.handed_on), keys(found.overdue), found.rounds) == ([], [], [], [])


async def test_it_is_read_in_few_statements(database_url: str, lived: Pool) -> None:
    async with world.counting(database_url) as (pool, said):
        await look(pool)
        said = await world.counted(said)
        # Without what the driver asks once of a connection about types, and the frames of a snapshot.
        apart = ("typeinfo_tree", "'jit'", "BEGIN", "COMMIT")
        ours = [query for query in said if not any(each in query for each in apart)]
        assert len(ours) <= 16, ours
