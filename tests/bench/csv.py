"""A list of a hundred thousand reports as CSV over HTTP, held against PostgreSQL's own COPY of the same statement."""

import asyncio
import http.client
import time
from uuid import UUID

import psutil
from msgspec import Struct

from app.exports import store_rows
from app.exports.store_rows import Behind
from app.stats import store as stats_store
from tests.bench import Figure
from tests.bench._lists import COLUMNS, LEADER, Listed, listed
from tests.bench.queue import _api, _signed_in

_FIRST_BYTE, _TIMES, _MORE = 0.2, 3, 20
"""Seconds; of COPY's time; megabytes."""


class Taken(Struct, frozen=True):
    first: float
    total: float
    rows: int
    grown: float


async def run() -> list[Figure]:
    async with listed() as place:
        async with _api(place.url, place.folder) as port:
            cookie = await _signed_in(port, LEADER)
            await asyncio.to_thread(_take, port, cookie, place.period)  # warms up
            taken = await asyncio.to_thread(_take, port, cookie, place.period)
        bare = min([await _copied(place) for _ in range(2)])
    return [
        _figure(f"CSV of {taken.rows:,} reports, first byte", taken.first, _FIRST_BYTE, "s", "bar", 1),
        _figure(f"CSV of {taken.rows:,} reports, the whole", taken.total, bare, "s", "bare COPY", _TIMES),
        _figure(f"CSV of {taken.rows:,} reports, memory of the server", taken.grown, _MORE, "MB more", "bar", 1),
    ]


def _figure(name: str, value: float, limit: float, unit: str, held: str, most: float) -> Figure:
    ratio = value / limit
    return Figure(name, round(value, 3), unit, held, round(limit, 3), round(ratio, 3), f"≤ {most:g} ×", ratio <= most)


def _take(port: int, cookie: str, period: str) -> Taken:
    server = next(
        psutil.Process(one.pid)
        for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid
    )
    before = most = server.memory_info().rss
    line = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    line.request("GET", f"/console/exports/now.csv?period={period}", headers={"Cookie": cookie})
    answer = line.getresponse()
    assert answer.status == 200, answer.read()
    lines = answer.read(1).count(b"\n")
    first = time.perf_counter() - began
    while piece := answer.read(1 << 20):
        lines += piece.count(b"\r\n")
        most = max(most, server.memory_info().rss)
    total = time.perf_counter() - began
    expected = int(answer.headers["Phananh-Rows"])
    assert lines > expected  # words have lines of their own
    return Taken(first, total, expected, (most - before) / 1e6)


async def _copied(place: Listed) -> float:
    """Seconds of COPY, in one statement."""
    wanted = place.wanted("csv", COLUMNS)
    question = wanted.asked.question(wanted.as_of)
    async with place.pool.acquire() as conn:
        state = await stats_store.state(conn)
        behind = Behind(question.start, UUID(int=0))
        arguments = store_rows.arguments(state, question, wanted.reader, behind, 10_000_000)
        began = time.perf_counter()
        await conn.copy_from_query(
            store_rows.statement(state, question), *arguments, output=_nowhere, format="csv", timeout=600
        )
        return time.perf_counter() - began


async def _nowhere(_: bytes) -> None:
    pass
