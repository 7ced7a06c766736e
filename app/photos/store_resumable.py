"""SQL of uploads that come piece by piece."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.db import Conn


class Uploading(Struct, frozen=True):
    """``received`` of ``length`` bytes are there. ``sha256``: hex, once it is kept as a photo."""

    upload_id: UUID
    metadata: str
    name: str
    length: int
    received: int
    sha256: str | None
    expires_at: datetime

    @property
    def whole(self) -> bool:
        return self.received == self.length


_COLUMNS = "upload_id, metadata, name, length, received, encode(sha256, 'hex') AS sha256, expires_at"


async def insert(conn: Conn, uploading: Uploading, room: int) -> bool:
    """False when ``room`` bytes of others are waiting already."""
    done = await conn.execute(
        """
        INSERT INTO uploads (upload_id, metadata, name, length, expires_at)
        SELECT $1, $2, $3, $4, $5 WHERE (SELECT coalesce(sum(received), 0) FROM uploads WHERE sha256 IS NULL) < $6
        """,
        uploading.upload_id,
        uploading.metadata,
        uploading.name,
        uploading.length,
        uploading.expires_at,
        room,
    )
    return done == "INSERT 0 1"


async def find(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Uploading]:
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} FROM uploads WHERE upload_id = ANY($1) AND expires_at > now()",  # noqa: S608  # a constant
        list(ids),
    )
    return {row["upload_id"]: Uploading(*row.values()) for row in rows}


async def append(conn: Conn, upload_id: UUID, start: int, data: bytes, lifetime: timedelta) -> bool:
    """The piece and the new length in one statement; False when the upload does not end at ``start`` (any more)."""
    done = await conn.execute(
        """
        WITH grown AS (
            UPDATE uploads SET received = received + length($3::bytea), expires_at = now() + $4::interval
            WHERE upload_id = $1 AND received = $2::bigint AND expires_at > now()
              AND received + length($3::bytea) <= length
            RETURNING upload_id
        )
        INSERT INTO upload_pieces (upload_id, start, data) SELECT upload_id, $2::bigint, $3::bytea FROM grown
        """,
        upload_id,
        start,
        data,
        lifetime,
    )
    return done == "INSERT 0 1"


async def pieces(conn: Conn, upload_id: UUID) -> bytes:
    """All that has come, in one."""
    rows = await conn.fetch("SELECT data FROM upload_pieces WHERE upload_id = $1 ORDER BY start", upload_id)
    return b"".join(row["data"] for row in rows)


async def kept(conn: Conn, upload_id: UUID, sha256: str, lifetime: timedelta) -> None:
    """It is a photo now; whoever names it again for as long as an idempotency key lives means that photo."""
    await conn.execute(
        """
        WITH gone AS (DELETE FROM upload_pieces WHERE upload_id = $1)
        UPDATE uploads SET sha256 = $2, expires_at = now() + $3::interval WHERE upload_id = $1
        """,
        upload_id,
        bytes.fromhex(sha256),
        lifetime,
    )


async def delete(conn: Conn, upload_id: UUID) -> bool:
    return (
        await conn.execute("DELETE FROM uploads WHERE upload_id = $1 AND expires_at > now()", upload_id) == "DELETE 1"
    )


async def sweep(conn: Conn) -> int:
    done: str = await conn.execute("DELETE FROM uploads WHERE expires_at <= now()")
    return int(done.rpartition(" ")[2])
