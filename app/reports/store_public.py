"""SQL of what everybody may read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.db import Conn
from app.reports.voices import voices_of

# Word for word the predicate of the partial indexes reports_public….
PUBLIC = "published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL"
_WANTED = """
    ($1::text IS NULL OR category = $1) AND ($2::text IS NULL OR commune_code = $2) AND status = ANY($3::text[])
"""


def first_photo(stage: str) -> str:
    """The first photo that may be shown, under the hash of its public copy."""
    return f"""(
        SELECT encode(coalesce(c.sha256, p.sha256), 'hex')
        FROM report_photos p LEFT JOIN public_photos c USING (report_id, photo_id)
        WHERE p.report_id = r.report_id AND p.stage {stage} AND p.added_by <> 'follower'
          AND (c.sha256 IS NOT NULL
               OR (c.photo_id IS NULL AND (p.added_by = 'staff' OR p.at <= r.published_at)))
        ORDER BY p.photo_id LIMIT 1
    )"""  # noqa: S608  # pieces of our own


async def page(
    conn: Conn,
    wanted: tuple[str | None, str | None, Sequence[str]],
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> list[asyncpg.Record]:
    """Reports as rows of ``reports``, each with its public words, photos and voices; the newest first. ``wanted``:
    category, commune, statuses."""
    return await conn.fetch(
        f"""
        WITH page AS (
            SELECT report_id FROM reports
            WHERE {PUBLIC} AND {_WANTED} AND ($4::timestamptz IS NULL OR (submitted_at, report_id) < ($4, $5))
            ORDER BY submitted_at DESC, report_id DESC LIMIT $6
        )
        SELECT r.*, {voices_of("r.report_id")} AS voices,
               (SELECT w.body FROM public_words w
                WHERE w.report_id = r.report_id AND w.message_id = r.report_id) AS public_body,
               {first_photo("<> 'after'")} AS before, {first_photo("= 'after'")} AS after
        FROM page JOIN reports r USING (report_id) ORDER BY r.submitted_at DESC, r.report_id DESC
        """,  # noqa: S608  # pieces of our own
        *_asked(wanted),
        *(after or (None, None)),
        limit,
    )


async def clusters(
    conn: Conn,
    wanted: tuple[str | None, str | None, Sequence[str]],
    box: tuple[float, float, float, float],
    cell: tuple[float, float],
    limit: int,
) -> list[asyncpg.Record]:
    """How many lie in each cell (degrees of latitude and longitude) of the box (south, north, west, east), their
    middle, and one of them; the fullest first."""
    return await conn.fetch(
        f"""
        SELECT avg(lat) AS lat, avg(lon) AS lon, count(*) AS n, min(code) AS code, min(category) AS category
        FROM reports
        WHERE {PUBLIC} AND lat IS NOT NULL AND {_WANTED}
          AND lat BETWEEN $4::float8 AND $5 AND lon BETWEEN $6::float8 AND $7
        GROUP BY floor(lat / $8::float8), floor(lon / $9::float8) ORDER BY n DESC, code LIMIT $10
        """,  # noqa: S608  # pieces of our own
        *_asked(wanted),
        *box,
        *cell,
        limit,
    )


def _asked(wanted: tuple[str | None, str | None, Sequence[str]]) -> tuple[Any, ...]:
    category, commune, statuses = wanted
    return category, commune, list(statuses)
