"""SQL of identities at a provider, and of sign-ins that are there at this moment."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Staff
from app.accounts.store import staff_of_row
from app.db import Conn


async def of_staff(conn: Conn, staff_id: UUID) -> list[tuple[str, str, datetime]]:
    rows = await conn.fetch("SELECT * FROM provider_identities WHERE staff_id = $1 ORDER BY linked_at", staff_id)
    return [(row["issuer"], row["subject"], row["linked_at"]) for row in rows]


async def staff_of_identity(conn: Conn, issuer: str, subject: str) -> Staff | None:
    row = await conn.fetchrow(
        "SELECT s.* FROM provider_identities i JOIN staff s USING (staff_id) WHERE i.issuer = $1 AND i.subject = $2",
        issuer,
        subject,
    )
    return staff_of_row(row) if row else None


async def staff_of_email(conn: Conn, email: str) -> Staff | None:
    row = await conn.fetchrow("SELECT * FROM staff WHERE email = $1 AND email <> '' FOR UPDATE", email)
    return staff_of_row(row) if row else None


async def link(conn: Conn, issuer: str, subject: str, staff_id: UUID) -> bool:
    """Not when the account has another identity of this provider, or somebody was faster. Expects the account's row
    to be locked."""
    done = await conn.fetchval(
        """
        INSERT INTO provider_identities (issuer, subject, staff_id)
        SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM provider_identities WHERE issuer = $1 AND staff_id = $3)
        ON CONFLICT DO NOTHING RETURNING true
        """,
        issuer,
        subject,
        staff_id,
    )
    return done is not None


async def unlink(conn: Conn, staff_id: UUID) -> list[str]:
    """The issuers whose identities were let go of."""
    rows = await conn.fetch("DELETE FROM provider_identities WHERE staff_id = $1 RETURNING issuer", staff_id)
    return [row["issuer"] for row in rows]


class Away(Struct, frozen=True):
    """A sign-in that is at the provider."""

    nonce: str
    verifier: str
    wanted: str


async def leave(conn: Conn, state_hash: bytes, away: Away, expires_at: datetime) -> None:
    await conn.execute(
        "INSERT INTO single_sign_ons (state_hash, nonce, verifier, wanted, expires_at) VALUES ($1, $2, $3, $4, $5)",
        state_hash,
        away.nonce,
        away.verifier,
        away.wanted,
        expires_at,
    )


async def come_back(conn: Conn, state_hash: bytes, at: datetime) -> Away | None:
    """Taken out: the second answer to the same question finds nothing."""
    row = await conn.fetchrow(
        "DELETE FROM single_sign_ons WHERE state_hash = $1 RETURNING nonce, verifier, wanted, expires_at", state_hash
    )
    return Away(row["nonce"], row["verifier"], row["wanted"]) if row and row["expires_at"] > at else None
