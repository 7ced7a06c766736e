"""One act on 500 reports at once, by the job that the worker runs, against a database that waits for its disk."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.accounts.model import Actor
from app.bulk import service as bulk
from app.bulk.model import ROWS_MOST, Wanted
from app.db import Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.reports.workflow import Act
from tests import small_world as world
from tests.bench import Figure

_ROWS_A_SECOND = 50.0


@contextmanager
def _server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            yield server.url()
        finally:
            server.stop()


async def run() -> list[Figure]:
    with _server() as url:
        await migrate(url)
        pool = await connect_pool(url)
        async with pool:
            await world.settle(pool)
            codes = [(await world.file(pool)).report.code for _ in range(ROWS_MOST)]
            return [
                await _measured(pool, world.OFFICER, Act.START, Wanted(), codes),
                await _measured(pool, world.COORDINATOR, Act.ASSIGN, Wanted(agency="police"), codes),
            ]


async def _measured(pool: Pool, who: Actor, act: Act, wanted: Wanted, codes: list[str]) -> Figure:
    run = await bulk.prepare(pool, who, act, codes)
    await bulk.start(pool, world.RULES, who, run, wanted, set(range(1, len(codes) + 1)))
    began = time.perf_counter()
    await bulk.work(pool, world.RULES, run)
    rate = len(codes) / (time.perf_counter() - began)
    tally = await bulk.progress(pool, who, run)
    assert tally.counts == {"done": len(codes)}, tally.counts
    ratio = rate / _ROWS_A_SECOND
    name = f"{act} on {len(codes)} reports at once"
    return Figure(name, round(rate), "rows/s", "bar", _ROWS_A_SECOND, round(ratio, 1), "≥ 1 ×", ratio >= 1)
