"""Taking reports in with a photo: 12 megapixels and about 2 MB as a phone makes them, by multipart over 8 connections,
against bare Pillow making the same two copies on every core in the same run. And how fast such photos are kept
without being worked on, as by a system that scales them when somebody looks: by one request of a resumable upload.
"""

import asyncio
import itertools
import os
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import httpx
import psutil
from msgspec import Struct

from app import settings as configuration
from app.embedded import EmbeddedPostgres
from app.wiring import prepare
from tests.api.conftest import API, form_body
from tests.bench import Figure
from tests.bench._database import database, environment
from tests.bench.intake import api
from tests.bench.photos import bare
from tests.photos.pictures import encoded, scene
from tests.ports import free_ports

_CONNECTIONS = 8
_SECONDS = 8.0
_ROUNDS = 3
_SIGNALEN = 39.0
_RATE, _CPU = 0.7, 1.3
_REPORT = {"text": "Đèn đường hỏng ba đêm nay, hẻm tối om", "lat": "9.1769", "lon": "105.1524", "consent": "true"}
_NUMBERS = itertools.count()
_Ask = Callable[[], Awaitable[httpx.Response]]


class _Round(Struct, frozen=True):
    """Requests a second, and seconds of the processor for each."""

    rate: float
    cpu: float


async def run() -> list[Figure]:
    async with database() as (folder, server):
        return await _measure(server, folder)


async def _measure(server: EmbeddedPostgres, folder: Path) -> list[Figure]:
    port = free_ports(1)[0]
    env = environment(folder, server, port)
    await prepare(configuration.load(env))
    picture = encoded(scene(4000, 3000), quality=88)
    async with api(env, port) as process, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:

        async def report() -> httpx.Response:
            kind, body = form_body(_REPORT, _another(picture))
            return await http.post(f"{API}/reports", content=body, headers={"Content-Type": kind})

        async def keep() -> httpx.Response:
            body = _another(picture)
            headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(body))}
            headers["Content-Type"] = "application/offset+octet-stream"
            return await http.post(f"{API}/uploads", content=body, headers=headers)

        await _load(process, report, 2.0)  # the photo lab's processes start with the first photos
        rounds = [(await _load(process, report), await _limit(picture)) for _ in range(_ROUNDS)]
        kept = await _load(process, keep)
    ours, limit = sorted(rounds, key=lambda each: each[0].rate / each[1].rate)[_ROUNDS // 2]
    size = f"{len(picture) / 2**20:.1f} MB"
    cores = os.cpu_count() or 1
    rate, cpu = ours.rate / limit.rate, ours.cpu / limit.cpu
    stored = kept.rate / _SIGNALEN
    return [
        Figure(
            f"intake with a photo of {size} by multipart, 8 connections", ours.rate, "/s",
            f"bare Pillow on {cores} cores", limit.rate, rate, f"≥ {_RATE}", rate >= _RATE,
        ),
        Figure(
            "CPU of such an intake", ours.cpu * 1000, "ms",
            "bare Pillow", limit.cpu * 1000, cpu, f"≤ {_CPU}", cpu <= _CPU,
        ),
        Figure(
            "such photos kept without being worked on, on a quiet machine", kept.rate, "/s",
            "Signalen", _SIGNALEN, stored, "≥ 1", stored >= 1,
        ),
    ]  # fmt: skip


def _another(picture: bytes) -> bytes:
    """The same picture in other bytes: a comment of its own."""
    return picture[:2] + b"\xff\xfe\x00\x0a" + next(_NUMBERS).to_bytes(8) + picture[2:]


async def _load(
    process: psutil.Process, ask: Callable[[], Awaitable[httpx.Response]], seconds: float = _SECONDS
) -> _Round:
    done, until = 0, time.perf_counter() + seconds

    async def work() -> None:
        nonlocal done
        while time.perf_counter() < until:
            answer = await ask()
            assert answer.status_code == 201, answer.text
            done += 1

    began, before = time.perf_counter(), _cpu(process)
    await asyncio.gather(*(work() for _ in range(_CONNECTIONS)))
    return _Round(done / (time.perf_counter() - began), (_cpu(process) - before) / done)


def _cpu(process: psutil.Process) -> float:
    """Of the API and its photo lab."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(each.user + each.system for each in times)


async def _limit(picture: bytes) -> _Round:
    """Bare Pillow, a process a core, for as long as a round takes at the least."""
    cores, loop = os.cpu_count() or 1, asyncio.get_running_loop()
    with ProcessPoolExecutor(cores) as pool:
        counted = await asyncio.gather(*(loop.run_in_executor(pool, _bare, picture) for _ in range(cores)))
    done = sum(each[0] for each in counted)
    return _Round(sum(each[0] / each[1] for each in counted), sum(each[2] for each in counted) / done)


def _bare(picture: bytes) -> tuple[int, float, float]:
    """Photos, seconds, and seconds of the processor."""
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < _SECONDS / 2:
        bare(picture)
        done += 1
    return done, time.perf_counter() - began, time.process_time() - cpu
