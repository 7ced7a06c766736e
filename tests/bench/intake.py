"""Taking reports in: JSON without photos over HTTP, 32 connections, everything durable, against pgbench running the
very same statement on the same server in the same run; and without HTTP, to see what HTTP costs.
"""

import asyncio
import json
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import psutil
from asyncpg.connection import LoggedQuery

from app import db
from app import settings as configuration
from app.db import Conn, Pool, connect_pool
from app.embedded import EmbeddedPostgres, die_with_parent
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place, Report
from app.routing.ruleset import load
from app.settings import Settings
from app.wiring import prepare
from tests.bench import Figure, _samples
from tests.bench._database import database, environment
from tests.ports import free_ports

_SECONDS = 8.0
_ROUNDS = 3
_CONNECTIONS = 32
_SCRIPTS = 8
_RATIO, _STATEMENTS, _PER_SECOND = 0.25, 3.0, 60 * 17.0


async def run() -> list[Figure]:
    async with database() as (folder, server):
        return await _measure(server, folder)


async def _measure(server: EmbeddedPostgres, folder: Path) -> list[Figure]:
    port = free_ports(1)[0]
    env = environment(folder, server, port)
    settings = configuration.load(env)
    await prepare(settings)
    bodies = _bodies(folder)
    scripts = await _scripts(server.url(), settings, folder)
    async with _pool(server.url()) as pool:
        async with api(env, port):
            await _load(bodies, port, 1.0)  # every connection prepares its statement once
            rounds = [await _round(server, scripts, number, bodies, port) for number in range(_ROUNDS)]
            statements = await _statements(pool, bodies, port)
        direct = await _without_http(pool, settings)
    http, limit, p50, p99 = sorted(rounds, key=lambda each: each[0] / each[1])[_ROUNDS // 2]
    return [
        _least("JSON intake over HTTP, 32 connections", http, "pgbench, the same statement", limit, _RATIO),
        _least("JSON intake over HTTP, on a quiet machine", http, "60 × Signalen", _PER_SECOND, 1.0),
        _most("statements per intake over HTTP", statements, "", "bar", _STATEMENTS),
        _most("JSON intake over HTTP, p50", p50 * 1000, "ms", "100 ms", 100.0),
        _most("JSON intake over HTTP, p99", p99 * 1000, "ms", "400 ms", 400.0),
        _least("the verb alone, 32 at once", direct, "pgbench, the same statement", limit, _RATIO),
    ]


async def _round(
    server: EmbeddedPostgres, scripts: Sequence[Path], number: int, bodies: Path, port: int
) -> tuple[float, float, float, float]:
    """Ours and the limit, reports a second; p50 and p99 of ours in seconds. Neighbours disturb both alike."""
    limit = await _pgbench(server, scripts, number)
    loaded = await _load(bodies, port)
    return loaded["rate"], limit, loaded["p50"], loaded["p99"]


async def _statements(pool: Pool, bodies: Path, port: int) -> float:
    """As the server counts them: each statement of the API is a transaction of its own."""
    before = await _counts(pool)
    await _load(bodies, port, 3.0)
    after = await _counts(pool)
    return (after[0] - before[0]) / (after[1] - before[1])


async def _counts(pool: Pool) -> tuple[int, int]:
    """Transactions and reports so far. A connection tells its last ones only after ten idle seconds."""
    await asyncio.sleep(11)
    row = await pool.fetchrow(
        "SELECT xact_commit, (SELECT count(*) FROM reports) FROM pg_stat_database WHERE datname = current_database()"
    )
    assert row is not None
    return row[0], row[1]


async def _load(bodies: Path, port: int, seconds: float = _SECONDS) -> dict[str, float]:
    arguments = [str(bodies), str(port), str(seconds), str(_CONNECTIONS)]
    said = await _output([sys.executable, "-m", "tests.bench._load", *arguments])
    rates: dict[str, float] = json.loads(said)
    return rates


def _bodies(folder: Path) -> Path:
    """Reports about all kinds of things all over the province, as JSON, one a line."""
    made = [
        {"text": new.text, "lat": new.place.lat, "lon": new.place.lon, "address": new.place.address, "consent": True}
        for new in _news(2000, seed=1)
    ]
    file = folder / "bodies"
    file.write_bytes(b"\n".join(msgspec.json.encode(body) for body in made))
    return file


async def _output(command: Sequence[str | Path], **more: Any) -> bytes:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, **more)
    said, _ = await process.communicate()
    assert process.returncode == 0, f"{command[0]} failed"
    return said


@asynccontextmanager
async def api(env: dict[str, str], port: int) -> AsyncIterator[psutil.Process]:
    """The API in a process of its own, once it answers."""
    with (Path(env["PHANANH_HOME"]) / "api.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  # nothing else runs yet
            [sys.executable, "-m", "app.cli", "api"], env=env, stdout=log, stderr=log,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )  # fmt: skip
    try:
        async with asyncio.timeout(30), httpx.AsyncClient() as http:
            while not await _answers(http, f"http://127.0.0.1:{port}/readyz"):
                assert process.poll() is None, "the api ended at start"
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        await asyncio.sleep(0.05)
        return False


# ---------------------------------------------------------------- without HTTP


@asynccontextmanager
async def _pool(url: str) -> AsyncIterator[Pool]:
    pool = await connect_pool(url)
    yield pool
    await pool.close()


def _news(count: int, seed: int) -> list[NewReport]:
    made = _samples.reports(embedded_default(), random.Random(seed), count)
    return [NewReport(text=text, place=Place(**place), channel="api", lang="vi", consent=True) for text, place in made]


async def _without_http(pool: Pool, settings: Settings) -> float:
    """``file_report`` itself, as many at once as there are connections, in this process."""
    rules, gazetteer = load(settings.rules), embedded_default()
    news = _news(2000, seed=2)
    done, until = 0, time.perf_counter() + _SECONDS

    async def work(number: int) -> None:
        nonlocal done
        while time.perf_counter() < until:
            new = msgspec.structs.replace(news[(done + number) % len(news)], key=("direct", uuid.uuid4().hex))
            await file_report(pool, rules, gazetteer, settings.secret_key, new)
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(work(number) for number in range(_CONNECTIONS)))
    return done / (time.perf_counter() - began)


# ---------------------------------------------------------------- the very same statement

# What differs from report to report, made of the client's number and a counter: nearly ascending ids, scattered codes.
_COUNTER = "\\set i :i + 1\n\\set id :client_id * 100000000 + :i\n"
_ID = "('0198c0de-0000-7000-8000-' || lpad(to_hex(:id::bigint), 12, '0'))::uuid"
_HEX = "lpad(to_hex((:id::bigint * 2654435761) % 4294967296), 8, '0')"
_CODE = f"('PA-' || upper(substr({_HEX}, 1, 4) || '-' || substr({_HEX}, 5)))"
_KEY = "k" * 36


async def _scripts(url: str, settings: Settings, folder: Path) -> list[Path]:
    """The statement that an intake sends, as pgbench scripts with the values of some different reports."""
    sent: list[LoggedQuery] = []

    async def watch(conn: Conn) -> None:
        conn.add_query_logger(sent.append)

    rules, gazetteer = load(settings.rules), embedded_default()
    scripts = []
    async with asyncpg.create_pool(url, min_size=1, max_size=1, init=db._setup, reset=db._leave, setup=watch) as pool:
        for number, new in enumerate(_news(_SCRIPTS, seed=3)):
            sent.clear()
            keyed = msgspec.structs.replace(new, key=("api", _KEY + str(number)))
            filed = await file_report(pool, rules, gazetteer, settings.secret_key, keyed)
            await asyncio.sleep(0)  # the driver tells of a statement in the loop's next round
            script = folder / f"intake-{number}.sql"
            script.write_text(_COUNTER + _as_script(sent[-1], filed.report))
            scripts.append(script)
    return scripts


def _as_script(query: LoggedQuery, report: Report) -> str:
    values = [_literal(value, report) for value in query.args]
    filled = re.sub(r"\$(\d+)", lambda found: values[int(found[1]) - 1], query.query)
    return " ".join(filled.split("\n")) + ";\n"


def _literal(value: Any, report: Report) -> str:
    match value:
        case None:
            return "NULL"
        case report.report_id:
            return _ID
        case bool() | int() | float():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case UUID():
            return f"'{value}'::uuid"
        case datetime():
            return f"'{value.isoformat()}'::timestamptz"
        case timedelta():
            return f"'{value.total_seconds()} seconds'::interval"
        case dict():
            return f"{_text(json.dumps(value))}::jsonb"
        case tuple():  # words in a column of their own
            return f"ARRAY[{', '.join(_literal(each, report) for each in value)}]::text[]"
        case list():
            return f"ARRAY[{', '.join(_literal(each, report) for each in value)}]"
        case str():
            return _text(value, report.code)
        case _:
            raise TypeError(type(value))


def _text(value: str, code: str = "") -> str:
    """Quoted; a report's own code and key in it are made up anew for each run of the script."""
    quoted = "'" + value.replace("'", "''") + "'"
    if value.startswith(_KEY):
        return "(:client_id || '-' || :i || '-' || repeat('k', 24))"
    for written, made in ((code, _CODE), (code.lower(), f"lower({_CODE})")):
        if written and written in value:
            quoted = quoted.replace(written, f"' || {made} || '")
    return f"({quoted})" if "||" in quoted else quoted


async def _pgbench(server: EmbeddedPostgres, scripts: Sequence[Path], round_: int) -> float:
    """Transactions a second."""
    files = [part for script in scripts for part in ("-f", script)]
    database = ["-h", str(server.socket), "-U", "phananh", "phananh"]
    said = await _output(
        [
            server.bin / "pgbench", "-n", "-M", "prepared", "-c", str(_CONNECTIONS), "-j", "2",
            "-T", str(int(_SECONDS)), "-D", f"i={round_ * 10_000_000}", *files, *database,
        ]
    )  # fmt: skip
    return float(said.decode().partition("tps = ")[2].split()[0])


def _least(name: str, value: float, limit_name: str, limit: float, times: float) -> Figure:
    ratio = value / limit
    return Figure(name, value, "/s", limit_name, limit, ratio, f"at least {times:g} ×", ratio >= times)


def _most(name: str, value: float, unit: str, limit_name: str, limit: float) -> Figure:
    return Figure(name, value, unit, limit_name, limit, value / limit, "at most 1 ×", value <= limit)
