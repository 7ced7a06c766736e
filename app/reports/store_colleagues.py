"""SQL of who may have a case, and how much each has already."""

from collections.abc import Sequence
from datetime import date

import asyncpg

from app.db import Conn


async def takers(conn: Conn, agency_ids: Sequence[str], roles: Sequence[str], today: date) -> list[asyncpg.Record]:
    """Open accounts of these agencies and roles by name, each with how many open cases it has (``has``) and the
    last day of an absence that holds today (``away_until``)."""
    return await conn.fetch(
        """
        SELECT s.staff_id, s.full_name, s.agency_id, s.categories, s.communes, r.has, a.away_until FROM staff s
        LEFT JOIN LATERAL (
            SELECT count(*) AS has FROM reports
            WHERE assignee_id = s.staff_id
              AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
        ) r ON true
        LEFT JOIN LATERAL (
            SELECT max(last_day) AS away_until FROM staff_absences
            WHERE staff_id = s.staff_id AND first_day <= $3 AND last_day >= $3
        ) a ON true
        WHERE s.agency_id = ANY($1) AND s.role = ANY($2) AND s.active ORDER BY s.full_name, s.username
        """,
        list(agency_ids),
        list(roles),
        today,
    )
