"""How many reports one person may send in a chat, and how many chats may send of the same matter in one spot. Generous
for whoever walks through a town with open eyes, and for a street in the dark; a flood waits, and nothing of it is lost.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.db import Conn
from app.errors import TooMany
from app.routing.calendar import VIETNAM

AN_HOUR, A_DAY = 10, 30
A_SPOT_AN_HOUR = 20
"""The operations centre knows by then; whoever comes later has been offered to follow what is there."""
_SPOT_DEGREES = 0.0005
"""About 50 metres each way."""


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
            raise _too_many("reports.too_many", most, again, at)


async def check_spot(
    conn: Conn, category: str, spot: tuple[float, float], key: tuple[str, str], at: datetime | None = None
) -> None:
    """Raises TooMany when many open reports of this category have come from this very spot within the hour. ``spot``:
    latitude, longitude. Not to be asked where life is in danger: such a report is taken however many there are.
    """
    at = at or datetime.now(UTC)
    lat, lon = spot
    rows = await conn.fetch(
        """
        SELECT submitted_at FROM reports
        WHERE part_of IS NULL AND category = $1
          AND lat BETWEEN $2::float8 - $6 AND $2 + $6 AND lon BETWEEN $3::float8 - $6 AND $3 + $6
          AND visibility = 'public' AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
          AND submitted_at > $4::timestamptz - interval '1 hour'
          AND NOT EXISTS (SELECT FROM idempotency_keys WHERE scope = $7 AND key = $8)
        ORDER BY submitted_at DESC LIMIT $5
        """,
        category,
        lat,
        lon,
        at,
        A_SPOT_AN_HOUR,
        _SPOT_DEGREES,
        *key,
    )
    if len(rows) >= A_SPOT_AN_HOUR:
        raise _too_many("reports.spot_crowded", A_SPOT_AN_HOUR, rows[-1]["submitted_at"] + timedelta(hours=1), at)


def _too_many(message: str, count: int, again: datetime, at: datetime) -> TooMany:
    when = again.astimezone(VIETNAM).strftime("%H:%M, %d/%m")
    return TooMany(message, count=count, again=when, retry_after=int((again - at).total_seconds()) + 1)
