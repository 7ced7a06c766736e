"""Thirty officers of ten agencies at work at once, while reports come in: how long pages take, whether an update is
lost, whether anybody ever sees another agency's case. Real server and worker, all over HTTP.

PHANANH_BENCH_SECONDS=30 python -m tests.bench officers      with another time in place of five minutes
"""

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from msgspec import Struct

from app import settings as configuration
from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool
from app.embedded import EmbeddedPostgres, die_with_parent
from app.places.service import embedded_default
from app.wiring import prepare
from tests.bench import Figure, _samples
from tests.bench._database import database, environment
from tests.ports import free_ports
from tests.world import PASSWORD

_SECONDS = float(os.environ.get("PHANANH_BENCH_SECONDS", "300"))
_AGENCIES, _EACH = 10, 3
_INTAKES_PER_SECOND = 20
_BEFORE = 1500
"""Reports that are there when the officers come to work."""
_THINK = (0.4, 1.6)
"""Seconds between two clicks."""
_AT_ONCE = timedelta(seconds=2)
"""A page that was being read while a case moved on may still show it."""
_CODE = re.compile(r"PA-[0-9A-Z]{4}-[0-9A-Z]{4}")


class View(Struct, frozen=True):
    """Codes that stood on somebody's page, and when."""

    agencies: frozenset[str]
    codes: frozenset[str]
    began: datetime
    ended: datetime


class Done(Struct, frozen=True):
    """An act that the server said it had done, on this version."""

    code: str
    key: str
    version: int


class Log(Struct):
    """Everything that happened."""

    pages: dict[str, list[float]] = {}
    views: list[View] = []
    done: list[Done] = []
    said: Counter[str] = Counter()
    known: list[str] = []

    def took(self, what: str, seconds: float) -> None:
        self.pages.setdefault(what, []).append(seconds)


class Officer:
    """Looks at the queue, opens a case, does something to it, again and again; now and then tries a case that may be
    nobody's business of theirs."""

    def __init__(self, http: httpx.AsyncClient, agencies: frozenset[str], is_lead: bool, others: list[str], log: Log):
        self.http, self.agencies, self.is_lead, self.others, self.log = http, agencies, is_lead, others, log
        self.chance = random.Random(uuid4().int)  # whom they pick, no secret

    async def sign_in(self, username: str) -> None:
        page = await self.http.get("/console/signin")
        found = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert found
        form = {"csrf": found[1], "username": username, "password": PASSWORD}
        answer = await self.http.post("/console/signin", data=form)
        assert answer.status_code == 303, answer.text
        self.csrf = (await self.http.get("/api/v1/staff/session")).json()["csrf_token"]

    async def work(self, until: float) -> None:
        while time.monotonic() < until:
            codes = await self.see("queue", "/console/queue?tab=agency")
            await self.think()
            pick = self.chance.random()
            if pick < 0.1 and self.log.known:
                await self.see("case", f"/console/reports/{self.chance.choice(self.log.known)}")
            elif codes:
                # The first rows are everybody's favourites, so that people meet on a case.
                code = self.chance.choice(sorted(codes)[:12])
                await self.see("case", f"/console/reports/{code}")
                await self.think()
                await self.act(code)
            await self.think()

    async def think(self) -> None:
        await asyncio.sleep(self.chance.uniform(*_THINK))

    async def see(self, what: str, path: str) -> list[str]:
        """The codes on the page. Another one's case is a 404, which shows nothing."""
        began, at = time.perf_counter(), datetime.now(UTC)
        answer = await self.http.get(path)
        self.log.took(what, time.perf_counter() - began)
        self.log.said[f"{what} {answer.status_code}"] += 1
        codes = _CODE.findall(answer.text) if answer.status_code == 200 else []
        self.log.views.append(View(self.agencies, frozenset(codes), at, datetime.now(UTC)))
        return list(dict.fromkeys(codes))

    async def act(self, code: str) -> None:
        case = await self.http.get(f"/api/v1/staff/reports/{code}")
        if case.status_code != 200:
            return
        version, allowed = case.json()["version"], set(case.json()["acts"])
        await self.think()
        wanted = [one for one in ("claim", "start", "progress", "note", "note", "progress") if one in allowed]
        if self.is_lead and "transfer" in allowed and self.chance.random() < 0.5:
            wanted = ["transfer"]
        if not wanted:
            return
        act, key = self.chance.choice(wanted), str(uuid4())
        body: dict[str, Any] = {"version": version, "text": f"Việc {key}."}
        if act == "transfer":
            body["agency"] = self.chance.choice([one for one in self.others if one not in self.agencies])
        headers = {"Idempotency-Key": key, "X-CSRF-Token": self.csrf}
        began = time.perf_counter()
        answer = await self.http.post(f"/api/v1/staff/reports/{code}/acts/{act}", json=body, headers=headers)
        self.log.took("act", time.perf_counter() - began)
        self.log.said[f"act {answer.status_code}"] += 1
        if answer.status_code == 200:
            self.log.done.append(Done(code, key, version))


async def run() -> list[Figure]:
    async with database() as (folder, server):
        return await _measure(server, folder)


async def _measure(server: EmbeddedPostgres, folder: Path) -> list[Figure]:
    port = free_ports(1)[0]
    env = environment(folder, server, port)
    await prepare(configuration.load(env))
    pool, log = await connect_pool(server.url(), 4), Log()
    url = f"http://127.0.0.1:{port}"
    try:
        async with (
            _process(env, "api", f"{url}/readyz"),
            _process(env, "worker", ""),
            httpx.AsyncClient(base_url=url, timeout=60) as citizens,
        ):
            bodies = _bodies(2000)
            for start in range(0, _BEFORE, 30):
                await asyncio.gather(*(_intake(citizens, body, log) for body in bodies[start : start + 30]))
            officers = await _officers(pool, url, log)
            log.said.clear()
            log.pages.clear()
            until = time.monotonic() + _SECONDS
            sending = asyncio.create_task(_stream(citizens, bodies[_BEFORE:], log, until))
            await asyncio.gather(*(one.work(until) for one in officers), sending)
            for one in officers:
                await one.http.aclose()
        return await _figures(pool, log)
    finally:
        await pool.close()


@asynccontextmanager
async def _process(env: dict[str, str], name: str, ready: str) -> AsyncIterator[None]:
    with (Path(env["PHANANH_HOME"]) / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  # nothing else runs yet
            [sys.executable, "-m", "app.cli", name], env=env, stdout=log, stderr=log,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as http:
            while ready and not await _answers(http, ready):
                assert process.poll() is None, f"the {name} ended at start"
        yield
        assert process.poll() is None, f"the {name} ended at work"
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        await asyncio.sleep(0.05)
        return False


def _bodies(count: int) -> list[dict[str, Any]]:
    made = _samples.reports(embedded_default(), random.Random(5), count)  # the same each time
    return [{"text": text, "consent": True} | place for text, place in made]


async def _intake(http: httpx.AsyncClient, body: dict[str, Any], log: Log) -> None:
    began = time.perf_counter()
    answer = await http.post("/api/v1/reports", json=body)
    log.took("intake", time.perf_counter() - began)
    log.said[f"intake {answer.status_code}"] += 1
    if answer.status_code == 201:
        log.known.append(answer.json()["code"])


async def _stream(http: httpx.AsyncClient, bodies: list[dict[str, Any]], log: Log, until: float) -> None:
    """Twenty a second, whether or not the ones before are answered."""
    began, sent, running = time.monotonic(), 0, set[asyncio.Task[None]]()
    while time.monotonic() < until:
        task = asyncio.create_task(_intake(http, bodies[sent % len(bodies)], log))
        running.add(task)
        task.add_done_callback(running.discard)
        sent += 1
        await asyncio.sleep(max(0.0, began + sent / _INTAKES_PER_SECOND - time.monotonic()))
    await asyncio.gather(*running)


async def _officers(pool: Pool, url: str, log: Log) -> list[Officer]:
    """Three for each of the ten agencies that have the most to do; one of them a lead."""
    rows = await pool.fetch(
        "SELECT agency_id FROM reports WHERE agency_id <> 'ioc' GROUP BY 1 ORDER BY count(*) DESC LIMIT $1", _AGENCIES
    )
    agencies = [row["agency_id"] for row in rows]
    assert len(agencies) == _AGENCIES
    made = []
    for agency in agencies:
        below = await pool.fetch(
            """
            WITH RECURSIVE tree AS (SELECT $1::text AS agency_id UNION ALL
                SELECT a.agency_id FROM agencies a JOIN tree ON a.parent_id = tree.agency_id)
            SELECT agency_id FROM tree
            """,
            agency,
        )
        for number in range(_EACH):
            username, role = f"{agency[:40]}.{number}", Role.LEAD if number == 0 else Role.OFFICER
            await accounts.create_staff(pool, username, "Trần Thị Bích", agency, role, PASSWORD, SYSTEM)
            http = httpx.AsyncClient(base_url=url, timeout=60)
            own = frozenset(row["agency_id"] for row in below)
            officer = Officer(http, own, role is Role.LEAD, agencies, log)
            await officer.sign_in(username)
            made.append(officer)
    return made


# ---------------------------------------------------------------- what came of it


async def _figures(pool: Pool, log: Log) -> list[Figure]:
    lost, wrong = await _lost(pool, log), await _wrong(pool, log)
    figures = [_times(what, taken) for what, taken in sorted(log.pages.items())]
    accepted = log.said["intake 201"]
    refused = sum(count for said, count in log.said.items() if said.startswith("intake")) - accepted
    conflicts = log.said["act 409"]
    failed = sum(count for said, count in log.said.items() if said.split()[1].startswith("5"))
    codes = sum(len(view.codes) for view in log.views)
    return [
        *figures,
        _count(f"acts done by 30 officers ({conflicts} told that somebody was faster)", len(log.done), None),
        _count("lost updates, recounted from the history", lost, 0),
        _count(f"another agency's case seen, among {codes:,} on {len(log.views):,} pages", wrong, 0),
        _count(f"intakes refused, {accepted:,} accepted", refused, 0),
        _count("answers that were faults of ours (5xx)", failed, 0),
    ]


def _times(what: str, taken: list[float]) -> Figure:
    ordered = sorted(taken)
    p50, p99 = (ordered[len(ordered) * part // 100] * 1000 for part in (50, 99))
    name = f"{what}, p99 of {len(taken):,} (p50 {p50:.0f} ms)"
    return Figure(name, p99, "ms", "bar", 1000, p99 / 1000, "≤ 1 s", p99 <= 1000)


def _count(name: str, value: int, most: int | None) -> Figure:
    if most is None:
        return Figure(name, value, "", "said", value, 1.0, "said", True)
    return Figure(name, value, "", "bar", most, float(value), f"{most}", value <= most)


async def _lost(pool: Pool, log: Log) -> int:
    """An act that was answered as done and is not in the history, or two that were done on one version."""
    by_case: dict[str, list[Done]] = defaultdict(list)
    for done in log.done:
        by_case[done.code].append(done)
    rows = await pool.fetch(
        """
        SELECT r.code, r.version, r.last_seq,
               (SELECT max(seq) FROM report_events e WHERE e.report_id = r.report_id) AS seq,
               ARRAY(SELECT client_key FROM report_messages m WHERE m.report_id = r.report_id) AS keys
        FROM reports r WHERE r.code = ANY($1::text[])
        """,
        list(by_case),
    )
    lost = 0
    for row in rows:
        acts = by_case[row["code"]]
        lost += sum(done.key not in row["keys"] for done in acts)
        lost += len(acts) - len({done.version for done in acts})
        lost += row["version"] != 1 + len(acts) or row["last_seq"] != row["seq"]
    return lost + len(by_case) - len(rows)


async def _wrong(pool: Pool, log: Log) -> int:
    """Codes on pages of people whose agency did not have the case at that time, by the history."""
    rows = await pool.fetch(
        """
        SELECT r.code, e.at, e.data ->> 'agency' AS agency FROM report_events e JOIN reports r USING (report_id)
        WHERE e.kind IN ('assigned', 'transferred') ORDER BY r.report_id, e.seq
        """
    )
    moves: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for row in rows:
        moves[row["code"]].append((row["at"], row["agency"]))
    return sum(not _theirs(view, moves[code]) for view in log.views for code in view.codes)


def _theirs(view: View, moves: list[tuple[datetime, str]]) -> bool:
    for number, (at, agency) in enumerate(moves):
        until = moves[number + 1][0] if number + 1 < len(moves) else datetime.max.replace(tzinfo=UTC)
        if agency in view.agencies and at <= view.ended and until >= view.began - _AT_ONCE:
            return True
    return False
