"""Open311's list of a thousand requests, in both formats, over HTTP, among many published reports.

PHANANH_BENCH_REPORTS=100000 python -m tests.bench open311      with another number of reports
"""

import asyncio
import http.client
import os
import statistics
import time

from app.db import connect_pool, migrate
from app.places.dataset import known
from app.routing import service as routing
from tests.bench import Figure
from tests.bench._database import database
from tests.bench._reports import fill
from tests.bench.queue import _api
from tests.world import RULES

_REPORTS = int(os.environ.get("PHANANH_BENCH_REPORTS", "200_000"))
_LISTED = 1_000
_ROUNDS = 20
_BAR = 100.0
"""Milliseconds. A list that a program asks for every few minutes; people wait for none of it."""


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    async with database() as (folder, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        communes = [(c.code, c.full_name) for c in known().communes if c.province_code == rules.province_code]
        await routing.install(pool, rules, communes, "bench", "bench")
        await fill(pool, rules, _REPORTS, [])
        # As many as nobody publishes; two in three have a photo, one in three an answer that is told.
        await pool.execute("UPDATE reports SET published_at = submitted_at", timeout=1800)
        await pool.execute(
            """
            INSERT INTO report_messages (report_id, message_id, at, kind, author_kind, visibility, body)
            SELECT report_id, gen_random_uuid(), submitted_at, 'progress', 'staff', 'public', 'Đã đến xem, sẽ sửa.'
            FROM reports WHERE random() < 0.33
            """,
            timeout=1800,
        )
        await pool.execute("VACUUM ANALYZE", timeout=1800)
        await pool.close()
        async with _api(server.url(), folder) as port:
            return [await asyncio.to_thread(_measure, port, form) for form in ("xml", "json")]


def _measure(port: int, form: str) -> Figure:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    times = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        connection.request("GET", f"/open311/v2/requests.{form}?page_size={_LISTED}")
        answer = connection.getresponse()
        said = answer.read()
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, said
        assert said.count(b"service_request_id") == _LISTED * (2 if form == "xml" else 1)
    middle = statistics.median(times)
    name = f"Open311: {_LISTED:,} of {_REPORTS:,} published as {form.upper()} ({len(said) >> 10} KB), p50"
    ratio = middle / _BAR
    return Figure(name, round(middle, 1), "ms", "bar", _BAR, round(ratio, 3), "≤ 1 ×", ratio <= 1)
