"""SQL of public copies."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import convert, to_builtins

from app.db import Conn
from app.photos.model import Box
from app.reports.model import PublicCopy, PublicPhoto


async def read(conn: Conn, report_id: UUID) -> PublicCopy:
    rows = await conn.fetch(
        """
        SELECT message_id AS id, body, NULL AS sha256, NULL AS boxes, false AS photo
        FROM public_words WHERE report_id = $1
        UNION ALL SELECT photo_id, NULL, encode(sha256, 'hex'), boxes, true FROM public_photos WHERE report_id = $1
        """,
        report_id,
    )
    photos = {
        row["id"]: PublicPhoto(row["sha256"], convert(row["boxes"], tuple[Box, ...])) for row in rows if row["photo"]
    }
    return PublicCopy({row["id"]: row["body"] for row in rows if not row["photo"]}, photos)


async def save(conn: Conn, report_id: UUID, copy: PublicCopy, editor: UUID, at: datetime) -> None:
    """What the copy holds replaces what was kept of the same words and photos."""
    photos = list(copy.photos.values())
    await conn.execute(
        """
        WITH words AS (
            INSERT INTO public_words (report_id, message_id, body, edited_by, edited_at)
            SELECT $1, w.id, w.body, $2, $3 FROM unnest($4::uuid[], $5::text[]) AS w(id, body)
            ON CONFLICT (report_id, message_id) DO UPDATE
            SET body = excluded.body, edited_by = excluded.edited_by, edited_at = excluded.edited_at
            WHERE public_words.body <> excluded.body
        )
        INSERT INTO public_photos (report_id, photo_id, sha256, boxes, edited_by, edited_at)
        SELECT $1, p.id, p.sha256, p.boxes, $2, $3
        FROM unnest($6::uuid[], $7::bytea[], $8::jsonb[]) AS p(id, sha256, boxes)
        ON CONFLICT (report_id, photo_id) DO UPDATE
        SET sha256 = excluded.sha256, boxes = excluded.boxes,
            edited_by = excluded.edited_by, edited_at = excluded.edited_at
        WHERE public_photos.sha256 IS DISTINCT FROM excluded.sha256
        """,
        report_id,
        editor,
        at,
        list(copy.words),
        list(copy.words.values()),
        list(copy.photos),
        [bytes.fromhex(photo.sha256) if photo.sha256 else None for photo in photos],
        [to_builtins(photo.boxes) for photo in photos],
    )


async def restate(conn: Conn, report_id: UUID, words: Callable[[str], str]) -> None:
    """The report's own public text becomes what ``words`` makes of it."""
    body = await conn.fetchval("SELECT body FROM public_words WHERE report_id = $1 AND message_id = $1", report_id)
    if body is not None:
        await conn.execute(
            "UPDATE public_words SET body = $2 WHERE report_id = $1 AND message_id = $1", report_id, words(body)
        )
