"""Devices on which staff are told by Web Push: one for each, the one that said so last."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.i18n import Lang


class PushDevice(Struct, frozen=True):
    """``address``: what its push service gave it; ``p256dh`` and ``auth``: the keys that messages are sealed with."""

    address: str
    p256dh: bytes
    auth: bytes
    lang: Lang
    since: datetime | None = None


async def keep(conn: Conn, staff_id: UUID, device: PushDevice) -> None:
    """From now on this one and no other. A device that told somebody else tells them no more."""
    await conn.execute("DELETE FROM staff_push WHERE address = $2 AND staff_id <> $1", staff_id, device.address)
    await conn.execute(
        """
        INSERT INTO staff_push AS p (staff_id, address, p256dh, auth, lang) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (staff_id) DO UPDATE
        SET address = excluded.address, p256dh = excluded.p256dh, auth = excluded.auth, lang = excluded.lang,
            since = CASE WHEN p.address = excluded.address THEN p.since ELSE now() END
        """,
        staff_id,
        device.address,
        device.p256dh,
        device.auth,
        device.lang,
    )


async def of(conn: Conn, staff_id: UUID) -> PushDevice | None:
    row = await conn.fetchrow("SELECT address, p256dh, auth, lang, since FROM staff_push WHERE staff_id = $1", staff_id)
    return PushDevice(*row.values()) if row else None


async def langs_of(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Lang]:
    """Which of these have one, and in which language it tells."""
    rows = await conn.fetch("SELECT staff_id, lang FROM staff_push WHERE staff_id = ANY($1)", list(ids))
    return {row["staff_id"]: row["lang"] for row in rows}


async def end(conn: Conn, staff_id: UUID, address: str = "") -> None:
    """Whichever it is, or only the one with this address."""
    await conn.execute("DELETE FROM staff_push WHERE staff_id = $1 AND $2 IN ('', address)", staff_id, address)


async def gone(conn: Conn, address: str) -> None:
    """Nobody is there any more."""
    await conn.execute("DELETE FROM staff_push WHERE address = $1", address)
