"""The public list and its map among many published reports, over HTTP.

PHANANH_BENCH_REPORTS=50000 python -m tests.bench portal      with another number in place of 200,000
"""

import gzip
import logging
import os
import statistics
import time

import httpx
import structlog

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool, migrate
from app.main import create_app
from app.places.dataset import known
from app.routing import service as routing
from tests.bench import Figure
from tests.bench._database import database
from tests.bench._reports import fill
from tests.world import COMPANY, PASSWORD, RULES, parts_over

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "200_000"))
_ROUNDS = 15
_PROVINCE = "8.5,9.6,104.6,105.9"
_MAP_MS, _MAP_KB, _LIST_MS = 300, 150, 100


async def run() -> list[Figure]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rules = routing.load(RULES)
    async with database() as (folder, server):
        await migrate(server.url())
        async with await connect_pool(server.url(), 4) as pool:
            communes = [c for c in known().communes if c.province_code == rules.province_code]
            await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
            officer, _ = await accounts.create_staff(
                pool, "officer", "Trần Thị Bích", COMPANY, Role.OFFICER, PASSWORD, SYSTEM
            )
            await fill(pool, rules, _MANY, [(COMPANY, officer)])
            await _publish(pool)
            async with parts_over(pool, None, rules, folder / "home") as parts:  # type: ignore[arg-type]  # no photo is worked on
                transport = httpx.ASGITransport(app=create_app(parts))  # type: ignore[arg-type]  # Litestar's ASGI types
                async with httpx.AsyncClient(transport=transport, base_url="http://a", timeout=60) as browser:
                    return await _figures(browser)


async def _publish(pool: Pool) -> None:
    await pool.execute("UPDATE reports SET published_at = submitted_at, visibility = 'public'", timeout=600)
    await pool.execute("VACUUM ANALYZE reports", timeout=600)


async def _figures(browser: httpx.AsyncClient) -> list[Figure]:
    whole, size = await _times(browser, f"/reports/points?box={_PROVINCE}&zoom=9")
    near, _ = await _times(browser, "/reports/points?box=9.1,9.25,105.1,105.25&zoom=14")
    listed, _ = await _times(browser, "/reports")
    narrowed, _ = await _times(browser, "/reports?category=street-light&state=done")
    among = f"among {_MANY:,} public reports"
    return [
        _figure(f"map of the whole province {among}, p50", whole, _MAP_MS, "ms"),
        _figure("the same, over the wire", size / 1000, _MAP_KB, "KB"),
        _figure("map of a town, p50", near, _MAP_MS, "ms"),
        _figure(f"public list {among}, p50", listed, _LIST_MS, "ms"),
        _figure("public list, narrowed, p50", narrowed, _LIST_MS, "ms"),
    ]


async def _times(browser: httpx.AsyncClient, path: str) -> tuple[float, int]:
    """Milliseconds, the median, and bytes as they travel compressed."""
    took, size = [], 0
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        answer = await browser.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
        size = len(gzip.compress(answer.content))
    return statistics.median(took), size


def _figure(name: str, value: float, limit: float, unit: str) -> Figure:
    ratio = value / limit
    return Figure(name, round(value, 2), unit, "bar", limit, round(ratio, 3), "≤ 1 ×", ratio <= 1)
