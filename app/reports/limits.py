"""How many reports one person may send in a chat. Generous for whoever walks through a town with open eyes; a flood
waits, and nothing of it is lost."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.db import Conn
from app.errors import TooMany
from app.routing.calendar import VIETNAM

AN_HOUR, A_DAY = 10, 30


async def check_pace(conn: Conn, citizen_id: UUID, key: tuple[str, str], at: datetime | None = None) -> None:
    """Raises TooMany, saying when the next one is taken. A report that is sent again by its key is no further one."""
    at = at or datetime.now(UTC)
    rows = await conn.fetch(
        """
        SELECT submitted_at FROM report_contacts JOIN reports USING (report_id)
        WHERE citizen_id = $1 AND submitted_at > $2::timestamptz - interval '1 day'
          AND NOT EXISTS (SELECT FROM idempotency_keys WHERE scope = $3 AND key = $4)
        ORDER BY submitted_at DESC LIMIT $5
        """,
        citizen_id,
        at,
        *key,
        A_DAY,
    )
    for most, length in ((A_DAY, timedelta(days=1)), (AN_HOUR, timedelta(hours=1))):
        if len(rows) >= most and (again := rows[most - 1]["submitted_at"] + length) > at:
            when = again.astimezone(VIETNAM).strftime("%H:%M, %d/%m")
            seconds = int((again - at).total_seconds()) + 1
            raise TooMany("reports.too_many", count=most, again=when, retry_after=seconds)
