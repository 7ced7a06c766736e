"""The feed of changes over HTTP, by a program's key, among a million reports with four events each.

PHANANH_BENCH_REPORTS=100000 python -m tests.bench feed      with another number in place of the million
"""

import asyncio
import http.client
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.places.dataset import known
from app.routing import service as routing
from app.worklist.feed import Place, encode
from tests.bench import Figure
from tests.bench._reports import fill
from tests.bench.queue import _api, _figure
from tests.world import COMPANY, PASSWORD, RULES

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "1_000_000"))
_ROUNDS = 60
_PEOPLE = {"leader": ("ioc", Role.LEADER), "lead": (COMPANY, Role.LEAD), "officer": (COMPANY, Role.OFFICER)}


async def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        folder = Path(name)
        await asyncio.to_thread(folder.chmod, 0o755)
        server = EmbeddedPostgres(
            folder / "db", settings={"fsync": "off", "synchronous_commit": "off", "shared_buffers": "1GB"}
        )
        server.start()
        try:
            await migrate(server.url())
            pool = await connect_pool(server.url(), 2)
            try:
                keys = await _world(pool)
                xid: int = await pool.fetchval("SELECT min(xid)::text::bigint FROM report_events")
            finally:
                await pool.close()
            async with _api(server.url(), folder) as port:
                return await asyncio.to_thread(_figures, port, keys, xid)
        finally:
            server.stop()


async def _world(pool: Pool) -> dict[str, str]:
    """Gives a key of each person."""
    rules = routing.load(RULES)
    communes = [(c.code, c.full_name) for c in known().communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, communes, "bench", "bench")
    keys: dict[str, str] = {}
    for name, (agency, role) in _PEOPLE.items():
        staff_id, _ = await accounts.create_staff(pool, name, "Trần Thị Bích", agency, role, PASSWORD, SYSTEM)
        keys[name] = await accounts.create_token(pool, staff_id, name, ["feed"], None, SYSTEM)
    await fill(pool, rules, _MANY, [(COMPANY, staff_id)])
    await pool.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        SELECT r.report_id, k.seq, k.kind, r.submitted_at, 'system',
               jsonb_build_object('agency', r.agency_id, 'category', r.category), sha256('')
        FROM reports r, (VALUES (1, 'submitted'), (2, 'assigned'), (3, 'started'), (4, 'resolved')) AS k(seq, kind)
        """,
        timeout=3600,
    )
    await pool.execute("VACUUM ANALYZE report_events", timeout=3600)
    return keys


def _figures(port: int, keys: dict[str, str], xid: int) -> list[Figure]:
    dice, among = random.Random(3), f"among {_MANY:,} reports"

    def somewhere() -> UUID:
        return UUID(int=dice.getrandbits(127))

    asked: dict[str, tuple[str, Callable[[], Place], float]] = {
        "feed: page of 200 changes": ("leader", lambda: Place("live", xid, somewhere(), 4), 50),
        "feed: page of 200 of the stock": ("leader", lambda: Place("stock", xid, somewhere()), 50),
        "feed: an agency's page": ("lead", lambda: Place("live", xid, somewhere(), 4), 200),
        "feed: nothing new": ("leader", lambda: Place("live", xid, UUID(int=2**128 - 1), 4), 10),
    }
    figures = []
    for name, (person, place, limit) in asked.items():
        times = _ask(port, keys[person], [encode(place()) for _ in range(_ROUNDS)])
        figures.append(_figure(f"{name} {among}, p50", statistics.median(times), limit, "ms"))
    return figures


def _ask(port: int, key: str, cursors: list[str]) -> list[float]:
    """Milliseconds of each page."""
    line, times = http.client.HTTPConnection("127.0.0.1", port), []
    for cursor in cursors:
        began = time.perf_counter()
        line.request("GET", f"/api/v1/reports?cursor={cursor}&limit=200", headers={"Authorization": f"Bearer {key}"})
        answer = line.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, answer.status
    return times
