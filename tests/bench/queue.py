"""The queue's page over HTTP, signed in, among ten thousand and among a million reports.

PHANANH_BENCH_REPORTS=100000 python -m tests.bench queue      with another number in place of the million
"""

import asyncio
import http.client
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import httpx

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres, die_with_parent
from app.main import create_app
from app.places.dataset import known
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from tests.bench import Figure
from tests.bench._reports import fill
from tests.ports import free_ports
from tests.small_world import counted, counting
from tests.world import AN_XUYEN, COMPANY, PASSWORD, POWER, RULES, parts_over

_MANY = int(os.environ.get("PHANANH_BENCH_REPORTS", "1_000_000"))
_FEW = 10_000
_ROUNDS = 12
_COLLEAGUES = 60
_DAY = (datetime.now(UTC) - timedelta(days=5)).date().isoformat()
_PEOPLE = {"officer": (COMPANY, Role.OFFICER), "coordinator": ("ioc", Role.COORDINATOR)}
_PAGES = {
    "officer": (
        "", "tab=mine", "tab=unassigned", "tab=overdue", "tab=awaiting", "tab=done", "tab=all", "category=street-light",
        f"commune={AN_XUYEN}", "urgency=urgent", "channel=hotline", f"from={_DAY}", "tag=m%C3%B9a+m%C6%B0a",
        "status=in_progress", "tab=done&rating=dissatisfied", f"tab=overdue&category=street-light&commune={AN_XUYEN}",
    ),
    "coordinator": (
        "", "tab=open", "tab=returned", "tab=extension", "tab=overdue", "tab=awaiting", "tab=done", "tab=all",
        f"tab=open&agency={POWER}", f"tab=open&commune={AN_XUYEN}&category=street-light", "tab=open&urgency=urgent",
        "tab=open&channel=hotline&category=pothole", f"tab=open&from={_DAY}&to={_DAY}", "tab=all&tag=m%C3%B9a+m%C6%B0a",
        "tab=done&rating=dissatisfied", f"tab=done&agency={COMPANY}", f"tab=all&commune={AN_XUYEN}&status=rejected",
    ),
}  # fmt: skip
_WORDS = ("den duong", "đèn đường", "ổ gà", "nguy hiem", "rac", "tac van", "ba đêm nay chưa ai sửa", "khong co dau ca")
_SEARCHES = {
    "officer": [urlencode({"tab": tab, "q": q}) for q in _WORDS for tab in ("agency", "all")],
    "coordinator": [urlencode({"tab": tab, "q": q}) for q in _WORDS for tab in ("open", "all")],
}


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        folder = Path(name)
        await asyncio.to_thread(folder.chmod, 0o755)
        server = EmbeddedPostgres(
            folder / "db", settings={"fsync": "off", "synchronous_commit": "off", "shared_buffers": "2GB"}
        )
        server.start()
        try:
            await migrate(server.url())
            pool = await connect_pool(server.url(), 2)
            try:
                return await _figures(pool, rules, server.url(), folder)
            finally:
                await pool.close()
        finally:
            server.stop()


async def _figures(pool: Pool, rules: RuleSet, url: str, folder: Path) -> list[Figure]:
    communes = [c for c in known().communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
    officers = []
    for name, (agency, role) in _PEOPLE.items():
        staff_id, _ = await accounts.create_staff(pool, name, "Trần Thị Bích", agency, role, PASSWORD, SYSTEM)
        if role is Role.OFFICER:
            officers += [(agency, staff_id), *await _colleagues(pool, agency)]
    await fill(pool, rules, _FEW, officers)
    async with _api(url, folder) as port:
        few = await _measure(port, _PAGES)
    await fill(pool, rules, _MANY, officers)
    async with _api(url, folder) as port:
        pages, searches = await _measure(port, _PAGES), await _measure(port, _SEARCHES)
    among = f"among {_MANY:,} reports"
    return [
        _figure(f"queue page {among}, p50", statistics.median(pages), 15, "ms"),
        _figure(f"queue page {among}, p99", _p99(pages), 50, "ms"),
        _figure(
            f"queue page {among}, p50 held against {_FEW:,}",
            statistics.median(pages),
            statistics.median(few),
            "ms",
            1.5,
        ),
        _figure(f"search {among}, p50 (p99 {_p99(searches):.1f} ms)", statistics.median(searches), 20, "ms"),
        _figure("statements of a queue page, session included", await _statements(url, rules, folder), 4, ""),
    ]


async def _colleagues(pool: Pool, agency: str) -> list[tuple[str, UUID]]:
    """Others of the agency, who never sign in."""
    rows = await pool.fetch(
        """
        INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)
        SELECT gen_random_uuid(), $1, 'colleague-' || n, 'Lê Văn Phước ' || n, 'officer', ''
        FROM generate_series(1, $2) n
        RETURNING staff_id
        """,
        agency,
        _COLLEAGUES,
    )
    return [(agency, row["staff_id"]) for row in rows]


def _p99(times: list[float]) -> float:
    return sorted(times)[len(times) * 99 // 100]


def _figure(name: str, value: float, limit: float, unit: str, most: float = 1.0) -> Figure:
    ratio = value / limit
    held = "bar" if most == 1 else "the few"
    return Figure(name, round(value, 2), unit, held, round(limit, 2), round(ratio, 3), f"≤ {most:g} ×", ratio <= most)


@asynccontextmanager
async def _api(url: str, folder: Path) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    env = {
        "PATH": os.environ.get("PATH", ""), "PHANANH_HOME": str(folder / "home"), "PHANANH_DATABASE_URL": url,
        "PHANANH_PORT": str(port), "PHANANH_RULES": str(RULES), "PHANANH_SECRET_KEY": "k" * 40,
    }  # fmt: skip
    with (folder / "api.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  # nothing else runs yet
            [sys.executable, "-m", "app.cli", "api"], env=env, stdout=log, stderr=log,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as browser:
            while not await _ready(browser, port):
                assert process.poll() is None, (folder / "api.log").read_text()
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


async def _ready(browser: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await browser.get(f"http://127.0.0.1:{port}/readyz")).is_success
    except httpx.TransportError:
        return False


async def _measure(port: int, asked: dict[str, tuple[str, ...]] | dict[str, list[str]]) -> list[float]:
    """Milliseconds of each page, asked for one after the other; the first round warms up. What is slow is printed."""
    cookies = {person: await _signed_in(port, person) for person in asked}
    return await asyncio.to_thread(_ask, port, [(cookies[p], p, q) for p, each in asked.items() for q in each])


async def _signed_in(port: int, person: str) -> str:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as browser:
        token = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/console/signin")).text)
        assert token
        form = {"csrf": token[1], "username": person, "password": PASSWORD}
        assert (await browser.post("/console/signin", data=form)).status_code == 303
        return f"phananh={browser.cookies['phananh']}"


def _ask(port: int, pages: list[tuple[str, str, str]]) -> list[float]:
    line = http.client.HTTPConnection("127.0.0.1", port)
    times: dict[str, list[float]] = {}
    for round_ in range(_ROUNDS + 1):
        for cookie, person, query in pages:
            began = time.perf_counter()
            line.request("GET", f"/console/queue?{query}", headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
            answer = line.getresponse()
            answer.read()
            took = (time.perf_counter() - began) * 1000
            assert answer.status == 200, (person, query, answer.status)
            if round_:
                times.setdefault(f"{person} {query}", []).append(took)
    if os.environ.get("PHANANH_BENCH_DETAILS"):
        for name, each in sorted(times.items(), key=lambda one: -statistics.median(one[1])):
            sys.stderr.write(f"{statistics.median(each):8.1f} {max(each):8.1f}  {name}\n")
    return [each for one in times.values() for each in one]


async def _statements(url: str, rules: RuleSet, folder: Path) -> int:
    """The most that any of the pages sends."""
    most = 0
    async with counting(url) as (pool, sent), parts_over(pool, None, rules, folder / "home") as parts:  # type: ignore[arg-type]  # no photo is worked on
        transport = httpx.ASGITransport(app=create_app(parts))  # type: ignore[arg-type]  # Litestar's ASGI types
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as browser:
            form = {"username": "officer", "password": PASSWORD}
            token = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/console/signin")).text)
            assert token
            await browser.post("/console/signin", data={"csrf": token[1], **form})
            for query in (*_PAGES["officer"], *_SEARCHES["officer"]):
                await counted(sent)
                assert (await browser.get(f"/console/queue?{query}")).status_code == 200
                most = max(most, len(await counted(sent)))
    return most
