"""The page of hot spots and what its large map asks for, over HTTP, signed in as a leader.

PHANANH_BENCH_REPORTS=1_000_000 python -m tests.bench hotspots      with another number in place of 200,000
"""

import asyncio
import http.client
import os
import statistics
import time
from datetime import UTC, datetime

from tests.bench import Figure
from tests.bench._lists import LEADER, listed
from tests.bench.queue import _api, _signed_in

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "200_000"))
_ROUNDS = 7
_MS, _KB = 300, 150


async def run() -> list[Figure]:
    async with listed(_MANY, durable=False) as place, _api(place.url, place.folder) as port:
        cookie = await _signed_in(port, LEADER)
        figures: list[Figure] = []
        for name, period in (("a month", f"{datetime.now(UTC):%Y-%m}"), ("everything", place.period)):
            for what, path in (("page", ""), ("large map", "/points")):
                took, size = await asyncio.to_thread(_ask, port, cookie, f"/console/hotspots{path}?period={period}")
                of = f"hot spots among {_MANY:,} reports, {what} of {name}"
                figures += [_figure(f"{of}, p50", took, _MS, "ms"), _figure("the same, over the wire", size, _KB, "KB")]
        return figures


def _figure(name: str, value: float, limit: float, unit: str) -> Figure:
    return Figure(name, round(value, 1), unit, "bar", limit, round(value / limit, 3), "≤ 1 ×", value <= limit)


def _ask(port: int, cookie: str, path: str) -> tuple[float, float]:
    """Milliseconds and kilobytes."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times, size = [], 0
    for _ in range(_ROUNDS + 1):
        began = time.perf_counter()
        line.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
        answer = line.getresponse()
        size = len(answer.read())
        times.append(time.perf_counter() - began)
        assert answer.status == 200, (path, answer.status)
    return statistics.median(times[1:]) * 1000, size / 1000
