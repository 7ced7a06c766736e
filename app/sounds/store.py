"""``sound_blobs``: one row a voice message. Claims are rows of ``report_sounds`` and ``draft_sounds``."""

from app.db import Conn

UNCLAIMED = """
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
