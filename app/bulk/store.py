"""SQL of acts on many reports."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from app.bulk.model import Row, Run, Settled, Tally, Wanted
from app.db import Conn
from app.errors import Problem
from app.reports.workflow import Act

_RUN = "run_id, staff_id, act, wanted, back, state, created_at, started_at, ended_at"


def _run(row: asyncpg.Record) -> Run:
    values = {name: row[name] for name in Run.__struct_fields__}
    return Run(**values | {"act": Act(row["act"]), "wanted": msgspec.convert(row["wanted"], Wanted)})


def _row(row: asyncpg.Record) -> Row:
    return msgspec.convert({name: row[name] for name in Row.__struct_fields__}, Row)


def _json(problems: Sequence[Problem]) -> str:
    """As text: the driver would take lists of lists for an array of two dimensions."""
    return msgspec.json.encode(problems).decode()


async def insert(conn: Conn, run: Run, rows: Sequence[Row]) -> None:
    await conn.execute(
        f"INSERT INTO bulk_runs ({_RUN}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",  # noqa: S608  # columns of ours
        run.run_id, run.staff_id, run.act, msgspec.to_builtins(run.wanted), run.back, run.state, run.created_at,
        run.started_at, run.ended_at,
    )  # fmt: skip
    await conn.execute(
        """
        INSERT INTO bulk_rows (run_id, place, code, report_id, version, state, problems)
        SELECT $1, place, code, report_id, version, state, problems::jsonb
        FROM unnest($2::int[], $3::text[], $4::uuid[], $5::int[], $6::text[], $7::text[])
             AS r(place, code, report_id, version, state, problems)
        """,
        run.run_id,
        [row.place for row in rows],
        [row.code for row in rows],
        [row.report_id for row in rows],
        [row.version for row in rows],
        [row.state for row in rows],
        [_json(row.problems) for row in rows],
    )


async def of_staff(conn: Conn, run_id: UUID, staff_id: UUID | None) -> Run | None:
    """The run, if it is this person's."""
    row = await conn.fetchrow(
        f"SELECT {_RUN} FROM bulk_runs WHERE run_id = $1 AND staff_id = $2",  # noqa: S608  # columns of ours
        run_id,
        staff_id,
    )
    return _run(row) if row else None


async def running(conn: Conn, run_id: UUID) -> Run | None:
    row = await conn.fetchrow(
        f"SELECT {_RUN} FROM bulk_runs WHERE run_id = $1 AND state = 'running'",  # noqa: S608  # columns of ours
        run_id,
    )
    return _run(row) if row else None


async def recent(conn: Conn, staff_id: UUID | None, limit: int) -> list[Tally]:
    """A person's runs that were started, newest first."""
    rows = await conn.fetch(
        """
        SELECT r.*, (SELECT coalesce(jsonb_object_agg(state, n), '{}') FROM (
            SELECT w.state, count(*) AS n FROM bulk_rows w WHERE w.run_id = r.run_id GROUP BY w.state) c) AS counts
        FROM bulk_runs r WHERE staff_id = $1 AND state <> 'preview' ORDER BY created_at DESC LIMIT $2
        """,
        staff_id,
        limit,
    )
    return [Tally(_run(row), row["counts"]) for row in rows]


async def rows(conn: Conn, run_id: UUID) -> list[Row]:
    found = await conn.fetch("SELECT * FROM bulk_rows WHERE run_id = $1 ORDER BY place", run_id)
    return [_row(row) for row in found]


async def counts(conn: Conn, run_id: UUID) -> dict[str, int]:
    found = await conn.fetch("SELECT state, count(*) FROM bulk_rows WHERE run_id = $1 GROUP BY state", run_id)
    return {row["state"]: row["count"] for row in found}


async def waiting(conn: Conn, run_id: UUID, limit: int) -> list[Row]:
    found = await conn.fetch(
        "SELECT * FROM bulk_rows WHERE run_id = $1 AND state = 'waiting' ORDER BY place LIMIT $2", run_id, limit
    )
    return [_row(row) for row in found]


async def choose_act(conn: Conn, run_id: UUID, act: Act) -> None:
    await conn.execute("UPDATE bulk_runs SET act = $2 WHERE run_id = $1 AND state = 'preview'", run_id, act)


async def start(conn: Conn, run_id: UUID, wanted: Wanted, left_out: Collection[int], at: datetime) -> bool:
    """False: it was started before."""
    started = await conn.fetchval(
        """
        UPDATE bulk_runs SET state = 'running', wanted = $2, started_at = $3
        WHERE run_id = $1 AND state = 'preview' RETURNING true
        """,
        run_id,
        msgspec.to_builtins(wanted),
        at,
    )
    if started:
        await conn.execute(
            "UPDATE bulk_rows SET state = 'left_out' WHERE run_id = $1 AND place = ANY($2) AND state = 'waiting'",
            run_id,
            list(left_out),
        )
    return bool(started)


async def settle(conn: Conn, run_id: UUID, settled: Sequence[Settled]) -> None:
    """What became of rows. One that was cancelled while it was being done has been done all the same."""
    await conn.execute(
        """
        UPDATE bulk_rows b SET state = s.state, problems = s.problems::jsonb
        FROM unnest($2::int[], $3::text[], $4::text[]) AS s(place, state, problems)
        WHERE b.run_id = $1 AND b.place = s.place AND b.state IN ('waiting', 'cancelled')
        """,
        run_id,
        [place for place, _, _ in settled],
        [state for _, state, _ in settled],
        [_json(problems) for _, _, problems in settled],
    )


async def finish(conn: Conn, run_id: UUID, at: datetime) -> None:
    await conn.execute(
        """
        UPDATE bulk_runs SET state = 'done', ended_at = $2
        WHERE run_id = $1 AND state = 'running'
          AND NOT EXISTS (SELECT FROM bulk_rows WHERE run_id = $1 AND state = 'waiting')
        """,
        run_id,
        at,
    )


async def cancel(conn: Conn, run_id: UUID, at: datetime) -> None:
    """The rows that nobody has begun. In one statement, so that none is begun after it."""
    await conn.execute(
        """
        WITH ended AS (
            UPDATE bulk_runs SET state = 'cancelled', ended_at = $2 WHERE run_id = $1 AND state = 'running'
            RETURNING run_id
        )
        UPDATE bulk_rows SET state = 'cancelled' WHERE run_id = (SELECT run_id FROM ended) AND state = 'waiting'
        """,
        run_id,
        at,
    )


async def sweep(conn: Conn, before: datetime, previews_before: datetime) -> int:
    done = await conn.execute(
        "DELETE FROM bulk_runs WHERE created_at < $1 OR (created_at < $2 AND state = 'preview')",
        before,
        previews_before,
    )
    return int(done.split()[-1])
