"""Messages that did not arrive, for whoever looks after the system: by report, channel and reason, never by person."""

from datetime import datetime

from msgspec import Struct

from app.db import Conn

LOST = ("failed", "uncertain", "closed", "unreachable")


class Count(Struct, frozen=True):
    status: str
    channel: str
    messages: int


class Undelivered(Struct, frozen=True):
    at: datetime
    code: str
    channel: str
    template: str
    status: str
    reason: str
    to_staff: bool


async def counts(conn: Conn, since: datetime) -> list[Count]:
    """What was lost since a moment, the most first."""
    rows = await conn.fetch(
        """
        SELECT status, channel, count(*) FROM notifications
        WHERE updated_at > $1 AND status = ANY($2::text[]) GROUP BY status, channel ORDER BY 3 DESC, 1, 2
        """,
        since,
        list(LOST),
    )
    return [Count(*row.values()) for row in rows]


async def latest(conn: Conn, since: datetime, limit: int) -> list[Undelivered]:
    """The last ones. What went by another channel in the end stands here too, for it failed in this one."""
    rows = await conn.fetch(
        """
        SELECT n.updated_at, r.code, n.channel, n.template, n.status, coalesce(n.reason, ''),
               n.recipient LIKE 'staff:%' OR n.recipient LIKE 'agency:%'
        FROM notifications n JOIN reports r USING (report_id)
        WHERE n.updated_at > $1 AND n.status = ANY($2::text[]) ORDER BY n.updated_at DESC LIMIT $3
        """,
        since,
        list(LOST),
        limit,
    )
    return [Undelivered(*row.values()) for row in rows]
