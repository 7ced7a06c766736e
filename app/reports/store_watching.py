"""SQL of the watch over deadlines."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db import Conn

# Word for word the predicate of the partial index reports_open.
_IS_OPEN = "r.status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"


async def horizon(conn: Conn) -> int:
    """Every transaction before this number that writes history has ended."""
    number: int = await conn.fetchval("SELECT history_settled_before()::text::bigint")
    return number


async def changed_since(conn: Conn, first: int) -> list[UUID]:
    """Reports to which something happened in this transaction or a later one, but for warnings."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT report_id FROM report_events WHERE xid >= $1::text::xid8 AND kind <> 'warned'
        ORDER BY report_id
        """,
        str(first),
    )
    return [row["report_id"] for row in rows]


async def out_of_step(conn: Conn) -> list[UUID]:
    """Open reports to which something happened since the watch looked at them, and watched ones that are over."""
    rows = await conn.fetch(
        f"""
        SELECT r.report_id FROM reports r LEFT JOIN report_watches w USING (report_id)
        WHERE {_IS_OPEN} AND (w.seen_seq IS NULL OR w.seen_seq < r.last_seq)
        UNION ALL SELECT w.report_id FROM report_watches w JOIN reports r USING (report_id) WHERE NOT ({_IS_OPEN})
        """  # noqa: S608  # a constant of this file
    )
    return sorted(row["report_id"] for row in rows)


async def due(conn: Conn, at: datetime) -> list[UUID]:
    rows = await conn.fetch("SELECT report_id FROM report_watches WHERE next_at <= $1 ORDER BY next_at", at)
    return [row["report_id"] for row in rows]


async def note(conn: Conn, watched: Sequence[tuple[UUID, int, datetime | None]], over: Sequence[UUID]) -> None:
    """``watched``: report, last event looked at, when to look next. Two workers note the same; the later event wins."""
    await conn.execute(
        """
        WITH gone AS (DELETE FROM report_watches WHERE report_id = ANY($4))
        INSERT INTO report_watches AS w (report_id, seen_seq, next_at)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::timestamptz[])
        ON CONFLICT (report_id) DO UPDATE SET seen_seq = excluded.seen_seq, next_at = excluded.next_at
        WHERE w.seen_seq <= excluded.seen_seq
        """,
        [report_id for report_id, _, _ in watched],
        [seq for _, seq, _ in watched],
        [next_at for _, _, next_at in watched],
        list(over),
    )
