"""SQL of what coordinators answer for towards reporters: who is blocked, and who looked at whose identity."""

from datetime import datetime

import asyncpg

from app.accounts.model import Actor
from app.db import Conn

MOST = 200
_WITHIN = (
    "(cardinality($1::text[]) = 0 OR category = ANY($1)) AND (cardinality($2::text[]) = 0 OR commune_code = ANY($2))"
)


async def blocked(conn: Conn, reader: Actor) -> list[asyncpg.Record]:
    """Whose new reports are refused now, the newest first, by the report that was the reason: never by name."""
    return await conn.fetch(
        f"""
        SELECT r.code, b.reason, b.blocked_at, s.full_name AS by,
               (SELECT count(*) FROM report_contacts c WHERE c.citizen_id = b.citizen_id) AS reports
        FROM citizen_blocks b JOIN reports r USING (report_id) JOIN staff s ON s.staff_id = b.blocked_by
        WHERE b.lifted_at IS NULL AND {_WITHIN}
        ORDER BY b.blocked_at DESC LIMIT {MOST}
        """,  # noqa: S608  # conditions of our own
        sorted(reader.categories),
        sorted(reader.communes),
    )


async def looks(conn: Conn, reader: Actor, code: str | None, before: datetime | None) -> list[asyncpg.Record]:
    """Looks at a reporter's identity, the newest first: of one report, or all before a moment."""
    return await conn.fetch(
        f"""
        SELECT r.code, e.at, coalesce(s.full_name, '') AS by, coalesce(m.body, '') AS reason
        FROM report_events e JOIN reports r USING (report_id)
        LEFT JOIN staff s ON s.staff_id = e.actor_id
        LEFT JOIN report_messages m
               ON m.report_id = e.report_id AND m.message_id = (e.data ->> 'message_id')::uuid
        WHERE e.kind = 'identity_viewed' AND {_WITHIN} AND ($3::text IS NULL OR r.code = $3)
          AND ($4::timestamptz IS NULL OR e.at < $4)
        ORDER BY e.at DESC LIMIT {MOST}
        """,  # noqa: S608  # conditions of our own
        sorted(reader.categories),
        sorted(reader.communes),
        code,
        before,
    )
