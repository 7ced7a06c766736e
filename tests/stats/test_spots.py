"""Places where reports pile up, and where a matter comes back."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from app.db import Pool
from app.errors import Invalid
from app.places.geo import LAT_M
from app.reports.model import Place, Report
from app.reports.workflow import Act
from app.stats import projection, spots, store, store_spots
from app.stats.model import Question
from app.stats.store_spots import CELL_M, Cells, Window
from tests.small_world import COORDINATOR, MONDAY, OFFICER, counted, counting, do, file, resolve
from tests.stats.test_insight import nodes

NEAR = 40 / LAT_M
"""40 metres, in degrees."""
WHOLE = Question(start=MONDAY - timedelta(days=1), end=MONDAY + timedelta(days=30), as_of=MONDAY + timedelta(days=60))


async def send(pool: Pool, days: float, lat: float, lon: float, category: str = "pothole", address: str = "") -> Report:
    filed = await file(pool, MONDAY + timedelta(days=days), place=Place(lat, lon, address), category=category)
    return filed.report


async def found(pool: Pool, question: Question = WHOLE, **changed: object) -> list[spots.Spot]:
    await projection.catch_up(pool)
    async with pool.acquire() as conn, conn.transaction():
        return await spots.found(conn, structs.replace(question, **changed))


async def at(pool: Pool, lat: float, lon: float, question: Question = WHOLE) -> spots.Spot | None:
    """The spot around this point."""
    return next(
        (
            s
            for s in await found(pool, question)
            if abs(s.facts.lat - lat) < 4 * NEAR and abs(s.facts.lon - lon) < 4 * NEAR
        ),
        None,
    )


async def test_three_reports_of_a_category_close_together_are_a_spot(settled: Pool) -> None:
    lat, lon = 9.2001, 105.1001
    for days in (1, 2):
        await send(settled, days, lat + days * NEAR, lon, address=f"{days} Lý Bôn")
    await send(settled, 2, lat, lon, category="litter")
    assert await at(settled, lat, lon) is None
    last = await send(settled, 3, lat + 1.5 * NEAR, lon, address="Hẻm 3")
    spot = await at(settled, lat, lon)
    assert spot is not None
    assert (spot.category, spot.facts.count, spot.facts.open, spot.facts.again) == ("pothole", 3, 3, 0)
    assert (spot.facts.first, spot.facts.last) == (MONDAY + timedelta(days=1), last.submitted_at)
    assert spot.facts.address == "Hẻm 3"


async def test_a_matter_that_comes_back_after_its_result_is_told(settled: Pool) -> None:
    lat, lon = 9.3001, 105.1001
    first = await send(settled, 1, lat, lon)
    await resolve(settled, await do(settled, OFFICER, first, Act.START))
    await send(settled, 5, lat + NEAR, lon)
    await send(settled, 6, lat, lon + NEAR)
    spot = await at(settled, lat, lon)
    assert spot is not None
    assert (spot.facts.count, spot.facts.open, spot.facts.again) == (3, 2, 2)
    async with settled.acquire() as conn:
        there = await spots.reports_at(conn, WHOLE, spots.read(spot.key))
    assert [one.again for one in there] == [True, True, False]
    assert [one.report_id for one in there][2] == first.report_id


async def test_a_result_from_before_the_period_counts_as_well(settled: Pool) -> None:
    lat, lon = 9.4001, 105.1001
    first = await send(settled, -40, lat, lon)
    await resolve(settled, await do(settled, OFFICER, first, Act.START))
    for days in (1, 2, 3):
        await send(settled, days, lat, lon)
    spot = await at(settled, lat, lon)
    assert spot is not None
    assert (spot.facts.count, spot.facts.again) == (3, 3)


async def test_as_of_an_earlier_time_there_is_what_was_known_then(settled: Pool) -> None:
    lat, lon = 9.5001, 105.1001
    reports = [await send(settled, days, lat, lon) for days in (1, 2, 3)]
    then = MONDAY + timedelta(days=10)
    done = await do(settled, OFFICER, reports[0], Act.START, at=then + timedelta(days=1))
    await resolve(settled, done)
    later = await do(
        settled,
        COORDINATOR,
        reports[1],
        Act.RECLASSIFY,
        at=then + timedelta(days=3),
        category="street-light",
        text="Là đèn.",
    )
    assert later.category == "street-light"
    before = await at(settled, lat, lon, structs.replace(WHOLE, end=then, as_of=then))
    assert before is not None
    assert (before.facts.count, before.facts.open) == (3, 3)
    assert await at(settled, lat, lon) is None
    assert await at(settled, lat, lon, structs.replace(WHOLE, end=then, as_of=then + timedelta(days=2))) is not None


async def test_filters_hold(settled: Pool) -> None:
    lat, lon = 9.2601, 105.1001
    for days in (1, 2, 3):
        await send(settled, days, lat, lon)
    assert await at(settled, lat, lon, structs.replace(WHOLE, agencies=("roads",), categories=("pothole",))) is not None
    for other in (
        {"agencies": ("power",)},
        {"categories": ("litter",)},
        {"channels": ("zalo_bot",)},
        {"communes": ("32025",)},
    ):
        assert await at(settled, lat, lon, structs.replace(WHOLE, **other)) is None, other


async def test_a_list_says_as_many_as_its_spot(settled: Pool) -> None:
    for spot in await found(settled):
        async with settled.acquire() as conn:
            assert len(await spots.reports_at(conn, WHOLE, spots.read(spot.key))) == spot.facts.count
            assert await spots.facts_of(conn, WHOLE, spots.read(spot.key)) == spot.facts


async def test_an_empty_period_is_refused(settled: Pool) -> None:
    with pytest.raises(Invalid):
        await found(settled, end=WHOLE.start)


@pytest.mark.parametrize("key", ["", "1.2.3", "1.2.0.pothole", "1.2.16.pothole", "x.2.3.pothole", "1.2.3.Pot hole"])
def test_what_names_no_spot_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        spots.read(key)


@given(st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 6)), st.integers(1, 5), max_size=20))
@settings(derandomize=True)
def test_no_cell_is_in_two_spots_and_nothing_full_is_left_out(cells: dict[tuple[int, int], int]) -> None:
    corners = {(x - dx, y - dy) for x, y in cells for dx in (0, 1) for dy in (0, 1)}
    windows = [
        Window(
            "pothole",
            x,
            y,
            (cells.get((x, y), 0), cells.get((x + 1, y), 0), cells.get((x, y + 1), 0), cells.get((x + 1, y + 1), 0)),
        )
        for x, y in corners
    ]
    places = spots.picked([w for w in windows if sum(w.counts) >= 3], 3, 100)
    taken = [cell for place in places for cell in place.each()]
    assert len(taken) == len(set(taken))
    counts = [sum(cells[cell] for cell in place.each()) for place in places]
    assert counts == sorted(counts, reverse=True)
    rest = {cell: n for cell, n in cells.items() if cell not in taken}
    for x, y in corners:
        assert sum(rest.get((x + dx, y + dy), 0) for dx in (0, 1) for dy in (0, 1)) < 3


def test_a_spot_is_written_and_read() -> None:
    place = Cells("street-light", -12, 9_300, 15)
    assert spots.read(spots.written(place)) == place
    assert CELL_M * 2 == 300


async def test_of_very_many_only_the_latest_are_looked_at(settled: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    for days in (1, 2, 3):
        await send(settled, days, 9.2301, 105.1001)
    await projection.catch_up(settled)
    async with settled.acquire() as conn:
        assert await spots.latest(conn, WHOLE) == WHOLE
        monkeypatch.setattr(spots, "LOOKED_AT", 2)
        shorter = await spots.latest(conn, WHOLE)
    assert WHOLE.start < shorter.start
    assert structs.replace(shorter, start=WHOLE.start) == WHOLE


async def test_of_the_places_no_more_are_read_than_are_shown(database_url: str, settled: Pool) -> None:
    """By the index, as among millions, which has the latest first."""
    for days in (1, 2, 3, 4, 5):
        await send(settled, days, 9.2401, 105.1101)
    await projection.catch_up(settled)
    async with counting(database_url) as (pool, said), pool.acquire() as conn:
        await conn.execute("SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off")
        await conn.execute("SET enable_bitmapscan = off")
        state = await store.state(conn)
        async with conn.transaction():
            assert len(await store_spots.points(conn, state, WHOLE, 2)) == 2
        (query,) = (one for one in await counted(said) if "r.lat, r.lon" in one)
        ((done,),) = await conn.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", WHOLE.as_of, WHOLE.start, WHOLE.end, 2)
    read = [node["Actual Rows"] for node in nodes(done[0]["Plan"]) if node.get("Relation Name") == state.occurrences]
    assert max(read) <= 3
