"""Figures on paper: reading them and setting the administrative report, with a province's agencies and communes.

Signalen sets a PDF of one report in 587 ms on the same kind of machine.
"""

import random
import statistics
import time
from datetime import UTC, datetime

from msgspec import structs

from app.db import Pool, connect_pool, migrate
from app.exports import pdf
from app.exports.pdf_content import content
from app.exports.pdf_file import render
from app.exports.pdf_model import Paper
from app.exports.summary import Line, Table, summary
from app.stats import projection
from app.stats.asked import Asked
from app.stats.names import names
from app.stats.periods import parse
from tests.bench import Figure
from tests.bench._database import database
from tests.small_world import GAZETTEER, RULES, settle
from tests.stats.lives import keep, life

_LIVES = 2_000
_TIMES = 9
_SIGNALEN = 587.0
_NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)


async def run() -> list[Figure]:
    async with database(durable=False) as (_, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        try:
            await _fill(pool)
            return [await _measure(pool)]
        finally:
            await pool.close()


async def _fill(pool: Pool) -> None:
    dice = random.Random(587)
    await settle(pool)
    async with pool.acquire() as conn:
        await keep(conn, [life(dice) for _ in range(_LIVES)])
    await projection.catch_up(pool)


def _of_a_province(paper: Paper) -> Paper:
    """With as many rows as the province has agencies and communes."""
    communes = [c.full_name for c in GAZETTEER.communes if c.province_code == RULES.province_code]
    rows = tuple(Line(name, name, paper.totals) for name in communes)
    agencies = tuple(Line(name, f"Ủy ban nhân dân {name}", paper.totals) for name in communes)
    many = {"commune": rows, "agency": agencies + agencies[:20]}
    tables = tuple(Table(table.by, many.get(table.by, table.lines)) for table in paper.summary.tables)
    return structs.replace(paper, summary=structs.replace(paper.summary, tables=tables))


async def _measure(pool: Pool) -> Figure:
    asked, taken = Asked(period=parse("2026-03")), []
    for _ in range(_TIMES):
        began = time.perf_counter()
        async with pool.acquire() as conn:
            called = await names(conn, RULES, GAZETTEER)
            found = await summary(conn, called, asked, "vi", _NOW)
            paper = await pdf.read(conn, called, found, asked, _NOW, "ioc")
        render(content(_of_a_province(paper)))
        taken.append(1000 * (time.perf_counter() - began))
    p50 = statistics.median(taken)
    what = "administrative report of a month as PDF, read and set, 84 agencies and 64 communes, p50"
    return Figure(what, p50, "ms", "Signalen's PDF of one report", _SIGNALEN, p50 / _SIGNALEN, "≤ 1", p50 <= _SIGNALEN)
