"""The job queue: PgQueuer's tables, filled inside the caller's own statement or transaction.

PgQueuer's own ``enqueue`` costs a round trip of its own. Ours is a piece of SQL that rides along with the verb's single
statement, so a report, its history and its jobs are one write. ``tests/test_jobs.py`` has PgQueuer run what this wrote.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from app.db import Conn


class Job(Struct, frozen=True):
    """Work for later. ``payload`` must be JSON; ``dedupe`` keeps a second one out while the first still waits."""

    entrypoint: str
    payload: dict[str, Any]
    delay: timedelta = timedelta(0)
    dedupe: str | None = None


def enqueue_cte(first: int, source: str) -> str:
    """The WITH-branches ``queued`` and ``queued_log``; they take ``arguments(jobs)`` from parameter ``$first`` on.

    ``source`` is a relation of at most one row: no row, no jobs. That is how a write that lost a race enqueues nothing.
    """
    a, b, c, d = (f"${first + i}" for i in range(4))
    return f"""
        queued AS (
            INSERT INTO pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
            SELECT 0, j.entrypoint, convert_to(j.payload, 'UTF8'), now() + j.delay, j.dedupe, 'queued'
            FROM {source}, unnest({a}::text[], {b}::text[], {c}::interval[], {d}::text[])
                 AS j(entrypoint, payload, delay, dedupe)
            ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'picked') AND dedupe_key IS NOT NULL DO NOTHING
            RETURNING id, entrypoint
        ),
        queued_log AS (
            INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
            SELECT id, 'queued', 0, entrypoint FROM queued
        )"""  # noqa: S608  # parameter numbers and relation names of our own


def arguments(jobs: Sequence[Job]) -> tuple[list[str], list[str], list[timedelta], list[str | None]]:
    """The four array parameters that ``enqueue_cte`` reads."""
    return (
        [job.entrypoint for job in jobs],
        [msgspec.json.encode(job.payload).decode() for job in jobs],
        [job.delay for job in jobs],
        [job.dedupe for job in jobs],
    )


_ENQUEUE = f"WITH one AS (SELECT 1), {enqueue_cte(1, 'one')} SELECT count(*) FROM queued"  # noqa: S608  # no input in it


async def enqueue(conn: Conn, jobs: Sequence[Job]) -> None:
    """Add jobs in the caller's transaction: they exist if and when it commits."""
    if jobs:
        await conn.execute(_ENQUEUE, *arguments(jobs))


async def oldest_age(conn: Conn) -> float:
    """For how many seconds the oldest job that could run has been waiting; 0 when none waits."""
    seconds: float = await conn.fetchval(
        """
        SELECT coalesce(extract(epoch FROM now() - min(execute_after)), 0)::float8
        FROM pgqueuer WHERE status = 'queued' AND execute_after <= now()
        """
    )
    return seconds
