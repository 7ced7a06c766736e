"""The real worker, killed between a request and the note of its answer."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.embedded import die_with_parent
from app.outward import Client
from app.partners import ledger, sending, service
from app.partners.model import Fill, Push
from app.partners.service import Means, Wanted
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from tests import small_world
from tests.partners.faulty import faulty
from tests.world import COMPANY, RULES, World

ADMIN = small_world.ADMINISTRATOR


@contextmanager
def worker(home: Path, database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    env = {
        "PATH": os.environ.get("PATH", ""),
        "PHANANH_HOME": str(home),
        "PHANANH_RULES": str(RULES),
        "PHANANH_DATABASE_URL": database_url,
        "PHANANH_SECRET_KEY": "k" * 40,
        "PHANANH_NETWORKS": "127.0.0.0/8",
    }
    with (home / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            cwd=RULES.parent,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until(condition: Callable[[], Awaitable[bool]], process: subprocess.Popen[bytes], home: Path) -> None:
    async with asyncio.timeout(60):
        while not await condition():
            assert process.poll() is None, (home / "worker.log").read_text(errors="replace")[-2000:]
            await asyncio.sleep(0.05)  # what is waited for happens in another process


async def test_a_worker_that_is_killed_after_sending_leaves_one_request(
    world: World, database_url: str, tmp_path: Path
) -> None:
    parts, http = world.parts, Client(small_world.LOOPBACK)
    means = Means(
        parts.pool, http, b"k" * 40, "http://localhost:8080", parts.rules, parts.objects, parts.lab,
        small_world.LOOPBACK,
    )  # fmt: skip
    async with faulty() as there:
        made = await service.add(
            means, ADMIN, Wanted(name="Công ty", url=there.url, agency_id=COMPANY, repeat="lists"), "test"
        )
        await service.connect(means, ADMIN, made)
        await service.map_category(means, ADMIN, made, "street-light", "den", {"hu-gi": Fill(fixed="1")})
        await service.switch(parts.pool, ADMIN, made, on=True)
        new = NewReport(
            text="Đèn đường hỏng.", place=Place(9.22461, 105.178), channel="api", lang="vi", consent=True,
            category="street-light",
        )  # fmt: skip
        report = (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new)).report

        async def push() -> Push | None:
            async with parts.pool.acquire() as conn:
                return await ledger.push(conn, made, report.report_id)

        async def arrived() -> bool:
            return there.hung.is_set()

        there.ways = ["hang!"]
        with worker(tmp_path, database_url) as process:
            await until(arrived, process, tmp_path)
            process.send_signal(signal.SIGKILL)
            process.wait()
        left = await push()
        assert left is not None
        assert (left.state, left.number) == ("posting", None)
        # Two minutes later somebody else looks after it.
        await parts.pool.execute("UPDATE partner_pushes SET next_at = now()")
        async with parts.pool.acquire() as conn:
            one = await service.get(conn, ADMIN, made)
        await sending.send_due(means, one)
        found = await push()
        assert found is not None
        assert (found.number, len(there.posts), len(there.requests)) == ("EVN-1", 1, 1)
    await http.close()
