"""Reports on their ways between the agencies: what is kept is what their histories say, whenever it was read."""

import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from app.accounts.model import SYSTEM
from app.db import MIGRATIONS, Pool
from app.history.model import Kind
from app.reports.workflow import Act
from app.stats import projection, rebuilding, store
from app.stats.life import DESK
from app.stats.misrouted import misrouted
from app.stats.verify import verify
from app.stats.ways import way_of
from tests import small_world as world
from tests.stats.lives import keep, life

LIVES = 400
LONG_AGO = world.MONDAY - timedelta(days=30)
_COUNTED = """
    WITH routed AS (
        SELECT r.*, e.data ->> 'rule' AS rule, e.data ->> 'agency' AS chosen FROM reports r
        JOIN report_events e USING (report_id) WHERE e.seq = 2 AND e.data @> '{"at_intake": true}'
    ), told AS (
        SELECT rule, agency_id, agency_id <> chosen OR returned OR transferred AS wrong, reclassified FROM routed r,
        LATERAL (SELECT coalesce(bool_or(kind = 'returned'), false) AS returned,
                        coalesce(bool_or(kind = 'transferred'), false) AS transferred,
                        coalesce(bool_or(kind = 'reclassified'), false) AS reclassified
                 FROM report_events e WHERE e.report_id = r.report_id) e
    )
    SELECT rule, CASE WHEN wrong THEN agency_id END AS ended_up, count(*) AS n,
           count(*) FILTER (WHERE wrong AND reclassified) AS reclassified FROM told GROUP BY 1, 2
"""
"""By the reports as they are now, and nothing of the statistics."""


@pytest_asyncio.fixture(scope="module")
async def lived(settled: Pool) -> AsyncIterator[Pool]:
    """Random lives, read into the statistics."""
    dice = random.Random(40)
    made = [life(dice) for _ in range(LIVES)]
    async with settled.acquire() as conn:
        await keep(conn, made)
    await projection.catch_up(settled)
    yield settled


async def agree(pool: Pool) -> bool:
    """Whether the rules' figures are what the reports themselves say."""
    counted: Counter[tuple[str, str | None]] = Counter()
    corrected: Counter[str] = Counter()
    for row in await pool.fetch(_COUNTED):
        counted[row["rule"], row["ended_up"]] += row["n"]
        corrected[row["rule"]] += row["reclassified"]
    found = await misrouted(pool, SYSTEM, "ioc", LONG_AGO)
    told: Counter[tuple[str, str | None]] = Counter(
        {(rule.rule_id, end.agency_id): end.reports for rule in found for end in rule.ended_up}
    )
    told += Counter({(rule.rule_id, None): rule.decided - rule.wrong for rule in found})
    return bool(found) and told == +counted and all(corrected[rule.rule_id] == rule.reclassified for rule in found)


async def test_the_figures_of_rules_are_those_of_a_recount_when_read_and_after_a_rebuild(lived: Pool) -> None:
    assert await agree(lived)
    await rebuilding.rebuild(lived)
    assert await agree(lived)
    assert [one async for one in verify(lived)] == []


async def test_what_happens_moves_the_sums_by_what_it_changes(lived: Pool) -> None:
    report = (await world.file(lived)).report
    await projection.catch_up(lived)
    assert await agree(lived)
    for _ in range(2):
        report = await world.do(lived, world.OFFICER, report, Act.RETURN, text="Không thuộc thẩm quyền.")
        await projection.catch_up(lived)
        assert await agree(lived)
        report = await world.do(lived, world.COORDINATOR, report, Act.ASSIGN, agency_id="roads")
        await projection.catch_up(lived)
        assert await agree(lived)
    assert [one async for one in verify(lived)] == []


async def test_a_forged_way_and_a_forged_sum_are_found(lived: Pool) -> None:
    async with lived.acquire() as conn:
        state = await store.state(conn)
    for table, forged in ((state.ways, "returned = NOT returned"), (state.rules, "reports = reports + 1")):
        await lived.execute(f"UPDATE {table} SET {forged} WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)")
    found = [one.says async for one in verify(lived)]
    assert any(one.startswith("its way between the agencies") for one in found)
    assert any(one.startswith("reports of the half day") for one in found)
    assert any(one.startswith("returned of the half day") for one in found)
    await rebuilding.rebuild(lived)
    assert [one async for one in verify(lived)] == []


async def test_figures_of_rules_are_read_from_the_sums_alone(database_url: str, lived: Pool) -> None:
    """However many reports there are."""
    async with world.counting(database_url) as (pool, said):
        await misrouted(pool, SYSTEM, "ioc", LONG_AGO)
        asked = await world.counted(said)
    assert not [query for query in asked if "stats_ways" in query or "FROM reports" in query]


async def test_what_was_read_before_there_were_ways_gets_them_by_the_migration(lived: Pool) -> None:
    async with lived.acquire() as conn:
        state = await store.state(conn)
    await lived.execute(f"DROP TABLE {state.ways}, {state.rules}")
    (file,) = MIGRATIONS.glob("*_ways_between_agencies.sql")
    await lived.execute(re.search(r"DO \$\$.+?\$\$;", file.read_text(), re.DOTALL)[0])  # type: ignore[index]  # it is there
    assert [one async for one in verify(lived)] == []
    assert await agree(lived)


def test_what_no_rule_sent_and_nobody_handed_on_twice_has_no_way() -> None:
    dice = random.Random(41)
    seen: set[bool] = set()
    for _ in range(150):
        report, events = life(dice)
        way = way_of(events)
        moves = [event for event in events if event.kind in (Kind.RETURNED, Kind.TRANSFERRED)]
        by_rule = events[1:] and events[1].kind == Kind.ASSIGNED and events[1].data.get("at_intake")
        assert (way is None) == (not by_rule and len(moves) < 2)
        seen.add(way is None)
        if way is not None:
            assert (way.again_at, way.last_at) == (
                moves[1].at if len(moves) > 1 else None, moves[-1].at if moves else None,
            )  # fmt: skip
            assert way.ended_up in (None, DESK if report.agency_id == "ioc" else report.agency_id)
    assert seen == {True, False}
