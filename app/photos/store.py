"""``photo_blobs``: a row for each different photo. Claims on it are rows of ``report_photos``,
``draft_photos``, ``public_photos`` and ``report_attachments``."""

from collections.abc import Sequence

from app.db import Conn
from app.photos.model import StoredPhoto

UNCLAIMED = """
    NOT EXISTS (SELECT FROM report_photos r WHERE r.sha256 = b.sha256)
    AND NOT EXISTS (SELECT FROM draft_photos d WHERE d.sha256 = b.sha256)
    AND NOT EXISTS (SELECT FROM public_photos c WHERE c.sha256 = b.sha256)
    AND NOT EXISTS (SELECT FROM report_attachments a WHERE a.photo = b.sha256)
"""


async def touch_blob(conn: Conn, photo: StoredPhoto) -> None:
    """Know the photo from now on. Waits while a sweep holds its row."""
    await conn.execute(
        """
        INSERT INTO photo_blobs (sha256, phash, width, height, size_bytes, content_type, taken_at, lat, lon)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (sha256) DO UPDATE SET touched_at = now()
        """,
        bytes.fromhex(photo.sha256),
        photo.phash,
        photo.width,
        photo.height,
        photo.size_bytes,
        photo.content_type,
        photo.taken_at,
        photo.lat,
        photo.lon,
    )


async def known(conn: Conn, hashes: Sequence[bytes]) -> list[StoredPhoto]:
    """Those of the photos that are kept."""
    rows = await conn.fetch(
        """
        SELECT encode(sha256, 'hex'), phash, width, height, size_bytes, content_type, taken_at, lat, lon
        FROM photo_blobs WHERE sha256 = ANY($1)
        """,
        list(hashes),
    )
    return [StoredPhoto(*row.values()) for row in rows]


async def touched(conn: Conn, hashes: Sequence[str]) -> list[StoredPhoto]:
    """Those of the photos (sha256, hex) that are kept, and no sweep takes for a day. Waits while one holds them."""
    rows = await conn.fetch(
        """
        UPDATE photo_blobs SET touched_at = now() WHERE sha256 = ANY($1)
        RETURNING encode(sha256, 'hex'), phash, width, height, size_bytes, content_type, taken_at, lat, lon
        """,
        [bytes.fromhex(each) for each in hashes],
    )
    return [StoredPhoto(*row.values()) for row in rows]
