"""Millions of reports with their whole histories, in minutes.

Some tens of thousands of lives are lived by the real effects of real acts (``tests/stats/province.py``). Each is
copied many times: sent a whole number of weeks earlier, so that office hours stay what they were, often in another
commune whose matters go to the same kinds of agencies, under an id and a code of its own, its history chained anew.
What lies after now has not happened yet. Words other than the report's own, photos and reporters are left out.

Written by binary COPY from two processes, without indexes, which are made again afterwards.
"""

import asyncio
import multiprocessing
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO

import asyncpg
from msgspec import Struct, structs
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.places.model import Commune
from app.places.service import embedded_default
from app.routing import service as routing
from app.routing.model import Facts, commune_office_id
from app.routing.ruleset import RuleSet, load
from tests.bench._rows import REPORT, Copies, Written
from tests.stats.lives import EVENT
from tests.stats.province import Province
from tests.world import RULES

WEEKS = 156
_PROCESSES = 2
_LIVES = 30_000
_CHUNK = 4_000
_STAYS = 0.6
"""So many of the copies stay in the commune of the life they are made from."""
_SIGNATURE, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
BIG: dict[str, str] = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "max_wal_size": "4GB", "checkpoint_timeout": "30min", "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB", "work_mem": "64MB", "effective_cache_size": "12GB", "random_page_cost": "1.1",
}  # fmt: skip
"""How a server with so much is set up; this one may forget everything."""


async def fill(url: str, reports: int) -> None:
    """About so many reports into an empty, migrated database."""
    rules = routing.load(RULES)
    admin = await asyncpg.connect(url, command_timeout=7200)
    pool = await asyncpg.create_pool(url, min_size=1, max_size=2, command_timeout=7200)
    try:
        with Progress(
            SpinnerColumn(), TextColumn("{task.description}"), *Progress.get_default_columns()[1:3],
            MofNCompleteColumn(), TimeElapsedColumn(),
        ) as progress:  # fmt: skip
            await _install(url, rules)
            remake = await _without_indexes(admin)
            task = progress.add_task("reports with their histories", total=reports)
            await _copy(url, rules, reports, lambda done: progress.update(task, advance=done))
            progress.update(task, total=None)
            task = progress.add_task("indexes", total=len(remake))
            await asyncio.gather(*(_remade(pool, remake, lambda: progress.advance(task)) for _ in range(_PROCESSES)))
            task = progress.add_task("codes, tidying", total=2)
            await admin.execute("INSERT INTO report_codes SELECT code, report_id FROM reports ORDER BY code")
            progress.advance(task)
            await admin.execute("VACUUM (FREEZE, ANALYZE) reports")
            await admin.execute("ANALYZE report_events")
            progress.advance(task)
    finally:
        await pool.close()
        await admin.close()


async def _install(url: str, rules: RuleSet) -> None:
    from app.db import connect_pool

    communes = [(c.code, c.full_name) for c in embedded_default().communes if c.province_code == rules.province_code]
    async with await connect_pool(url, 1) as pool:
        await routing.install(pool, rules, communes, "bench", "bench")


async def _without_indexes(conn: "asyncpg.Connection[asyncpg.Record]") -> list[str]:
    """Drop what COPY would have to keep up; gives the statements that make it again, the longest first."""
    rows = await conn.fetch(
        """
        SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('reports', 'report_events')
        AND indexname NOT IN ('reports_pkey', 'report_events_pkey')
        """
    )
    for row in rows:
        await conn.execute(f"DROP INDEX {row['indexname']}")
    await conn.execute("ALTER TABLE report_events DROP CONSTRAINT report_events_pkey")
    defs = sorted((row["indexdef"] for row in rows), key=lambda one: "report_events" in one)
    return [*defs, "ALTER TABLE report_events ADD PRIMARY KEY (report_id, seq)"]


async def _remade(pool: "asyncpg.Pool[asyncpg.Record]", todo: list[str], done: Callable[[], None]) -> None:
    async with pool.acquire() as conn:
        while todo:
            await conn.execute(todo.pop())
            done()


async def _copy(url: str, rules: RuleSet, reports: int, done: Callable[[int], None]) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    lives = min(_LIVES, max(reports // 20, 500))
    sizes = _sizes(reports)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, context, _begin, (url, rules.source, lives, now)) as pool:
        loop = asyncio.get_running_loop()
        begins = [sum(sizes[:week]) for week in range(WEEKS)]
        weeks: list[Awaitable[int]] = [
            loop.run_in_executor(pool, _week, week, begins[week], sizes[week]) for week in range(WEEKS)
        ]
        for one in asyncio.as_completed(weeks):
            done(await one)


def _sizes(reports: int) -> list[int]:
    """How many are sent in each week: more with the years, and more in some weeks than in others."""
    dice = random.Random(reports)
    shares = [(0.7 + 0.6 * week / WEEKS) * dice.uniform(0.85, 1.15) for week in range(WEEKS)]
    return [round(reports * share / sum(shares)) for share in shares]


# ---------------------------------------------------------------- in the copying processes


class _Here(Struct):
    url: str
    copies: Copies
    alike: list[list[Commune]]


_here: list[_Here] = []


def _begin(url: str, source: str, lives: int, now: datetime) -> None:
    rules = load(source, proven=True)
    monday = (now + timedelta(hours=7)).replace(hour=0, minute=0, second=0) - timedelta(hours=7, days=now.weekday())
    communes = [c for c in embedded_default().communes if c.province_code == rules.province_code]
    province = Province(rules, embedded_default(), random.Random(1022), monday)
    _here[:] = [_Here(url, Copies(province.lives(lives), communes, now), _alike(rules, communes))]


def _alike(rules: RuleSet, communes: list[Commune]) -> list[list[Commune]]:
    """Communes whose matters go to the same agencies, but for the commune's own office."""
    groups: dict[tuple[str, ...], list[Commune]] = defaultdict(list)
    for commune in communes:
        facts = Facts(
            at=datetime(2026, 3, 2, tzinfo=UTC), commune_code=commune.code, commune_name=commune.full_name,
            province_code=rules.province_code,
        )  # fmt: skip
        chosen = (rules.choose(structs.replace(facts, category=one)).agency_id for one in rules.categories)
        own = commune_office_id(commune.code)
        groups[tuple("own" if agency == own else agency for agency in chosen)].append(commune)
    return list(groups.values())


def _week(week: int, first: int, count: int) -> int:
    """Copies for one week, ``WEEKS - 1`` being the present one; gives how many came of it."""
    (here,) = _here
    dice = random.Random(week)
    others = {
        commune.code: other
        for group in here.alike
        for commune, other in zip(group, dice.sample(group, len(group)), strict=True)
    }
    return asyncio.run(_send(here.url, _chunks(here.copies, dice, week, others, range(first, first + count))))


def _chunks(
    copies: Copies, dice: random.Random, week: int, others: dict[str, Commune], numbers: range
) -> Iterator[Written]:
    shift = timedelta(weeks=week - WEEKS + 1)
    stays, moves = copies.words(shift, {}), copies.words(shift, others)
    chosen = sorted(dice.choices(range(len(copies.lives)), k=len(numbers)), key=lambda i: copies.lives[i].begin)
    for at in range(0, len(numbers), _CHUNK):
        written = Written()
        for number, index in zip(numbers[at : at + _CHUNK], chosen[at : at + _CHUNK], strict=True):
            copies.write(written, index, stays if dice.random() < _STAYS else moves, number, dice.getrandbits(74))
        yield written


async def _send(url: str, chunks: Iterator[Written]) -> int:
    conn = await asyncpg.connect(url, server_settings={"session_replication_role": "replica"}, command_timeout=3600)
    done = 0
    try:
        for written in chunks:
            for table, columns, rows in (
                ("reports", REPORT, written.reports), ("report_events", EVENT, written.events),
            ):  # fmt: skip
                body = BytesIO(b"".join((_SIGNATURE, *rows, _END)))
                await conn.copy_to_table(table, source=body, columns=columns, format="binary")
            done += len(written.reports)
    finally:
        await conn.close()
    return done
