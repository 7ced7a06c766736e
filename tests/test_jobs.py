"""Jobs are written inside the caller's transaction, and PgQueuer works them off."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest
from pgqueuer import PgQueuer
from pgqueuer.models import Job as TakenJob
from pgqueuer.types import QueueExecutionMode

from app import jobs
from app.db import MIGRATIONS, Pool, transaction
from app.jobs import Job

_OFTEN = timedelta(milliseconds=20)


async def drain(database_url: str, *entrypoints: str) -> list[dict[str, object]]:
    """Work the queue off with the real PgQueuer; gives the payloads in the order they ran."""
    seen: list[dict[str, object]] = []
    async with asyncpg.create_pool(database_url, min_size=2, max_size=4) as plain:
        queue = PgQueuer.from_asyncpg_pool(plain)
        for entrypoint in entrypoints:

            @queue.entrypoint(entrypoint)
            async def work(job: TakenJob) -> None:
                seen.append(msgspec.json.decode(job.payload or b"{}"))

        await queue.qm.run(_OFTEN, mode=QueueExecutionMode.drain, log_aggregation_interval=timedelta(0))
    return seen


async def test_a_job_runs_after_the_transaction_that_wrote_it_commits(pool: Pool, database_url: str) -> None:
    async with transaction(pool) as conn:
        await jobs.enqueue(conn, [Job("greet", {"to": "Lan"}), Job("greet", {"to": "Minh"})])
    assert await drain(database_url, "greet") == [{"to": "Lan"}, {"to": "Minh"}]
    assert await drain(database_url, "greet") == []


async def test_a_job_of_a_transaction_that_rolled_back_never_runs(pool: Pool, database_url: str) -> None:
    async def enqueue_and_fail() -> None:
        async with transaction(pool) as conn:
            await jobs.enqueue(conn, [Job("greet", {"to": "nobody"})])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await enqueue_and_fail()
    assert await drain(database_url, "greet") == []


async def test_a_second_job_with_the_same_key_is_left_out_while_the_first_waits(pool: Pool, database_url: str) -> None:
    async with pool.acquire() as conn:
        for _ in range(3):
            await jobs.enqueue(conn, [Job("greet", {"to": "Hoa"}, dedupe="greet:Hoa")])
    assert await drain(database_url, "greet") == [{"to": "Hoa"}]
    async with pool.acquire() as conn:
        await jobs.enqueue(conn, [Job("greet", {"to": "Hoa"}, dedupe="greet:Hoa")])
    assert await drain(database_url, "greet") == [{"to": "Hoa"}]


async def test_a_job_with_a_delay_waits(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await jobs.enqueue(conn, [Job("later", {}, delay=timedelta(hours=1))])
        due = await conn.fetchval("SELECT execute_after - now() FROM pgqueuer WHERE entrypoint = 'later'")
    assert timedelta(minutes=59) < due <= timedelta(hours=1)


async def test_each_job_is_in_the_queues_log(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await jobs.enqueue(conn, [Job("logged", {})])
        found = await conn.fetchval(
            "SELECT count(*) FROM pgqueuer_log WHERE entrypoint = 'logged' AND status = 'queued'"
        )
    assert found == 1


def test_the_migration_is_what_the_locked_pgqueuer_would_install() -> None:
    program = Path(sys.executable).with_name("pgq")
    printed = subprocess.run([program, "sql", "install"], capture_output=True, text=True, check=True).stdout
    ours = (MIGRATIONS / "20261122000200_pgqueuer.sql").read_text(encoding="utf-8")

    def statements(text: str) -> list[str]:
        return [line.rstrip() for line in text.splitlines() if line.strip() and not line.startswith("--")]

    assert statements(ours) == statements(printed)
