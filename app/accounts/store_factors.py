"""SQL of second factors and recovery codes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.db import Conn

PROPOSED_FOR = timedelta(minutes=10)


class Factor(Struct, frozen=True):
    """A second factor as it is stored; both secrets are encrypted. ``codes``: recovery codes, and whether unused."""

    secret: bytes | None
    pending: bytes | None
    last_step: int
    since: datetime | None
    codes: dict[bytes, bool]

    @property
    def codes_left(self) -> int:
        return sum(self.codes.values())


NONE = Factor(None, None, 0, None, {})


async def factor(conn: Conn, staff_id: UUID) -> Factor:
    row = await conn.fetchrow(
        """
        SELECT secret, CASE WHEN pending_until > now() THEN pending END AS pending, last_step, since
        FROM second_factors WHERE staff_id = $1
        """,
        staff_id,
    )
    if row is None:
        return NONE
    codes = await conn.fetch("SELECT code_hash, used_at FROM recovery_codes WHERE staff_id = $1", staff_id)
    unused = {code["code_hash"]: code["used_at"] is None for code in codes}
    return Factor(row["secret"], row["pending"], row["last_step"], row["since"], unused)


async def propose(conn: Conn, staff_id: UUID, sealed: bytes) -> None:
    """A secret that its owner is about to put into their app; the one in use stays in use until then. Shown again to
    whoever has the session, and so for ten minutes only: the password was asked for at their beginning."""
    await conn.execute(
        """
        INSERT INTO second_factors (staff_id, pending, pending_until) VALUES ($1, $2, now() + $3::interval)
        ON CONFLICT (staff_id) DO UPDATE SET pending = excluded.pending, pending_until = excluded.pending_until
        """,
        staff_id,
        sealed,
        PROPOSED_FOR,
    )


async def confirm(conn: Conn, staff_id: UUID, pending: bytes, last_step: int, at: datetime) -> bool:
    """The proposed secret comes into use, unless another one has been proposed or confirmed meanwhile."""
    done = await conn.fetchval(
        """
        UPDATE second_factors
        SET secret = pending, pending = NULL, pending_until = NULL, last_step = $3, since = $4
        WHERE staff_id = $1 AND pending = $2 RETURNING true
        """,
        staff_id,
        pending,
        last_step,
        at,
    )
    return done is not None


async def replace_codes(conn: Conn, staff_id: UUID, hashes: Sequence[bytes]) -> None:
    await conn.execute("DELETE FROM recovery_codes WHERE staff_id = $1", staff_id)
    await conn.execute(
        "INSERT INTO recovery_codes (staff_id, code_hash) SELECT $1, unnest($2::bytea[])", staff_id, list(hashes)
    )


async def remove(conn: Conn, staff_id: UUID) -> bool:
    """Whether there was one in use."""
    await conn.execute("DELETE FROM recovery_codes WHERE staff_id = $1", staff_id)
    await conn.execute("DELETE FROM sign_ins_begun WHERE staff_id = $1", staff_id)
    gone = await conn.fetchval("DELETE FROM second_factors WHERE staff_id = $1 RETURNING secret IS NOT NULL", staff_id)
    return bool(gone)


async def with_factor(conn: Conn) -> set[UUID]:
    """Everybody who has one in use."""
    return {row["staff_id"] for row in await conn.fetch("SELECT staff_id FROM second_factors WHERE secret IS NOT NULL")}
