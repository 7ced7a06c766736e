"""Statistics among five million reports with forty million events: how long a rebuild takes and every kind of question
and page, and that the answers are what the history says.

    PHANANH_BENCH_REPORTS=200000 python -m tests.bench stats     with another number in place of the five million
    PHANANH_BENCH_KEEP=/path python -m tests.bench stats         the database stays there, and is taken from there
    PHANANH_BENCH_DETAILS=1                                      the slowest questions on standard error
    PHANANH_BENCH_SKIP=rebuild,verify                            what was measured before
"""

import asyncio
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import structs
from rich.progress import Progress

from app.db import Conn, Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.stats import periods, service
from app.stats.asked import Asked
from app.stats.measures import FIGURES
from app.stats.model import By, Question
from app.stats.projection import catch_up
from app.stats.rebuilding import rebuild
from app.stats.verify import verify
from tests.bench import Figure
from tests.bench._figure_pages import paged
from tests.bench._province import BIG, fill
from tests.bench._recount import recounted
from tests.small_world import settle
from tests.stats.lives import keep, life

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "5_000_000"))
_KEEP = os.environ.get("PHANANH_BENCH_KEEP")
_SKIP = os.environ.get("PHANANH_BENCH_SKIP", "").split(",")
_LIVES = 10_000
_ROUNDS = 3
_CHECKED = 8
_BAR = 100.0
"""Milliseconds."""
_LONG = 30.0
"""Minutes that rebuilding or verifying five million may take: a coffee, not a night."""
_KINDS: tuple[periods.Kind, ...] = ("day", "week", "month", "cut", "quarter", "year", "span")
_BY: tuple[By | None, ...] = (None, "agency", "category", "commune", "channel")
_FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"agencies": ("dien-luc-ca-mau",)},
    {"agencies": ("so-xay-dung", "moi-truong-do-thi-ca-mau", "cap-nuoc-ca-mau")},
    {"categories": ("street-light",)},
    {"communes": ("32002",)},
    {"channels": ("telegram",)},
    {"agencies": ("ubnd-32002",), "communes": ("32002",)},
    {"agencies": ("dien-luc-ca-mau",), "categories": ("street-light",)},
    {"categories": ("road-damage", "household-waste"), "communes": ("32002", "32025", "31825")},
    {"categories": ("noise",), "channels": ("hotline",)},
)
_Work = Callable[[Conn], Awaitable[Any]]


async def run() -> list[Figure]:
    async with _server() as url, await connect_pool(url, 4) as pool:
        if not await pool.fetchval("SELECT EXISTS (SELECT FROM reports)"):
            await fill(url, _MANY)
        figures = []
        if "rebuild" not in _SKIP or not await pool.fetchval("SELECT generation FROM stats_state"):
            figures.append(await _rebuilt(pool, url))
        await catch_up(pool)
        figures += await _asked(pool)
        figures += await paged(url, f"among {await _number(pool):,} reports")
        if "verify" not in _SKIP:
            figures += await _verified(pool, url)
    return [*figures, *await _lived()]


@asynccontextmanager
async def _server(keep: str | None = _KEEP, **settings: str) -> AsyncIterator[str]:
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        server = await asyncio.to_thread(_start, Path(keep or name), BIG | settings)
        try:
            await migrate(server.url())
            yield server.url()
        finally:
            await asyncio.to_thread(server.stop)


def _start(folder: Path, settings: dict[str, str]) -> EmbeddedPostgres:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # the server may run under another account
    server = EmbeddedPostgres(folder / "database", settings=settings)
    server.start()
    return server


async def _rebuilt(pool: Pool, url: str) -> Figure:
    began = time.perf_counter()
    with Progress() as progress:
        task = progress.add_task("rebuild", total=None)
        done = await rebuild(pool, lambda n, of: progress.update(task, completed=n, total=of), url)
    return _minutes("rebuilding the statistics", (time.perf_counter() - began) / 60, done)


async def _verified(pool: Pool, url: str) -> list[Figure]:
    began = time.perf_counter()
    with Progress() as progress:
        task = progress.add_task("verify", total=None)
        found = [one async for one in verify(pool, lambda n: progress.update(task, completed=n), url)]
    minutes = (time.perf_counter() - began) / 60
    return [
        _nothing("differences found by verifying", len(found)),
        _minutes("verifying the statistics", minutes, await _number(pool)),
    ]


def _minutes(name: str, minutes: float, reports: int) -> Figure:
    limit = max(reports / 5_000_000, 0.05) * _LONG
    name = f"{name} of {reports:,} reports"
    return Figure(
        name, round(minutes, 1), "min", "bar", round(limit, 1), round(minutes / limit, 2), "≤ 1 ×", minutes <= limit
    )


def _nothing(name: str, value: int) -> Figure:
    return Figure(name, value, "", "bar", 0, float(value), "0", value == 0)


# ---------------------------------------------------------------- questions


async def _asked(pool: Pool) -> list[Figure]:
    async with pool.acquire() as conn:
        now = await conn.fetchval("SELECT max(submitted_at) FROM reports") + timedelta(minutes=7)
        works = _works(now)
        figures, number = [], await _number(pool)
        for name, group in works.items():
            times = await _timed(conn, group)
            figures += _said(f"{name} among {number:,} reports", times)
        figures.append(_nothing("answers that are not a recount of what happened", await _apart(conn, now)))
    return figures


async def _number(pool: Pool) -> int:
    number: int = await pool.fetchval("SELECT reltuples::bigint FROM pg_class WHERE relname = 'reports'")
    return number


def _said(name: str, times: dict[str, list[float]]) -> list[Figure]:
    each = {what: statistics.median(took) for what, took in times.items()}
    worst = max(each, key=lambda what: each[what])
    if os.environ.get("PHANANH_BENCH_DETAILS"):
        for what in sorted(each, key=lambda what: -each[what])[:25]:
            sys.stderr.write(f"{each[what]:8.1f} ms  {name}: {what}\n")
    every = sorted(took for one in times.values() for took in one)
    p50, p99 = statistics.median(every), every[len(every) * 99 // 100]
    return [
        _figure(f"{name}, p50 (p99 {p99:.0f} ms, {len(each)} of them)", p50),
        _figure(f"{name}, p50 of the slowest: {worst}", each[worst]),
    ]


def _figure(name: str, value: float) -> Figure:
    return Figure(name, round(value, 1), "ms", "bar", _BAR, round(value / _BAR, 3), "≤ 1 ×", value <= _BAR)


async def _timed(conn: Conn, works: dict[str, _Work]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for round_ in range(_ROUNDS + 1):
        for name, work in works.items():
            began = time.perf_counter()
            await work(conn)
            if round_:
                times.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    return times


def _periods(now: datetime) -> dict[str, periods.Period]:
    found: dict[str, periods.Period] = {}
    for kind in _KINDS:
        current = periods.current(kind, now)
        found |= {f"this {kind}": current, f"{kind} before": current.before(), f"{kind} a year ago": current.year_ago()}
    return found


def _questions(now: datetime) -> dict[str, Question]:
    """Everything that a dashboard asks, as its addresses have it; and past periods as known today."""
    found: dict[str, Question] = {}
    for (period_name, period), asked, by in itertools.product(_periods(now).items(), _FILTERS, _BY):
        words = ", ".join("+".join(values) for values in asked.values()) or "all"
        name = f"{period_name}, {words}" + (f", by {by}" if by else "")
        found[name] = Asked(period=period, **asked).question(now, by)
        if "before" in period_name:
            found[f"{name}, as of now"] = Asked(period=period, as_of=now, **asked).question(now, by)
    return found


def _works(now: datetime) -> dict[str, dict[str, _Work]]:
    def ask(question: Question) -> _Work:
        return lambda conn: service.ask(conn, question)

    def trend(question: Question, steps: list[periods.Step]) -> _Work:
        return lambda conn: service.series(conn, question, steps)

    def first(question: Question, name: str) -> _Work:
        return lambda conn: service.listed(conn, question, FIGURES[name], slowest=name.startswith("hours"))

    def ages(question: Question) -> _Work:
        return lambda conn: service.ageing(conn, question)

    def longest(question: Question) -> _Work:
        return lambda conn: service.longest_overdue(conn, question)

    questions = _questions(now)
    some = random.Random(1).sample(sorted(questions), 60)
    trends, ageing = {}, {}
    for (name, period), asked in itertools.product(_periods(now).items(), _FILTERS):
        question = Asked(period=period, **asked).question(now)
        words = ", ".join("+".join(values) for values in asked.values()) or "all"
        trends[f"{name}, {words}"] = trend(question, period.steps())
    for name in some:
        ageing[f"{name}: ages"] = ages(questions[name])
        ageing[f"{name}: longest overdue"] = longest(questions[name])
    lists = {
        f"{figure}: {name}": first(questions[name], figure)
        for figure, name in itertools.product(FIGURES, random.Random(2).sample(sorted(questions), 12))
    }
    return {
        "a question": {name: ask(question) for name, question in questions.items()},
        "a trend": trends,
        "ages and longest overdue": ageing,
        "a page of a list": lists,
    }


async def _apart(conn: Conn, now: datetime) -> int:
    """How many of some answers are not what counting one by one says."""
    dice, wrong = random.Random(3), 0
    questions = _questions(now)
    for name in dice.sample(sorted(questions), _CHECKED):
        answer = await service.ask(conn, questions[name])
        if answer.groups != await recounted(conn, structs.replace(questions[name], end=answer.question.end)):
            sys.stderr.write(f"not a recount: {name}\n")
            wrong += 1
    return wrong


# ---------------------------------------------------------------- random lives


async def _lived() -> list[Figure]:
    """Lives that do whatever the status table allows, read as they would be day by day."""
    dice = random.Random(10_000)
    async with _server(None) as url, await connect_pool(url, 4) as pool:
        await settle(pool)
        lives = [life(dice) for _ in range(_LIVES)]
        async with pool.acquire() as conn:
            await keep(conn, lives)
        began = time.perf_counter()
        events = await catch_up(pool)
        rate = events / (time.perf_counter() - began)
        followed = len([one async for one in verify(pool)])
        await rebuild(pool, url=url)
        rebuilt = len([one async for one in verify(pool)])
    return [
        Figure("events read on a second", round(rate), "/s", "bar", 1000, round(rate / 1000, 2), "≥ 1 ×", rate >= 1000),
        _nothing(f"differences after {_LIVES:,} random lives were read on, and rebuilt", followed + rebuilt),
    ]
