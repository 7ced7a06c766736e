"""SQL that finds reports whose time has come: to close, to go on, to remind."""

from datetime import datetime
from uuid import UUID

from app.db import Conn
from app.reports.model import Status


async def resolved_before(conn: Conn, moment: datetime, limit: int) -> list[UUID]:
    rows = await conn.fetch(
        "SELECT report_id FROM reports WHERE status = 'resolved' AND resolved_at < $1 ORDER BY resolved_at LIMIT $2",
        moment,
        limit,
    )
    return [row["report_id"] for row in rows]


async def awaiting(conn: Conn, before: datetime, limit: int) -> list[tuple[UUID, datetime]]:
    """Reports whose clock was paused before a moment, with when."""
    rows = await conn.fetch(
        """
        SELECT report_id, paused_at FROM reports WHERE status = 'awaiting_info' AND paused_at < $1
        ORDER BY paused_at LIMIT $2
        """,
        before,
        limit,
    )
    return [(row["report_id"], row["paused_at"]) for row in rows]


async def unreminded(
    conn: Conn, asked_before: datetime, resolved_before: datetime, limit: int
) -> list[tuple[UUID, Status, datetime]]:
    """Reports whose reporter, known by a chat, left a question or a result without a word and was not reminded of it
    yet: id, status, and since when it waits."""
    rows = await conn.fetch(
        """
        SELECT report_id, status, coalesce(r.paused_at, r.resolved_at) AS since
        FROM reports r JOIN report_contacts c USING (report_id)
        WHERE (r.status = 'awaiting_info' AND r.paused_at < $1
               OR r.status = 'resolved' AND r.resolved_at < $2 AND r.rating IS NULL)
          AND c.citizen_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM report_events e WHERE e.report_id = r.report_id AND e.kind = 'reminded'
                          AND e.at >= coalesce(r.paused_at, r.resolved_at))
        ORDER BY since LIMIT $3
        """,
        asked_before,
        resolved_before,
        limit,
    )
    return [(row["report_id"], Status(row["status"]), row["since"]) for row in rows]
