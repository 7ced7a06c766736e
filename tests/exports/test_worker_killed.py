"""A worker that is killed with -9 while it makes a file and sends a report: nothing is lost, nothing comes twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db import Pool, transaction
from app.embedded import die_with_parent
from app.exports import service as exports
from app.schedules import service as schedules
from app.stats.asked import asked
from storage.folder import FolderStore
from tests.mailserver import MailServer
from tests.schedules.conftest import Office, ident
from tests.schedules.conftest import office as office
from tests.small_world import COORDINATOR, LEADER

NOW = datetime(2026, 6, 1, 5, 0, 20, tzinfo=UTC)
PATIENCE = 60.0


class Worker:
    """``phananh worker`` as a process of its own."""

    def __init__(self, home: Path, database_url: str, mail: MailServer) -> None:
        self.log = home / "worker.log"
        self._env = {
            "PATH": os.environ.get("PATH", ""), "PHANANH_HOME": str(home), "PHANANH_DATABASE_URL": database_url,
            "PHANANH_SMTP_HOST": "127.0.0.1", "PHANANH_SMTP_PORT": str(mail.port), "PHANANH_SMTP_TLS": "none",
            "PHANANH_SMTP_FROM": "phananh@example.vn",
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker"], env=self._env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=die_with_parent(signal.SIGKILL),
            )  # fmt: skip

    def end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=60)


@pytest.fixture
def worker(office: Office, database_url: str, tmp_path: Path) -> Iterator[Worker]:
    worker = Worker(tmp_path, database_url, office.mail)
    yield worker
    worker.end(signal.SIGKILL)


@asynccontextmanager
async def held(pool: Pool, table: str, mode: str) -> AsyncIterator[None]:
    """Whoever wants this table waits meanwhile."""
    async with transaction(pool) as conn:
        await conn.execute(f"LOCK TABLE {table} IN {mode} MODE")  # words of ours
        yield


async def until(pool: Pool, question: str, worker: Worker) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not await pool.fetchval(f"SELECT {question}"):  # noqa: ASYNC110  # it happens in another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"never: {question}\n{worker.log.read_text()[-3000:]}")


async def taken_up_at_once(pool: Pool) -> None:
    """A dead worker's jobs, which another one takes up after ten seconds."""
    await pool.execute("UPDATE pgqueuer SET heartbeat = heartbeat - interval '1 minute' WHERE status = 'picked'")


def waits(query: str, count: int) -> str:
    return f"count(*) = {count} FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{query}%'"


async def nothing_else_to_tell(pool: Pool) -> None:
    """The lives' deadlines have long passed: by the clock, a worker would warn of them once a minute, and write to the
    officers and leads in office hours."""
    await pool.execute("INSERT INTO report_watches (report_id, seen_seq) SELECT report_id, last_seq FROM reports")
    await pool.execute("UPDATE staff SET email = '' WHERE role IN ('officer', 'lead')")


async def test_killed_in_the_middle_nothing_is_lost_and_nothing_comes_twice(
    office: Office, worker: Worker, tmp_path: Path
) -> None:
    pool, mail = office.pool, office.mail
    await nothing_else_to_tell(pool)
    async with transaction(pool) as conn:
        export = await exports.order(conn, LEADER, asked([("period", "2026-03")], NOW), "csv", "vi", now=NOW)
    schedule = await office.sets_up(people=(ident(COORDINATOR),), formats=("csv",))
    await office.plan()
    await schedules.pause(pool, COORDINATOR, schedule.schedule_id, paused=True)

    async with held(pool, "reports", "ACCESS EXCLUSIVE"):
        worker.start()
        await until(pool, waits("WITH page AS", 2), worker)  # both are in the middle of their list
        worker.end(signal.SIGKILL)
    assert await pool.fetchval("SELECT state FROM exports") == "making"
    assert await office.became(schedule) == [("coordinator", "mail", "queued", "")]

    mail.takes.clear()
    await taken_up_at_once(pool)
    async with held(pool, "notices", "EXCLUSIVE"):
        worker.start()
        async with asyncio.timeout(PATIENCE):
            await mail.asked.wait()  # the whole mail is there, and nobody has said so yet
        await until(pool, waits("INSERT INTO notices", 1), worker)  # the file is there, and nobody has been told yet
        worker.end(signal.SIGKILL)
    assert await pool.fetchval("SELECT state FROM exports") == "making"
    assert await office.became(schedule) == [("coordinator", "mail", "sending", "")]

    mail.takes.set()
    await taken_up_at_once(pool)
    worker.start()
    await until(pool, "NOT EXISTS (SELECT FROM pgqueuer WHERE entrypoint IN ('make_export', 'send_schedule'))", worker)
    assert worker.end(signal.SIGTERM) == 0
    assert await office.became(schedule) == [("coordinator", "mail", "uncertain", "interrupted")]
    assert len(mail.mails) <= 1
    kinds = await pool.fetch("SELECT kind FROM notices WHERE staff_id = $1", LEADER.id)
    assert [row["kind"] for row in kinds] == ["export_ready"]
    done, source = await exports.open_file(pool, FolderStore(tmp_path / "photos"), LEADER, export.export_id)
    data = b"".join([piece async for piece in source])
    assert (done.state, done.done, len(data)) == ("ready", 300, done.size_bytes)
