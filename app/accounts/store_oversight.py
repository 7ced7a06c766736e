"""SQL of what account managers look at."""

from uuid import UUID

import asyncpg

from app.accounts.model import ApiToken, EventKind, Role, Staff
from app.accounts.store import staff_of_row
from app.accounts.store_tokens import token_of_row
from app.db import Conn


async def events(
    conn: Conn, kind: EventKind | None, staff_id: UUID | None, before: int | None, limit: int
) -> list[asyncpg.Record]:
    """The latest first, with user names."""
    return await conn.fetch(
        """
        SELECT e.event_id, e.at, e.kind, e.data, s.username AS whose,
               coalesce(a.username, split_part(e.actor, ':', 1)) AS who
        FROM account_events e
        LEFT JOIN staff s ON s.staff_id = e.staff_id
        LEFT JOIN staff a ON a.staff_id = CASE WHEN e.actor LIKE 'staff:%' THEN substr(e.actor, 7)::uuid END
        WHERE ($1::text IS NULL OR e.kind = $1)
          AND ($2::uuid IS NULL OR e.staff_id = $2 OR e.actor = 'staff:' || $2)
          AND ($3::bigint IS NULL OR e.event_id < $3)
        ORDER BY e.event_id DESC LIMIT $4
        """,
        kind,
        staff_id,
        before,
        limit,
    )


async def tokens(conn: Conn) -> list[tuple[ApiToken, Staff]]:
    rows = await conn.fetch(
        """
        SELECT s.*, t.token_id, t.name, t.scopes, t.created_at AS made_at, t.last_used_at, t.expires_at, t.revoked_at
        FROM api_tokens t JOIN staff s USING (staff_id) ORDER BY t.token_id DESC
        """
    )
    return [(token_of_row(row, row["made_at"]), staff_of_row(row)) for row in rows]


async def headcounts(conn: Conn) -> list[tuple[str, Role, int]]:
    rows = await conn.fetch("SELECT agency_id, role, count(*) AS n FROM staff WHERE active GROUP BY agency_id, role")
    return [(row["agency_id"], Role(row["role"]), row["n"]) for row in rows]
