"""A province of a hundred thousand reports with their histories, read into the statistics, for files made of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool, migrate
from app.exports.columns import columns_for
from app.exports.model import Wanted
from app.places.service import embedded_default
from app.routing import service as routing
from app.stats import rebuilding
from app.stats.asked import asked
from app.stats.names import Names, names
from tests.bench._database import database
from tests.bench._province import fill
from tests.world import CENTRE, PASSWORD

ROWS = 100_000
LEADER = "leader"


class Listed(Struct, frozen=True):
    """``period``: days that all the reports lie in, as an address writes it. ``wanted``: as the leader asks."""

    pool: Pool
    url: str
    folder: Path
    names: Names
    period: str

    def wanted(self, kind: str, columns: tuple[str, ...]) -> Wanted:
        now = datetime.now(UTC)
        return Wanted(
            reader=SYSTEM, asked=asked([("period", self.period)], now), format=kind, lang="vi", as_of=now,
            columns=columns,
        )  # fmt: skip


COLUMNS = columns_for(SYSTEM, ids=False)


@asynccontextmanager
async def listed(rows: int = ROWS, *, durable: bool = True) -> AsyncIterator[Listed]:
    async with database(durable=durable) as (folder, server):
        url = server.url()
        await migrate(url)
        await fill(url, rows)
        pool = await connect_pool(url, 4)
        try:
            await rebuilding.rebuild(pool)
            await pool.execute("ANALYZE", timeout=600)
            await accounts.create_staff(pool, LEADER, "Huỳnh Quốc Việt", CENTRE, Role.LEADER, PASSWORD, SYSTEM)
            async with pool.acquire() as conn:
                called = await names(conn, await routing.active(pool), embedded_default())
            last = datetime.now(UTC).date()
            yield Listed(pool, url, folder, called, f"{last - timedelta(days=4 * 365):%Y-%m-%d}..{last:%Y-%m-%d}")
        finally:
            await pool.close()
