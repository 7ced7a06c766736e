"""The pages of figures over HTTP, as a leader opens them: the dashboard, insight, rules that send wrongly."""

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
from app.console.rules_misrouted import PERIODS
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
_SLOWEST = 1000.0
"""And whichever time is chosen."""


async def paged(url: str, among: str) -> list[Figure]:
    rules = routing.load(RULES)
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as home:
        async with await connect_pool(url, 4) as pool, parts_over(pool, None, rules, Path(home)) as parts:  # type: ignore[arg-type]  # no photo is worked on
            name = f"leader-{uuid4().hex[:8]}"  # the database may be kept
            await accounts.create_staff(pool, name, "Trần Thị Bích", "ioc", Role.LEADER, PASSWORD, SYSTEM)
            async with running(parts) as address, httpx.AsyncClient(base_url=address, timeout=60) as browser:
                await _sign_in(browser, name)
                return [
                    *await _figures(browser, f"dashboard {among}", [f"/console/dashboard?{q}" for q in _queries(_BY)]),
                    *await _figures(browser, f"insight {among}", [f"/console/insight?{q}" for q in _queries(("",))]),
                    *await _figures(browser, f"rules that send wrongly {among}", _of_rules()),
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


def _of_rules() -> list[str]:
    """For each time that is offered; and the cases of one rule."""
    now = datetime.now(UTC)
    found = [f"/console/rules/misrouted?days={days}" for days in PERIODS]
    for kind in _KINDS:
        period = periods.current(kind, now)
        found += [
            f"/console/insight/rule?period={each.key}&rule=chieu-sang-ca-mau" for each in (period, period.before())
        ]
    return found


async def _figures(browser: httpx.AsyncClient, name: str, paths: list[str]) -> list[Figure]:
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
    slowest = max(times, key=lambda path: statistics.median(times[path]))
    return [
        _figure(f"{name}, p50 (p99 {p99:.0f} ms, {len(paths)} of them)", p50, _BAR),
        _figure(f"the slowest: {slowest}", statistics.median(times[slowest]), _SLOWEST),
    ]


def _figure(name: str, value: float, bar: float) -> Figure:
    return Figure(name, round(value, 1), "ms", "bar", bar, round(value / bar, 3), "≤ 1 ×", value <= bar)
