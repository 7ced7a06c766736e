"""SQL of the coordinators' desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from app.accounts.model import Actor
from app.db import Conn
from app.reports.voices import voices_of

COUNTED_MOST = 1000
"""Nobody reads further than that; a count that says "1000 and more" costs little."""
_OPEN = "status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"
# The column each list is ordered by, and what belongs in it: word for word the predicates of the partial indexes
# reports_intake, reports_returned, reports_competence, reports_objected, reports_extension_wanted and
# reports_doubtful.
LISTS: Mapping[str, tuple[str, str]] = {
    "intake": ("intake_due_at", "status IN ('submitted', 'received')"),
    "returned": ("due_at", "status = 'returned' AND handovers < 2"),
    "competence": (
        "due_at",
        f"""handovers >= 2 AND {_OPEN} AND NOT EXISTS (
            SELECT FROM report_events e
            WHERE e.report_id = r.report_id AND e.kind = 'assigned' AND e.data @> '{{"binding": true}}')""",
    ),
    "objections": ("due_at", "supervisor_id IS NOT NULL AND status = 'in_progress'"),
    "extensions": ("due_at", "extension_wanted IS NOT NULL AND status IN ('assigned', 'in_progress')"),
    "proof": ("resolved_at", "proof_doubts <> '{}'"),
}
_SHOWN = f"""
    SELECT r.*, {voices_of("r.report_id")} AS voices,
           (SELECT encode(p.sha256, 'hex') FROM report_photos p WHERE p.report_id = r.report_id
            ORDER BY p.photo_id LIMIT 1) AS photo,
           EXISTS (SELECT FROM report_photos p WHERE p.report_id = r.report_id AND p.stage = 'before') AS has_photo
    FROM reports r"""  # noqa: S608  # a piece of our own
_WITHIN = (
    "(cardinality($1::text[]) = 0 OR category = ANY($1)) AND (cardinality($2::text[]) = 0 OR commune_code = ANY($2))"
)


async def counts(conn: Conn, reader: Actor) -> dict[str, int]:
    """How many wait in each list, within the reader's categories and communes; at most COUNTED_MOST."""
    each = ", ".join(
        f"(SELECT count(*) FROM (SELECT FROM reports r WHERE {where} AND {_WITHIN} LIMIT {COUNTED_MOST}) AS {name})"  # noqa: S608  # conditions of our own
        for name, (_, where) in LISTS.items()
    )
    row = await conn.fetchrow(f"SELECT {each}", sorted(reader.categories), sorted(reader.communes))
    assert row is not None
    return dict(zip(LISTS, row.values(), strict=True))


async def waiting(
    conn: Conn, name: str, reader: Actor, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Whole rows of ``reports`` behind ``after``, each with ``photo`` (the first one's sha256, or NULL), ``has_photo``
    and ``voices``."""
    column, where = LISTS[name]
    at, last = after or (None, None)
    return await conn.fetch(
        f"""
        {_SHOWN}
        WHERE {where} AND {_WITHIN} AND ($3::timestamptz IS NULL OR ({column}, report_id) > ($3, $4::uuid))
        ORDER BY {column}, report_id LIMIT $5
        """,  # conditions of our own
        sorted(reader.categories),
        sorted(reader.communes),
        at,
        last,
        limit,
    )


async def one(conn: Conn, report_id: UUID) -> asyncpg.Record:
    """A report as ``waiting`` gives it, whichever list it is in."""
    row = await conn.fetchrow(f"{_SHOWN} WHERE report_id = $1", report_id)
    assert row is not None
    return row


async def words(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, str]]:
    """Everything said about each of these reports, by the message's id."""
    rows = await conn.fetch(
        "SELECT report_id, message_id, body FROM report_messages WHERE report_id = ANY($1)", list(report_ids)
    )
    found: dict[UUID, dict[UUID, str]] = {}
    for row in rows:
        found.setdefault(row["report_id"], {})[row["message_id"]] = row["body"]
    return found
