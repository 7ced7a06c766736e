"""SQL that finds open reports near a place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.db import Conn
from app.reports.voices import voices_of

# Word for word the predicate of the partial index reports_place.
_OFFERED = """visibility = 'public'
      AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"""
_MOST = 40
"""Rows looked at on each way; the nearest and the newest."""


class Around(Struct, frozen=True, kw_only=True):
    """Where to look. ``box``: south, north, west, east in degrees, None where no point is known; so with ``commune``.
    ``wide``: the box for reports with one of the very same photos."""

    categories: Sequence[str]
    since: datetime
    box: tuple[float, float, float, float] | None
    wide: tuple[float, float, float, float] | None
    commune_code: str | None
    photos: Sequence[str]
    citizen_id: UUID | None = None


async def around(conn: Conn, where: Around) -> list[asyncpg.Record]:
    """Open public reports sent since then: near by, of the same commune where a point is missing, or with the same
    photo not too far away. Each with the photos to be shown, its photos' hashes and how many people stand behind it.

    ``mine``: it is this citizen's own.
    """
    south, north, west, east = where.box or (None,) * 4
    wide = where.wide or (None,) * 4
    return await conn.fetch(
        f"""
        WITH page AS (
            (SELECT report_id FROM reports
             WHERE lat IS NOT NULL AND {_OFFERED} AND part_of IS NULL AND category = ANY($1::text[])
               AND lat BETWEEN $3::float8 AND $4 AND lon BETWEEN $5::float8 AND $6 AND submitted_at > $2
             ORDER BY abs(lat - ($3 + $4) / 2) + abs(lon - ($5 + $6) / 2) LIMIT {_MOST})
            UNION
            (SELECT report_id FROM reports
             WHERE commune_code = $11 AND {_OFFERED} AND part_of IS NULL AND category = ANY($1::text[])
               AND submitted_at > $2 AND (lat IS NULL OR $3 IS NULL)
             ORDER BY submitted_at DESC LIMIT {_MOST})
            UNION
            (SELECT report_id FROM report_photos JOIN reports USING (report_id)
             WHERE sha256 = ANY($12::bytea[]) AND {_OFFERED} AND part_of IS NULL AND submitted_at > $2
               AND (lat BETWEEN $7::float8 AND $8 AND lon BETWEEN $9::float8 AND $10 OR commune_code = $11)
             ORDER BY submitted_at DESC LIMIT {_MOST})
        )
        SELECT r.*, {voices_of("r.report_id")} AS voices, who.mine,
               (SELECT w.body FROM public_words w
                WHERE w.report_id = r.report_id AND w.message_id = r.report_id) AS public_body,
               ARRAY(SELECT encode(CASE WHEN who.mine THEN p.sha256 ELSE coalesce(c.sha256, p.sha256) END, 'hex')
                     FROM report_photos p LEFT JOIN public_photos c USING (report_id, photo_id)
                     WHERE p.report_id = r.report_id AND p.stage <> 'after' AND p.added_by = 'citizen'
                       AND (who.mine OR c.sha256 IS NOT NULL OR (c.photo_id IS NULL AND p.at <= r.published_at))
                     ORDER BY p.photo_id) AS shown,
               ARRAY(SELECT encode(p.sha256, 'hex') FROM report_photos p JOIN photo_blobs b USING (sha256)
                     WHERE p.report_id = r.report_id AND p.stage <> 'after' ORDER BY p.photo_id) AS files,
               ARRAY(SELECT b.phash FROM report_photos p JOIN photo_blobs b USING (sha256)
                     WHERE p.report_id = r.report_id AND p.stage <> 'after' ORDER BY p.photo_id) AS looks
        FROM page JOIN reports r USING (report_id) CROSS JOIN LATERAL (
            SELECT $13::uuid IS NOT NULL AND EXISTS (
                SELECT FROM report_contacts c WHERE c.report_id = r.report_id AND c.citizen_id = $13
            ) AS mine
        ) AS who
        """,  # noqa: S608  # pieces of our own
        list(where.categories),
        where.since,
        south,
        north,
        west,
        east,
        *wide,
        where.commune_code,
        [bytes.fromhex(sha256) for sha256 in where.photos],
        where.citizen_id,
    )


async def open_in(
    conn: Conn, categories: Sequence[str], box: tuple[float, float, float, float], skip: UUID
) -> list[asyncpg.Record]:
    """Open public reports of these categories in the box (south, north, west, east), the nearest to its middle
    first."""
    return await conn.fetch(
        f"""
        SELECT r.* FROM reports r
        WHERE lat IS NOT NULL AND {_OFFERED} AND part_of IS NULL AND category = ANY($1::text[])
          AND lat BETWEEN $2::float8 AND $3 AND lon BETWEEN $4::float8 AND $5 AND report_id <> $6
        ORDER BY abs(lat - ($2 + $3) / 2) + abs(lon - ($4 + $5) / 2) LIMIT {_MOST}
        """,  # noqa: S608  # pieces of our own
        list(categories),
        *box,
        skip,
    )
