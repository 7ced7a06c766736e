"""SQL of absences."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

import asyncpg

from app.accounts.model import Staff
from app.accounts.store import staff_of_row
from app.db import Conn

_VIETNAM = timezone(timedelta(hours=7))


def day_of(at: datetime) -> date:
    """The day it is in Vietnam."""
    return at.astimezone(_VIETNAM).date()


async def overlapping(conn: Conn, staff_id: UUID, first: date, last: date) -> tuple[date, date] | None:
    row = await conn.fetchrow(
        """
        SELECT first_day, last_day FROM staff_absences
        WHERE staff_id = $1 AND first_day <= $3 AND last_day >= $2 ORDER BY first_day LIMIT 1
        """,
        staff_id,
        first,
        last,
    )
    return (row["first_day"], row["last_day"]) if row else None


async def insert(conn: Conn, absence_id: UUID, staff_id: UUID, deputy_id: UUID, first: date, last: date) -> None:
    await conn.execute(
        """
        INSERT INTO staff_absences (absence_id, staff_id, deputy_id, first_day, last_day) VALUES ($1, $2, $3, $4, $5)
        """,
        absence_id,
        staff_id,
        deputy_id,
        first,
        last,
    )


async def absence(conn: Conn, absence_id: UUID) -> tuple[UUID, date, date] | None:
    """Whose it is, and its days."""
    row = await conn.fetchrow(
        "SELECT staff_id, first_day, last_day FROM staff_absences WHERE absence_id = $1", absence_id
    )
    return (row["staff_id"], row["first_day"], row["last_day"]) if row else None


async def delete(conn: Conn, absence_id: UUID) -> bool:
    done = await conn.fetchval("DELETE FROM staff_absences WHERE absence_id = $1 RETURNING true", absence_id)
    return done is not None


async def of_agencies(conn: Conn, agencies: Sequence[str], today: date) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        SELECT a.absence_id, a.staff_id, s.full_name, a.deputy_id, d.full_name AS deputy, a.first_day, a.last_day
        FROM staff_absences a JOIN staff s USING (staff_id) JOIN staff d ON d.staff_id = a.deputy_id
        WHERE s.agency_id = ANY($1) AND s.active AND a.last_day >= $2
        ORDER BY a.first_day, s.full_name, a.absence_id
        """,
        list(agencies),
        today,
    )


async def active_of(conn: Conn, agency_id: str) -> list[Staff]:
    rows = await conn.fetch(
        "SELECT * FROM staff WHERE agency_id = $1 AND active ORDER BY full_name, username", agency_id
    )
    return [staff_of_row(row) for row in rows]


async def acting(conn: Conn, ids: Sequence[UUID], today: date) -> dict[UUID, UUID | None]:
    """Of these, those who are away, with whoever the way of deputies leads to and who is there and active.

    UNION, not UNION ALL: it ends where deputies stand in for each other.
    """
    rows = await conn.fetch(
        """
        WITH RECURSIVE away AS (
            SELECT staff_id, deputy_id FROM staff_absences WHERE first_day <= $2 AND last_day >= $2
        ), way AS (
            SELECT staff_id, deputy_id FROM away WHERE staff_id = ANY($1)
            UNION SELECT w.staff_id, a.deputy_id FROM way w JOIN away a ON a.staff_id = w.deputy_id
        )
        SELECT w.staff_id, (array_agg(s.staff_id) FILTER (WHERE s.active AND NOT EXISTS (
                   SELECT FROM away a WHERE a.staff_id = s.staff_id)))[1] AS deputy_id
        FROM way w JOIN staff s ON s.staff_id = w.deputy_id GROUP BY w.staff_id
        """,
        list(ids),
        today,
    )
    return {row["staff_id"]: row["deputy_id"] for row in rows}


async def deputised_for(conn: Conn, staff_id: UUID, today: date) -> list[UUID]:
    rows = await conn.fetch(
        """
        WITH RECURSIVE away AS (
            SELECT staff_id, deputy_id FROM staff_absences WHERE first_day <= $2 AND last_day >= $2
        ), mine AS (
            SELECT staff_id FROM away WHERE deputy_id = $1
            UNION SELECT a.staff_id FROM away a JOIN mine m ON a.deputy_id = m.staff_id
        )
        SELECT staff_id FROM mine WHERE staff_id <> $1 ORDER BY staff_id
        """,
        staff_id,
        today,
    )
    return [row["staff_id"] for row in rows]
