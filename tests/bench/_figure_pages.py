"""The pages of figures over HTTP, as a leader opens them: the dashboard, insight."""

import os
import re
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import connect_pool
from app.routing import service as routing
from app.stats import periods
from tests.bench import Figure
from tests.serving import running
from tests.world import PASSWORD, RULES, parts_over

_ROUNDS = 4
_KINDS: tuple[periods.Kind, ...] = ("day", "month", "cut", "year")
_NARROWED = ("", "agency=dien-luc-ca-mau", "category=street-light&channel=telegram", "commune=32002")
_BY = ("by=agency", "by=category", "by=commune")
_BAR = 500.0
"""Milliseconds in which a page with all its figures is there: each may take a fifth of it."""


async def paged(url: str, among: str) -> list[Figure]:
    rules = routing.load(RULES)
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as home:
        async with await connect_pool(url, 4) as pool, parts_over(pool, None, rules, Path(home)) as parts:  # type: ignore[arg-type]  # no photo is worked on
            name = f"leader-{uuid4().hex[:8]}"  # the database may be kept
            await accounts.create_staff(pool, name, "Trần Thị Bích", "ioc", Role.LEADER, PASSWORD, SYSTEM)
            async with running(parts) as address, httpx.AsyncClient(base_url=address, timeout=60) as browser:
                await _sign_in(browser, name)
                return [
                    await _figure(browser, f"dashboard {among}", [f"/console/dashboard?{q}" for q in _queries(_BY)]),
                    await _figure(browser, f"insight page {among}", [f"/console/insight?{q}" for q in _queries(("",))]),
                ]


async def _sign_in(browser: httpx.AsyncClient, name: str) -> None:
    token = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/console/signin")).text)
    assert token
    form = {"csrf": token[1], "username": name, "password": PASSWORD}
    assert (await browser.post("/console/signin", data=form)).status_code == 303


def _queries(more: tuple[str, ...]) -> list[str]:
    """This period and the one before, of each kind; narrowed down; by agency and so on."""
    now = datetime.now(UTC)
    current = [periods.current(kind, now) for kind in _KINDS]
    return [
        "&".join(filter(None, (f"period={period.key}", narrowed, by)))
        for each in current
        for period in (each, each.before())
        for narrowed in _NARROWED
        for by in more
    ]


async def _figure(browser: httpx.AsyncClient, name: str, paths: list[str]) -> Figure:
    times: dict[str, list[float]] = {}
    for round_ in range(_ROUNDS):
        for path in paths:
            began = time.perf_counter()
            answer = await browser.get(path)
            took = (time.perf_counter() - began) * 1000
            assert answer.status_code == 200, (path, answer.status_code)
            if round_:
                times.setdefault(path, []).append(took)
    if os.environ.get("PHANANH_BENCH_DETAILS"):
        for path in sorted(times, key=lambda path: -statistics.median(times[path]))[:10]:
            sys.stderr.write(f"{statistics.median(times[path]):8.1f} ms  {path}\n")
    every = sorted(took for one in times.values() for took in one)
    p50, p99 = statistics.median(every), every[len(every) * 99 // 100]
    said = f"{name}, p50 (p99 {p99:.0f} ms, {len(paths)} of them)"
    return Figure(said, round(p50, 1), "ms", "bar", _BAR, round(p50 / _BAR, 3), "≤ 1 ×", p50 <= _BAR)
