"""SQL that finds where photos were seen before."""

from collections.abc import Sequence
from uuid import UUID

from app.db import Conn
from app.photos.alike import NEAR, QUARTERS, probes, says_something
from app.photos.model import StoredPhoto
from app.reports.proof import Seen

_MOST = 20
"""Uses of one photo that are looked at: a file that was used a hundred times need not be counted."""


async def seen(conn: Conn, report_id: UUID, photos: Sequence[StoredPhoto]) -> list[Seen]:
    """Where these photos, or others that look the same, stand in any report, as it is before they are claimed.

    A statement for each photo: each has its own twenty look-ups.
    """
    return [found for photo in photos for found in await _seen(conn, report_id, photo)]


_ALIKE = " UNION ALL ".join(
    f"SELECT sha256 FROM photo_blobs WHERE phash & ({quarter}) = ANY(${at}::bigint[])"  # noqa: S608  # numbers of our own
    f" AND bit_count((phash # $7)::bit(64)) <= {NEAR}"
    for at, quarter in enumerate(QUARTERS, 3)
)
_SEEN = f"""
    WITH alike AS (SELECT $2::bytea AS sha256 UNION {_ALIKE})
    SELECT encode($2, 'hex'), c.code, p.stage, p.at, p.sha256 = $2, p.report_id = $1
    FROM alike JOIN report_photos p USING (sha256) JOIN reports c ON c.report_id = p.report_id
    ORDER BY p.report_id = $1 DESC, p.sha256 = $2 DESC, p.at LIMIT {_MOST}
"""  # noqa: S608  # pieces of our own


async def _seen(conn: Conn, report_id: UUID, photo: StoredPhoto) -> list[Seen]:
    wanted = probes(photo.phash) if says_something(photo.phash) else ((), (), (), ())
    rows = await conn.fetch(
        _SEEN, report_id, bytes.fromhex(photo.sha256), *(list(each) for each in wanted), photo.phash
    )
    return [Seen(*row.values()) for row in rows]
