"""SQL of agencies, their staff, and the record of what was done to accounts."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from app.accounts.model import SEES_EVERY_REPORT, SEES_OWN_AGENCY, Agency, Entry, Role, Staff
from app.db import Conn


def staff_of_row(row: asyncpg.Record) -> Staff:
    return Staff(
        row["staff_id"],
        row["username"],
        row["full_name"],
        Role(row["role"]),
        row["agency_id"],
        bool(row["active"]),
        row["email"],
        tuple(row["categories"]),
        tuple(row["communes"]),
        row["password_temporary"],
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
        INSERT INTO staff (staff_id, agency_id, username, full_name, role, password_hash, email, categories, communes,
                           password_temporary)
        SELECT $1, agency_id, $2, $3, $4, $5, $7, $8, $9, $10 FROM agencies WHERE agency_id = $6 AND active
        RETURNING true
        """,
        staff.staff_id,
        staff.username,
        staff.full_name,
        staff.role,
        password_hash,
        staff.agency_id,
        staff.email,
        list(staff.categories),
        list(staff.communes),
        staff.password_temporary,
    )
    return added is not None


async def update_staff(conn: Conn, before: Staff, after: Staff) -> bool:
    """Whether it could be: not when they would move to an agency that is unknown or closed. Raises
    asyncpg.UniqueViolationError."""
    done = await conn.fetchval(
        """
        UPDATE staff SET full_name = $2, role = $3, agency_id = $4, email = $5, categories = $6, communes = $7,
                         updated_at = now()
        WHERE staff_id = $1 AND (agency_id = $4 OR EXISTS (SELECT FROM agencies a WHERE a.agency_id = $4 AND a.active))
        RETURNING true
        """,
        before.staff_id,
        after.full_name,
        after.role,
        after.agency_id,
        after.email,
        list(after.categories),
        list(after.communes),
    )
    return done is not None


async def staff_of_username(conn: Conn, username: str, *, lock: bool = False) -> Staff | None:
    """``lock``: as below."""
    row = await conn.fetchrow(f"SELECT * FROM staff WHERE username = $1{' FOR UPDATE' if lock else ''}", username)  # noqa: S608  # constants
    return staff_of_row(row) if row else None


async def staff_of_id(conn: Conn, staff_id: UUID, *, lock: bool = False) -> Staff | None:
    """``lock``: nobody else changes the account before the transaction ends."""
    row = await conn.fetchrow(f"SELECT * FROM staff WHERE staff_id = $1{' FOR UPDATE' if lock else ''}", staff_id)  # noqa: S608  # constants
    return staff_of_row(row) if row else None


async def staff_held(conn: Conn, staff_id: UUID) -> Staff | None:
    """Shared, so that acts on reports that name the account are not held up, nor wait for each other in a circle."""
    row = await conn.fetchrow("SELECT * FROM staff WHERE staff_id = $1 FOR SHARE", staff_id)
    return staff_of_row(row) if row else None


async def all_staff(conn: Conn) -> list[Staff]:
    rows = await conn.fetch("SELECT * FROM staff ORDER BY username")
    return [staff_of_row(row) for row in rows]


async def names(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT staff_id, full_name FROM staff WHERE staff_id = ANY($1)", ids)
    return {row["staff_id"]: row["full_name"] for row in rows}


async def usernames(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT staff_id, username FROM staff WHERE staff_id = ANY($1)", ids)
    return {row["staff_id"]: row["username"] for row in rows}


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


async def set_password(conn: Conn, staff_id: UUID, password_hash: str, *, temporary: bool) -> None:
    await conn.execute(
        "UPDATE staff SET password_hash = $2, password_temporary = $3, updated_at = now() WHERE staff_id = $1",
        staff_id,
        password_hash,
        temporary,
    )


async def renew_hash(conn: Conn, staff_id: UUID, old: str, new: str) -> bool:
    """The same password with today's parameters; not when somebody has set another one meanwhile."""
    done = await conn.fetchval(
        "UPDATE staff SET password_hash = $3 WHERE staff_id = $1 AND password_hash = $2 RETURNING true",
        staff_id,
        old,
        new,
    )
    return done is not None


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


async def onlookers(conn: Conn, agency_ids: Sequence[str]) -> list[Staff]:
    """Open accounts of these agencies and of those above them, and of roles that see every report, by name."""
    rows = await conn.fetch(
        """
        WITH RECURSIVE above AS (
            SELECT agency_id, parent_id FROM agencies WHERE agency_id = ANY($1)
            UNION SELECT a.agency_id, a.parent_id FROM agencies a JOIN above ON above.parent_id = a.agency_id
        )
        SELECT * FROM staff
        WHERE active AND (role = ANY($2) OR role = ANY($3) AND agency_id IN (SELECT agency_id FROM above))
        ORDER BY full_name, username
        """,
        list(agency_ids),
        sorted(SEES_EVERY_REPORT),
        sorted(SEES_OWN_AGENCY),
    )
    return [staff_of_row(row) for row in rows]
