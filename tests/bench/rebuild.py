"""What others feel of a rebuild of the statistics: how late the history is read meanwhile, how old the figures are, and
how long a leader's question takes.

    PHANANH_BENCH_REPORTS=1_000_000 python -m tests.bench rebuild      with another number in place of 200,000
    PHANANH_BENCH_KEEP=/path python -m tests.bench rebuild             the database of the benchmark of statistics
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

from app.db import Pool, connect_pool
from app.history import service as history
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing import service as routing
from app.stats import service
from app.stats.projection import catch_up
from app.stats.rebuilding import rebuild
from tests.bench import Figure
from tests.bench._province import fill
from tests.bench.stats import _minutes, _number, _questions, _server
from tests.world import RULES

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "200_000"))
_QUIET = 20.0
"""Seconds that are measured before."""
_EVERY, _LOOK, _FOLLOW = 0.5, 0.05, 2.0
"""Seconds between reports, looks at the history, and readings of the statistics as the worker does them."""
_LATE, _OLD, _TIMES = 2.0, 10.0, 4.0
"""Seconds that the history and the figures may be behind; how many times as long a question may take as before."""


class _Watch:
    """Writes, follows and asks until it is told to stop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._sent: dict[UUID, float] = {}
        self._seen: dict[UUID, float] = {}
        self.late: list[float] = []
        self.old: list[float] = []
        self.asked: list[float] = []

    async def during(self, work: Callable[[], Awaitable[object]]) -> None:
        async with await connect_pool(self._url, 5) as pool:
            started = asyncio.Event()
            tasks = [asyncio.create_task(each) for each in (
                self._write(pool), self._follow(pool, started), self._count(pool), self._ask(pool),
            )]  # fmt: skip
            await started.wait()
            try:
                await work()
                # One may be read before its writer hears that it is written.
                now = time.monotonic()
                self.late = [max(self._seen.get(one, now) - sent, 0.0) for one, sent in self._sent.items()]
            finally:
                for task in tasks:
                    task.cancel()
                for task in tasks:
                    with suppress(asyncio.CancelledError):
                        await task

    async def _write(self, pool: Pool) -> None:
        rules = routing.load(RULES)
        while True:
            new = NewReport(text="Đèn đường hỏng ba đêm nay.", place=Place(commune_code="32002"), channel="web",
                            lang="vi", consent=True, category="street-light")  # fmt: skip
            filed = await file_report(pool, rules, embedded_default(), b"k" * 40, new)
            self._sent[filed.report.report_id] = time.monotonic()
            await asyncio.sleep(_EVERY)

    async def _follow(self, pool: Pool, started: asyncio.Event) -> None:
        async with pool.acquire() as conn:
            cursor = await history.newest(conn)
            started.set()
            while True:
                events, cursor = await history.read_since(conn, cursor)
                now = time.monotonic()
                for event in events:
                    self._seen.setdefault(event.report_id, now)
                await asyncio.sleep(_LOOK)

    async def _count(self, pool: Pool) -> None:
        while True:
            await catch_up(pool)
            await asyncio.sleep(_FOLLOW)

    async def _ask(self, pool: Pool) -> None:
        dice = random.Random(9)
        async with pool.acquire() as conn:
            questions = list(_questions(datetime.now(UTC)).values())
            while True:
                began = time.monotonic()
                answer = await service.ask(conn, dice.choice(questions))
                self.asked.append((time.monotonic() - began) * 1000)
                self.old.append((datetime.now(UTC) - answer.read_at).total_seconds())
                await asyncio.sleep(_EVERY / 5)


async def run() -> list[Figure]:
    async with _server() as url, await connect_pool(url, 8) as pool:
        if not await pool.fetchval("SELECT EXISTS (SELECT FROM reports)"):
            await fill(url, _MANY)
            await rebuild(pool, url=url)
        quiet, busy = _Watch(url), _Watch(url)
        await quiet.during(lambda: asyncio.sleep(_QUIET))
        began = time.perf_counter()
        await busy.during(lambda: rebuild(pool, url=url))
        minutes = (time.perf_counter() - began) / 60
        number = await _number(pool)
        return _figures(quiet, busy, minutes, number)


def _figures(quiet: _Watch, busy: _Watch, minutes: float, number: int) -> list[Figure]:
    def bar(name: str, value: float, limit: float, unit: str) -> Figure:
        return Figure(name, round(value, 2), unit, "bar", limit, round(value / limit, 3), "≤ 1 ×", value <= limit)

    def against(name: str, of: Callable[[list[float]], float]) -> Figure:
        value, before = of(busy.asked), of(quiet.asked)
        times = value / before
        said = f"≤ {_TIMES:g} ×"
        return Figure(name, round(value, 1), "ms", "before", round(before, 1), round(times, 2), said, times <= _TIMES)

    return [
        _minutes("a rebuild beside work", minutes, number),
        bar("the history is read so late meanwhile, the latest", max(busy.late), _LATE, "s"),
        bar("figures are so old meanwhile, the oldest", max(busy.old), _OLD, "s"),
        against(f"a question meanwhile, p50 of {len(busy.asked):,}", statistics.median),
        against("a question meanwhile, p99", _p99),
    ]


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]
