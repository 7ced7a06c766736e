"""On a table with twenty thousand reports, each page is read from the index in the order it is shown."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from asyncpg.connection import LoggedQuery

from app.accounts.model import Actor
from app.db import Conn, Pool
from app.reports.workflow import OPEN
from app.worklist.model import PAGE, Filter
from app.worklist.service import queue
from tests import small_world as world

MANY = 20_000
AGENCIES = ["roads", "power", "police", "ioc"]


@pytest_asyncio.fixture(scope="module")
async def crowded(settled: Pool) -> Pool:
    """A tenth is open, as in real life; a few are supervised."""
    model = (await world.file(settled)).report
    chance = random.Random(11)
    statuses = [chance.choice(sorted(OPEN)) if n % 10 == 0 else "closed" for n in range(MANY)]
    async with settled.acquire() as conn:
        columns = [
            row[0]
            for row in await conn.fetch(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'reports' AND is_generated = 'NEVER' ORDER BY 1"
            )
        ]
        made = {
            "report_id": "gen_random_uuid()",
            "code": "r.code",
            "status": "n.status",
            "agency_id": "n.agency_id",
            "supervisor_id": "n.supervisor_id",
            "due_at": "r.due_at + n.number * interval '1 minute'",
            "resolved_at": "CASE n.status WHEN 'closed' THEN r.due_at END",
            "ended_at": "CASE n.status WHEN 'closed' THEN r.due_at END",
            "paused_at": "CASE n.status WHEN 'awaiting_info' THEN r.due_at END",
            "search_text": "r.search_text || ' so ' || n.number",
        }
        await conn.execute(
            f"""
            INSERT INTO reports ({", ".join(columns)})
            SELECT {", ".join(made.get(name, f"r.{name}") for name in columns)}
            FROM reports r, unnest($2::int[], $3::text[], $4::text[], $5::text[])
                 AS n(number, status, agency_id, supervisor_id)
            WHERE r.report_id = $1
            """,
            model.report_id,
            list(range(MANY)),
            statuses,
            [chance.choice(AGENCIES) for _ in range(MANY)],
            ["roads" if n % 500 == 0 else None for n in range(MANY)],
        )
        await conn.execute("ANALYZE reports")
    return settled


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Conn]:
    conn = await asyncpg.connect(url)
    await conn.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=msgspec.json.decode)
    yield conn
    await conn.close()


class Explained:
    """A connection that explains the statement the queue sends."""

    def __init__(self, conn: Conn) -> None:
        self.conn, self.sent = conn, list[LoggedQuery]()

    async def plan(self, pool: Pool, actor: Actor, wanted: Filter) -> dict[str, Any]:
        self.sent.clear()
        await queue(pool, actor, wanted)
        (query,) = self.sent
        rows = await self.conn.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {query.query}", *query.args)
        plan: dict[str, Any] = rows[0]["Plan"]
        return plan


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for inner in plan.get("Plans", []) for node in nodes(inner))]


@pytest.mark.parametrize(
    ("actor", "wanted", "indexes"),
    [
        (world.COORDINATOR, Filter(), {"reports_open"}),
        (world.ELECTRICIAN, Filter(), {"reports_queue"}),
        (world.OFFICER, Filter(), {"reports_queue"}),
        (world.ELECTRICIAN, Filter(statuses=("closed",)), {"reports_done"}),
        (world.COORDINATOR, Filter(statuses=("closed",)), {"reports_done"}),
        (world.ELECTRICIAN, Filter(statuses=("assigned", "closed")), {"reports_done", "reports_queue"}),
    ],
)
async def test_a_page_is_read_in_order_from_its_index_and_little_else(
    crowded: Pool, database_url: str, actor: Actor, wanted: Filter, indexes: set[str]
) -> None:
    async with world.counting(database_url) as (pool, _), connected(database_url) as conn:
        explained = Explained(conn)
        async with pool.acquire() as watched:
            watched.add_query_logger(explained.sent.append)
        plan = await explained.plan(pool, actor, wanted)
    used = {node["Index Name"] for node in nodes(plan) if "Index Name" in node}
    assert indexes <= used
    assert not [node for node in nodes(plan) if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "reports"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1500
    assert plan["Actual Rows"] == PAGE + 1


async def test_every_page_for_every_reader_is_what_a_plain_scan_would_give(crowded: Pool) -> None:
    chance = random.Random(5)
    async with crowded.acquire() as conn:
        rows = await conn.fetch(
            "SELECT report_id, due_at, status, agency_id, supervisor_id, category, commune_code FROM reports"
        )
    for actor in (world.COORDINATOR, world.OFFICER, world.ELECTRICIAN):
        for statuses in ((), ("closed",), ("assigned", "returned", "closed")):
            wanted = Filter(statuses=statuses)
            expected = sorted(
                (row["due_at"], row["report_id"])
                for row in rows
                if row["status"] in (statuses or [str(status) for status in OPEN])
                and actor.may_see(world.Business(**{name: row[name] for name in world.Business.__struct_fields__}))
            )
            cursor, found = None, []
            for _ in range(chance.randint(3, 6)):
                page = await queue(crowded, actor, wanted, cursor, limit=150)
                found += [(row.due_at, row.report_id) for row in page.rows]
                cursor = page.next
                if cursor is None:
                    break
            assert found == expected[: len(found)]
            assert found
