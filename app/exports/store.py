"""SQL of files that were ordered."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Conn
from app.errors import Problem
from app.exports.model import Export, Made

_COLUMNS = """export_id, staff_id, format, lang, query, as_of, columns, state, ordered_at, ended_at, done, total,
    rule_set, read_at, sha256, size_bytes, problem, params"""
UNCLAIMED = "NOT EXISTS (SELECT FROM exports e WHERE e.sha256 = b.sha256)"
"""When nothing needs a row ``b`` of ``export_blobs``."""


def _export(row: asyncpg.Record) -> Export:
    said = dict(row)
    params = said.pop("params")
    problem = Problem(said["problem"], params) if said["problem"] else None
    sha256 = said["sha256"].hex() if said["sha256"] else None
    return Export(**said | {"columns": tuple(said["columns"]), "sha256": sha256, "problem": problem})


async def insert(conn: Conn, export: Export, same: bytes, *, tell: bool) -> None:
    """One that waits; or, where the same bytes are there already, one that is ready with them."""
    await conn.execute(
        """
        WITH ready AS (
            SELECT sha256, size_bytes, done, total, rule_set, read_at FROM exports e
            WHERE same = $8 AND state = 'ready' ORDER BY ended_at DESC LIMIT 1
        )
        INSERT INTO exports (export_id, staff_id, format, lang, query, as_of, columns, same, tell, ordered_at, state,
                             ended_at, sha256, size_bytes, done, total, rule_set, read_at)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10::timestamptz,
               CASE WHEN r.sha256 IS NULL THEN 'waiting' ELSE 'ready' END,
               CASE WHEN r.sha256 IS NOT NULL THEN $10::timestamptz END, r.sha256, r.size_bytes, coalesce(r.done, 0),
               r.total, r.rule_set, r.read_at
        FROM (SELECT) one LEFT JOIN ready r ON true
        """,
        export.export_id,
        export.staff_id,
        export.format,
        export.lang,
        export.query,
        export.as_of,
        list(export.columns),
        same,
        tell,
        export.ordered_at,
    )


async def lock_orders(conn: Conn, staff_id: UUID) -> None:
    """One order of a person's at a time, until the transaction ends."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtext('phananh export ' || ($1::uuid)::text))", staff_id)


async def same_of(conn: Conn, staff_id: UUID, same: bytes) -> Export | None:
    """This person's own order of the same bytes that is under way or ready."""
    row = await conn.fetchrow(
        f"""
        SELECT {_COLUMNS} FROM exports
        WHERE same = $2 AND staff_id = $1 AND state IN ('waiting', 'making', 'ready') LIMIT 1
        """,  # noqa: S608  # columns of our own
        staff_id,
        same,
    )
    return _export(row) if row else None


async def running(conn: Conn, staff_id: UUID) -> int:
    count: int = await conn.fetchval(
        "SELECT count(*) FROM exports WHERE staff_id = $1 AND state IN ('waiting', 'making')", staff_id
    )
    return count


async def get(conn: Conn, export_id: UUID, staff_id: UUID | None = None) -> Export | None:
    """``staff_id``: only if it is theirs."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} FROM exports WHERE export_id = $1 AND ($2::uuid IS NULL OR staff_id = $2)",  # noqa: S608  # columns of our own
        export_id,
        staff_id,
    )
    return _export(row) if row else None


async def recent(conn: Conn, staff_id: UUID, limit: int) -> list[Export]:
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM exports WHERE staff_id = $1 ORDER BY ordered_at DESC, export_id DESC LIMIT $2",  # noqa: S608  # columns of our own
        staff_id,
        limit,
    )
    return [_export(row) for row in rows]


async def delete(conn: Conn, export_id: UUID, staff_id: UUID) -> bool:
    done = await conn.execute("DELETE FROM exports WHERE export_id = $1 AND staff_id = $2", export_id, staff_id)
    return bool(done.endswith(" 1"))


async def forget(conn: Conn, before: datetime) -> int:
    done = await conn.execute("DELETE FROM exports WHERE ordered_at < $1", before)
    return int(done.split()[-1])


# ---------------------------------------------------------------- making


async def begin(conn: Conn, export_id: UUID, at: datetime) -> Export | None:
    """It is being made, from the beginning; None when it is no longer wanted, or there already."""
    row = await conn.fetchrow(
        f"""
        UPDATE exports SET state = 'making', started_at = $2, done = 0, total = NULL
        WHERE export_id = $1 AND state IN ('waiting', 'making') RETURNING {_COLUMNS}
        """,  # noqa: S608  # columns of our own
        export_id,
        at,
    )
    return _export(row) if row else None


async def progress(conn: Conn, export_id: UUID, done: int, total: int | None) -> bool:
    """Whether it is still wanted."""
    said = await conn.execute(
        "UPDATE exports SET done = $2, total = $3 WHERE export_id = $1 AND state = 'making'", export_id, done, total
    )
    return bool(said.endswith(" 1"))


async def touch_blob(conn: Conn, sha256: bytes, size_bytes: int) -> None:
    await conn.execute(
        """
        INSERT INTO export_blobs (sha256, size_bytes) VALUES ($1, $2)
        ON CONFLICT (sha256) DO UPDATE SET touched_at = now()
        """,
        sha256,
        size_bytes,
    )


async def ready(conn: Conn, export_id: UUID, made: Made, at: datetime) -> bool | None:
    """Whether its orderer is to be told; None when somebody has finished or cancelled it meanwhile."""
    tell: bool | None = await conn.fetchval(
        """
        UPDATE exports SET state = 'ready', ended_at = $2, sha256 = $3, size_bytes = $4, done = $5, total = $5,
                           rule_set = $6, read_at = $7
        WHERE export_id = $1 AND state = 'making' RETURNING tell
        """,
        export_id,
        at,
        bytes.fromhex(made.sha256),
        made.size_bytes,
        made.rows,
        made.provenance.rule_set,
        made.read_at,
    )
    return tell


async def failed(conn: Conn, export_id: UUID, key: str, params: dict[str, Any], at: datetime) -> bool | None:
    """As ``ready``."""
    tell: bool | None = await conn.fetchval(
        """
        UPDATE exports SET state = 'failed', ended_at = $2, problem = $3, params = $4
        WHERE export_id = $1 AND state IN ('waiting', 'making') RETURNING tell
        """,
        export_id,
        at,
        key,
        params,
    )
    return tell


async def cancel(conn: Conn, export_id: UUID, staff_id: UUID, at: datetime) -> None:
    await conn.execute(
        """
        UPDATE exports SET state = 'cancelled', ended_at = $3
        WHERE export_id = $1 AND staff_id = $2 AND state IN ('waiting', 'making')
        """,
        export_id,
        staff_id,
        at,
    )


async def restart(conn: Conn, export_id: UUID, staff_id: UUID, at: datetime) -> bool:
    """One that failed or was cancelled waits again. Whether it was such a one."""
    said = await conn.execute(
        """
        UPDATE exports SET state = 'waiting', ordered_at = $3, started_at = NULL, ended_at = NULL, done = 0,
                           total = NULL, problem = NULL, params = '{}'
        WHERE export_id = $1 AND staff_id = $2 AND state IN ('failed', 'cancelled')
        """,
        export_id,
        staff_id,
        at,
    )
    return bool(said.endswith(" 1"))


# ---------------------------------------------------------------- telling


async def claim_telling(conn: Conn, export_id: UUID, told: Sequence[str | None], to: str) -> bool:
    """Move what its orderer's chat was told from one of these states to another; whether it was in one."""
    said = await conn.execute(
        "UPDATE exports SET told = nullif($3, '') WHERE export_id = $1 AND coalesce(told, '') = ANY($2::text[])",
        export_id,
        [one or "" for one in told],
        to,
    )
    return bool(said.endswith(" 1"))
