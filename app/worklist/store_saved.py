"""SQL of saved filters."""

from uuid import UUID

import asyncpg

from app.db import Conn


async def of_person(conn: Conn, staff_id: UUID | None, agency_id: str | None) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        SELECT f.filter_id, f.name, f.query, f.shared_with IS NOT NULL AS shared, f.staff_id = $1 AS mine, s.full_name
        FROM queue_filters f JOIN staff s USING (staff_id)
        WHERE f.staff_id = $1 OR (f.shared_with = $2 AND s.active)
        ORDER BY f.staff_id = $1 DESC, CASE WHEN f.staff_id = $1 THEN f.place END, f.name, f.filter_id
        """,
        staff_id,
        agency_id,
    )


async def put(
    conn: Conn, filter_id: UUID, staff_id: UUID | None, name: str, query: str, shared_with: str | None, most: int
) -> bool:
    """False: the person has too many. Under the person's lock, so that two at once are counted one after the other."""
    await conn.execute("SELECT FROM staff WHERE staff_id = $1 FOR NO KEY UPDATE", staff_id)
    replaced = await conn.fetchval(
        "UPDATE queue_filters SET query = $3, shared_with = $4 WHERE staff_id = $1 AND name = $2 RETURNING true",
        staff_id,
        name,
        query,
        shared_with,
    )
    if replaced:
        return True
    made = await conn.fetchval(
        """
        INSERT INTO queue_filters (filter_id, staff_id, name, query, place, shared_with)
        SELECT $1, $2, $3, $4, coalesce(max(place), 0) + 1, $5 FROM queue_filters WHERE staff_id = $2
        HAVING count(*) < $6 RETURNING true
        """,
        filter_id,
        staff_id,
        name,
        query,
        shared_with,
        most,
    )
    return made is not None


async def delete(conn: Conn, staff_id: UUID | None, filter_id: UUID) -> bool:
    done = await conn.fetchval(
        "DELETE FROM queue_filters WHERE staff_id = $1 AND filter_id = $2 RETURNING true", staff_id, filter_id
    )
    return done is not None


async def share(conn: Conn, staff_id: UUID | None, filter_id: UUID, agency_id: str | None) -> bool:
    done = await conn.fetchval(
        "UPDATE queue_filters SET shared_with = $3 WHERE staff_id = $1 AND filter_id = $2 RETURNING true",
        staff_id,
        filter_id,
        agency_id,
    )
    return done is not None


async def move_up(conn: Conn, staff_id: UUID | None, filter_id: UUID) -> bool:
    """Change places with the one above, if there is one."""
    rows = await conn.fetch(
        "SELECT filter_id, place FROM queue_filters WHERE staff_id = $1 ORDER BY place, filter_id FOR UPDATE", staff_id
    )
    at = next((n for n, row in enumerate(rows) if row["filter_id"] == filter_id), None)
    if at is None:
        return False
    if at > 0:
        pairs = [(rows[at]["filter_id"], rows[at - 1]["place"]), (rows[at - 1]["filter_id"], rows[at]["place"])]
        await conn.executemany("UPDATE queue_filters SET place = $2 WHERE filter_id = $1", pairs)
    return True
