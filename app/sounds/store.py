"""``sound_blobs``: one row a voice message. Claims are rows of ``report_sounds`` and ``draft_sounds``."""

from datetime import timedelta

from app.db import Conn

_UNCLAIMED = """
    NOT EXISTS (SELECT FROM report_sounds r WHERE r.sha256 = b.sha256)
    AND NOT EXISTS (SELECT FROM draft_sounds d WHERE d.sha256 = b.sha256)
"""


async def touch(conn: Conn, sha256: bytes, content_type: str, size_bytes: int, seconds: int) -> None:
    """Know it from now on. Waits while a sweep holds its row."""
    await conn.execute(
        """
        INSERT INTO sound_blobs (sha256, content_type, size_bytes, seconds) VALUES ($1, $2, $3, $4)
        ON CONFLICT (sha256) DO UPDATE SET touched_at = now()
        """,
        sha256,
        content_type,
        size_bytes,
        seconds,
    )


async def lock_orphans(conn: Conn, older_than: timedelta, limit: int) -> list[bytes]:
    """Lock what seems unclaimed, oldest first, passing over what others hold."""
    rows = await conn.fetch(
        f"""
        SELECT sha256 FROM sound_blobs b WHERE touched_at < now() - $1::interval AND {_UNCLAIMED}
        ORDER BY touched_at LIMIT $2 FOR UPDATE OF b SKIP LOCKED
        """,  # noqa: S608 - a constant
        older_than,
        limit,
    )
    return [row["sha256"] for row in rows]


async def delete_unclaimed(conn: Conn, locked: list[bytes]) -> list[bytes]:
    """Delete those truly unclaimed: a claim committed before the lock is seen only by this second statement."""
    rows = await conn.fetch(
        f"DELETE FROM sound_blobs b WHERE sha256 = ANY($1) AND {_UNCLAIMED} RETURNING sha256",  # noqa: S608 - a constant
        locked,
    )
    return [row["sha256"] for row in rows]
