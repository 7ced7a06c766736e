"""SQL that reads reports again as the rules engine saw them."""

from datetime import datetime
from uuid import UUID

import asyncpg

from app.db import Conn

Cursor = tuple[datetime, UUID]


async def count_since(conn: Conn, since: datetime) -> int:
    number: int = await conn.fetchval(
        "SELECT count(*) FROM reports WHERE submitted_at >= $1 AND part_of IS NULL", since
    )
    return number


async def past(conn: Conn, beyond: Cursor, limit: int) -> list[asyncpg.Record]:
    """The next reports after the cursor, oldest first. What a person decided about them is left out."""
    return await conn.fetch(
        """
        SELECT r.submitted_at, r.report_id, r.code, r.category, r.body, r.channel, r.lat, r.lon, r.commune_code,
               r.commune_name, r.province_code, nullif(r.answers, '{}') AS answers,
               r.reporter_kind,
               EXISTS (SELECT FROM report_photos p WHERE p.report_id = r.report_id AND p.stage = 'before') AS has_photo
        FROM reports r WHERE part_of IS NULL AND (r.submitted_at, r.report_id) > ($1, $2)
        ORDER BY r.submitted_at, r.report_id LIMIT $3
        """,
        *beyond,
        limit,
    )
