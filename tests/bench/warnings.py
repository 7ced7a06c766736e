"""The watch over deadlines among a million reports of which a tenth is open: what a minute's look costs the worker.

PHANANH_BENCH_REPORTS=100000 python -m tests.bench warnings      with another number of reports
"""

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from app.db import Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.places.dataset import known
from app.reports.watching import Watch
from app.routing import service as routing
from app.routing.ruleset import RuleSet, load
from tests.bench import Figure
from tests.bench._reports import fill
from tests.world import RULES

_REPORTS = int(os.environ.get("PHANANH_BENCH_REPORTS", "1_000_000"))
_CHANGED = 1200
"""In a minute with 20 intakes a second."""
_MINUTE = 60.0


async def run() -> list[Figure]:
    rules = load(RULES)
    async with _filled(rules) as pool:
        is_open = await pool.fetchval("SELECT count(*) FROM report_events")
        # Before anything was due, so that the first look is the comparison alone.
        early = await pool.fetchval("SELECT min(at) FROM report_events") - timedelta(days=1)
        watch = Watch()
        first = await _look(watch, pool, rules, early)
        idle = min([await _look(watch, pool, rules, early) for _ in range(5)])
        watch._compared_at = None
        again = await _look(watch, pool, rules, early)
        await _change(pool)
        busy = await _look(watch, pool, rules, early)
        due_at = await pool.fetchval("SELECT next_at FROM report_watches ORDER BY next_at OFFSET $1 LIMIT 1", 200)
        watch._compared_at = due_at
        due = await _look(watch, pool, rules, due_at)
        warned = await pool.fetchval("SELECT count(*) FROM report_events WHERE kind = 'warned'")
    many = f"{_REPORTS:,} reports, {is_open:,} open"
    return [
        _figure(f"watch: the first comparison of all there is, {many}", first, 1.0),
        _figure(f"watch: comparing all again, every hour, {many}", again, 0.05),
        _figure(f"watch: a look when nothing happened, {many}", idle, 0.001),
        _figure(f"watch: a look after {_CHANGED:,} changes, {many}", busy, 0.05),
        _figure(f"watch: a look with {warned:,} warnings to write, {many}", due, 0.05),
    ]


def _figure(name: str, seconds: float, most: float) -> Figure:
    ratio = seconds / _MINUTE
    return Figure(name, seconds, "s", "a minute", _MINUTE, ratio, f"≤ {most:g}", ratio <= most)


async def _look(watch: Watch, pool: Pool, rules: RuleSet, at: datetime) -> float:
    began = time.perf_counter()
    await watch.look(pool, rules, at)
    return time.perf_counter() - began


@asynccontextmanager
async def _filled(rules: RuleSet) -> AsyncIterator[Pool]:
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101  # quick, and nothing else runs
        server = EmbeddedPostgres(Path(folder), settings={"fsync": "off", "synchronous_commit": "off"})
        server.start()
        try:
            await migrate(server.url())
            pool = await connect_pool(server.url())
            try:
                communes = [(c.code, c.full_name) for c in known().communes if c.province_code == rules.province_code]
                await routing.install(pool, rules, communes, "bench", "bench")
                await fill(pool, rules, _REPORTS, [])
                await pool.execute(
                    """
                    INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
                    SELECT report_id, 1, 'submitted', submitted_at, 'citizen', '{}', last_hash
                    FROM reports WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
                    """,
                    timeout=600,
                )
                await pool.execute("VACUUM ANALYZE report_events", timeout=600)
                yield pool
            finally:
                await pool.close()
        finally:
            server.stop()


async def _change(pool: Pool) -> None:
    """Something happens to as many reports as in a busy minute."""
    await pool.execute(
        """
        WITH few AS (SELECT report_id FROM report_events WHERE seq = 1 ORDER BY report_id LIMIT $1),
        moved AS (UPDATE reports r SET last_seq = 2 FROM few s WHERE s.report_id = r.report_id RETURNING r.report_id)
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        SELECT report_id, 2, 'noted', now(), 'staff', '{}', sha256('') FROM moved
        """,
        _CHANGED,
        timeout=600,
    )
