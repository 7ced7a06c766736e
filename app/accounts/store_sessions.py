"""SQL of live sessions as people see them in lists."""

from datetime import datetime
from uuid import UUID

from app.accounts.model import OpenSession, Origin
from app.accounts.store_access import IDLE
from app.db import Conn


async def sessions(conn: Conn, staff_id: UUID, current: bytes, at: datetime) -> list[OpenSession]:
    """Live ones, the latest used first. ``current``: digest of the token that is asking."""
    rows = await conn.fetch(
        """
        SELECT *, token_hash = $2 AS current FROM staff_sessions
        WHERE staff_id = $1 AND expires_at > $3 AND last_seen_at > $3 - $4::interval
        ORDER BY token_hash = $2 DESC, last_seen_at DESC, session_id
        """,
        staff_id,
        current,
        at,
        IDLE,
    )
    return [
        OpenSession(
            row["session_id"],
            row["created_at"],
            row["last_seen_at"],
            row["expires_at"],
            Origin(row["browser"], row["address"]),
            row["current"],
        )
        for row in rows
    ]


async def end(conn: Conn, staff_id: UUID, session_id: UUID) -> bool:
    """Whether it was there."""
    done = await conn.fetchval(
        "DELETE FROM staff_sessions WHERE staff_id = $1 AND session_id = $2 RETURNING true", staff_id, session_id
    )
    return done is not None


async def end_others(conn: Conn, staff_id: UUID, current: bytes) -> int:
    """How many there were."""
    return len(
        await conn.fetch(
            "DELETE FROM staff_sessions WHERE staff_id = $1 AND token_hash <> $2 RETURNING 1", staff_id, current
        )
    )
