"""SQL of agencies, their staff, and the record of what was done to accounts."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.accounts.model import Agency, Entry, Role, Staff
from app.db import Conn


def staff_of_row(row: asyncpg.Record) -> Staff:
    return Staff(
        row["staff_id"], row["username"], row["full_name"], Role(row["role"]), row["agency_id"], bool(row["active"])
    )


async def record(conn: Conn, entry: Entry) -> None:
    await conn.execute(
        "INSERT INTO account_events (kind, actor, staff_id, data) VALUES ($1, $2, $3, $4)",
        entry.kind,
        entry.actor,
        entry.staff_id,
        entry.data,
    )


# ---------------------------------------------------------------- people


async def insert_staff(conn: Conn, staff: Staff, password_hash: str) -> bool:
    """Whether it was added: not when the agency is unknown or closed. Raises asyncpg.UniqueViolationError."""
    added = await conn.fetchval(
        """
        INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash)
        SELECT $1, agency_id, $2, $3, $4, $5 FROM agencies WHERE agency_id = $6 AND active
        RETURNING true
        """,
        staff.staff_id,
        staff.username,
        staff.full_name,
        staff.role,
        password_hash,
        staff.agency_id,
    )
    return added is not None


async def staff_of_username(conn: Conn, username: str) -> Staff | None:
    row = await conn.fetchrow("SELECT * FROM staff WHERE username = $1", username)
    return staff_of_row(row) if row else None


async def staff_of_id(conn: Conn, staff_id: UUID) -> Staff | None:
    row = await conn.fetchrow("SELECT * FROM staff WHERE staff_id = $1", staff_id)
    return staff_of_row(row) if row else None


async def all_staff(conn: Conn) -> list[Staff]:
    rows = await conn.fetch("SELECT * FROM staff ORDER BY username")
    return [staff_of_row(row) for row in rows]


async def names(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT staff_id, full_name FROM staff WHERE staff_id = ANY($1)", ids)
    return {row["staff_id"]: row["full_name"] for row in rows}


async def switch(conn: Conn, staff_id: UUID, active: bool) -> bool:
    """Whether anything changed."""
    changed = await conn.fetchval(
        """
        UPDATE staff SET active = $2, updated_at = now() WHERE staff_id = $1 AND active <> $2 RETURNING true
        """,
        staff_id,
        active,
    )
    return changed is not None


async def set_password(conn: Conn, staff_id: UUID, password_hash: str) -> None:
    await conn.execute(
        "UPDATE staff SET password_hash = $2, updated_at = now() WHERE staff_id = $1", staff_id, password_hash
    )


async def renew_hash(conn: Conn, staff_id: UUID, old: str, new: str) -> None:
    """The same password with today's parameters, unless somebody has set another one meanwhile."""
    await conn.execute(
        "UPDATE staff SET password_hash = $3 WHERE staff_id = $1 AND password_hash = $2", staff_id, old, new
    )


# ---------------------------------------------------------------- agencies


def _agency(row: asyncpg.Record) -> Agency:
    return Agency(
        row["agency_id"],
        row["parent_id"],
        row["kind"],
        row["name"],
        row["name_en"],
        row["commune_code"],
        row["active"],
    )


async def agency(conn: Conn, agency_id: str) -> Agency | None:
    row = await conn.fetchrow("SELECT * FROM agencies WHERE agency_id = $1", agency_id)
    return _agency(row) if row else None


async def agencies(conn: Conn) -> list[Agency]:
    return [_agency(row) for row in await conn.fetch("SELECT * FROM agencies ORDER BY agency_id")]


async def agencies_of_ids(conn: Conn, ids: Sequence[str]) -> list[Agency]:
    return [_agency(row) for row in await conn.fetch("SELECT * FROM agencies WHERE agency_id = ANY($1)", ids)]


async def coordinating_agency(conn: Conn) -> str | None:
    """The open operations centre; the topmost should there be several."""
    found: str | None = await conn.fetchval(
        """
        SELECT agency_id FROM agencies WHERE kind = 'operations_centre' AND active
        ORDER BY parent_id NULLS FIRST, agency_id LIMIT 1
        """
    )
    return found
