"""SQL of the history."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Conn
from app.history.model import Event


def append_cte(first: int, source: str) -> str:
    """The WITH-branch ``appended``; takes ``arguments(events)`` from parameter ``$first`` on.

    ``source`` is a relation of at most one row, the guard of the write: no row, no events.
    """
    p = [f"${first + i}" for i in range(8)]
    return f"""
        appended AS (
            INSERT INTO report_events (report_id, seq, kind, at, actor_kind, actor_id, data, hash)
            SELECT {p[0]}::uuid, e.seq, e.kind, {p[1]}::timestamptz, e.actor_kind, e.actor_id, e.data, e.hash
            FROM {source}, unnest({p[2]}::text[], {p[3]}::uuid[], {p[4]}::int[], {p[5]}::text[], {p[6]}::jsonb[],
                                  {p[7]}::bytea[]) AS e(actor_kind, actor_id, seq, kind, data, hash)
        )"""  # noqa: S608  # parameter numbers and relation names of our own


def arguments(events: Sequence[Event]) -> tuple[Any, ...]:
    """The eight parameters that ``append_cte`` reads. The events share report and time."""
    first = events[0]
    return (
        first.report_id,
        first.at,
        [e.actor_kind for e in events],
        [e.actor_id for e in events],
        [e.seq for e in events],
        [e.kind for e in events],
        [e.data for e in events],
        [e.hash for e in events],
    )


def _event(row: asyncpg.Record) -> Event:
    return Event(
        row["report_id"],
        row["seq"],
        row["kind"],
        row["at"],
        row["actor_kind"],
        row["actor_id"],
        row["data"],
        row["hash"],
    )


async def of_report(conn: Conn, report_id: UUID) -> list[Event]:
    """A report's whole history, oldest first."""
    rows = await conn.fetch("SELECT * FROM report_events WHERE report_id = $1 ORDER BY seq", report_id)
    return [_event(row) for row in rows]


async def after(conn: Conn, cursor: tuple[int, UUID, int], limit: int) -> list[tuple[int, Event]]:
    """Events behind the cursor (xid, report_id, seq) of transactions that all earlier ones have finished before."""
    rows = await conn.fetch(
        """
        SELECT *, xid::text::bigint AS tx FROM report_events
        WHERE (xid, report_id, seq) > ($1::text::xid8, $2, $3)
          AND xid < history_settled_before()
        ORDER BY xid, report_id, seq LIMIT $4
        """,
        str(cursor[0]),
        cursor[1],
        cursor[2],
        limit,
    )
    return [(row["tx"], _event(row)) for row in rows]


async def settled_before(conn: Conn) -> int:
    """All transactions before this one that write history have finished."""
    xid: int = await conn.fetchval("SELECT history_settled_before()::text::bigint")
    return xid


_WRITES_NONE = 7_041_966_003
"""Known to ``history_settled_before`` too."""


async def writes_none(conn: Conn) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock_shared($1)", _WRITES_NONE)


async def reports_after(conn: Conn, cursor: tuple[int, UUID, int]) -> set[UUID]:
    rows = await conn.fetch(
        "SELECT DISTINCT report_id FROM report_events WHERE (xid, report_id, seq) > ($1::text::xid8, $2, $3)",
        str(cursor[0]),
        cursor[1],
        cursor[2],
    )
    return {row["report_id"] for row in rows}


async def number_of_reports(conn: Conn) -> int:
    known: float = await conn.fetchval("SELECT reltuples FROM pg_class WHERE oid = 'reports'::regclass")
    return max(int(known), 0)


async def every(conn: Conn, number: int) -> list[UUID]:
    rows = await conn.fetch(
        """
        SELECT report_id FROM (SELECT report_id, row_number() OVER (ORDER BY report_id) AS n FROM reports) AS numbered
        WHERE n % $1 = 0 ORDER BY report_id
        """,
        number,
        timeout=600,
    )
    return [row["report_id"] for row in rows]


async def heads(conn: Conn, beyond: UUID, limit: int) -> list[tuple[UUID, str, int, bytes]]:
    """The next reports by id with code, last seq and last hash as the report's own row states them."""
    rows = await conn.fetch(
        "SELECT report_id, code, last_seq, last_hash FROM reports WHERE report_id > $1 ORDER BY report_id LIMIT $2",
        beyond,
        limit,
    )
    return [(r["report_id"], r["code"], r["last_seq"], r["last_hash"]) for r in rows]


async def next_ids(conn: Conn, beyond: UUID, limit: int) -> list[UUID]:
    rows = await conn.fetch(
        "SELECT report_id FROM reports WHERE report_id > $1 ORDER BY report_id LIMIT $2", beyond, limit
    )
    return [row["report_id"] for row in rows]


async def head_of_code(conn: Conn, code: str) -> tuple[UUID, str, int, bytes] | None:
    row = await conn.fetchrow(
        """
        SELECT report_id, r.code, last_seq, last_hash FROM report_codes c JOIN reports r USING (report_id)
        WHERE c.code = $1
        """,
        code,
    )
    return (row["report_id"], row["code"], row["last_seq"], row["last_hash"]) if row else None


async def happened(conn: Conn, report_ids: Sequence[UUID], kinds: Collection[str]) -> list[asyncpg.Record]:
    """Report, kind, time and data as JSON, report by report: a third of the time that whole events take."""
    return await conn.fetch(
        """
        SELECT report_id, kind, at, data::text FROM report_events WHERE report_id = ANY($1) AND kind = ANY($2)
        ORDER BY report_id, seq
        """,
        list(report_ids),
        list(kinds),
    )


async def events_of(conn: Conn, report_ids: Sequence[UUID]) -> list[Event]:
    rows = await conn.fetch(
        "SELECT * FROM report_events WHERE report_id = ANY($1) ORDER BY report_id, seq", list(report_ids)
    )
    return [_event(row) for row in rows]


async def words_of(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, str]]:
    """What was said, by report and message id; a report's first words go by the report's own id."""
    rows = await conn.fetch(
        """
        SELECT report_id, message_id, body FROM report_messages WHERE report_id = ANY($1)
        UNION ALL SELECT report_id, report_id, body FROM reports WHERE report_id = ANY($1)
        """,
        list(report_ids),
    )
    words: dict[UUID, dict[UUID, str]] = {}
    for row in rows:
        words.setdefault(row["report_id"], {})[row["message_id"]] = row["body"]
    return words
