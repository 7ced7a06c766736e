"""SQL of what everybody may read of many reports."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, convert
from msgspec.structs import fields

from app.db import Conn
from app.photos.model import Box
from app.reports.model import Message, PublicCopy, PublicPhoto, Report, Status
from app.reports.store import report_of

_SELECT = ", ".join(f"r.{field.name}" for field in fields(Report))
_PUBLIC = "r.published_at IS NOT NULL AND r.visibility = 'public' AND r.part_of IS NULL"
"""As in the partial indexes ``reports_public…``."""
_TOLD = "m.visibility = 'public' AND m.kind IN ('progress', 'resolution')"
"""As in the index ``report_messages_told``."""


class Sought(Struct, frozen=True, kw_only=True):
    """Which published reports: None for any. Both ends of a time are included; ``box`` is west, south, east, north."""

    categories: Sequence[str] | None = None
    statuses: Sequence[Status] | None = None
    sent: tuple[datetime | None, datetime | None] = (None, None)
    changed: tuple[datetime | None, datetime | None] = (None, None)
    box: tuple[float, float, float, float] | None = None


async def published(conn: Conn, sought: Sought, limit: int, skip: int) -> list[Report]:
    """Those sent last come first."""
    given: list[Any] = []
    wanted = [_PUBLIC]

    def want(condition: str, *values: Any) -> None:
        given.extend(values)
        wanted.append(condition.format(*range(len(given) - len(values) + 1, len(given) + 1)))

    if sought.categories is not None:
        want("r.category = ANY(${})", list(sought.categories))
    if sought.statuses is not None:
        want("r.status = ANY(${})", list(sought.statuses))
    for column, (first, last) in (("submitted_at", sought.sent), ("updated_at", sought.changed)):
        if first is not None:
            want(f"r.{column} >= ${{}}", first)
        if last is not None:
            want(f"r.{column} <= ${{}}", last)
    if sought.box is not None:
        west, south, east, north = sought.box
        want("r.lon BETWEEN ${} AND ${} AND r.lat BETWEEN ${} AND ${}", west, east, south, north)
    rows = await conn.fetch(
        f"SELECT {_SELECT} FROM reports r WHERE {' AND '.join(wanted)} "  # noqa: S608  # conditions of our own
        f"ORDER BY r.submitted_at DESC, r.report_id DESC LIMIT {limit:d} OFFSET {skip:d}",
        *given,
    )
    return [report_of(row) for row in rows]


async def copies(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, PublicCopy]:
    """The public copy of each."""
    words: dict[UUID, dict[UUID, str]] = {one: {} for one in report_ids}
    photos: dict[UUID, dict[UUID, PublicPhoto]] = {one: {} for one in report_ids}
    wanted = list(report_ids)
    for report_id, message_id, body in await conn.fetch(
        "SELECT report_id, message_id, body FROM public_words WHERE report_id = ANY($1)", wanted
    ):
        words[report_id][message_id] = body
    for report_id, photo_id, sha256, boxes in await conn.fetch(
        "SELECT report_id, photo_id, encode(sha256, 'hex'), boxes FROM public_photos WHERE report_id = ANY($1)", wanted
    ):
        photos[report_id][photo_id] = PublicPhoto(sha256, convert(boxes, tuple[Box, ...]))
    return {one: PublicCopy(words[one], photos[one]) for one in report_ids}


async def last_told(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """The last public words of the agencies about each, where there are any."""
    rows = await conn.fetch(
        f"""
        SELECT DISTINCT ON (m.report_id) m.report_id, m.message_id, m.at, m.kind, m.author_kind, m.author_id,
               m.visibility, m.body
        FROM report_messages m
        WHERE m.report_id = ANY($1) AND {_TOLD} ORDER BY m.report_id, m.at DESC, m.message_id DESC
        """,  # noqa: S608  # names of our own
        list(report_ids),
    )
    return {report_id: Message(*row) for report_id, *row in rows}


async def told(conn: Conn, since: datetime, until: datetime, limit: int, skip: int) -> list[tuple[Report, Message]]:
    """Public words of the agencies about published reports, oldest first."""
    rows = await conn.fetch(
        f"""
        SELECT {_SELECT}, m.message_id AS said_id, m.at AS said_at, m.kind AS said_kind, m.author_kind AS said_by,
               m.body AS said
        FROM report_messages m JOIN reports r USING (report_id)
        WHERE m.at BETWEEN $1 AND $2 AND {_TOLD} AND {_PUBLIC}
        ORDER BY m.at, m.message_id LIMIT $3 OFFSET $4
        """,  # noqa: S608  # names of our own
        since,
        until,
        limit,
        skip,
    )
    return [
        (
            report_of(row),
            Message(row["said_id"], row["said_at"], row["said_kind"], row["said_by"], None, "public", row["said"]),
        )
        for row in rows
    ]
