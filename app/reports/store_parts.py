"""SQL of the parts of a report."""

from datetime import datetime
from uuid import UUID

from app.db import Conn
from app.reports.change import End
from app.reports.model import Report, Status
from app.reports.store import report_of


async def parts_of(conn: Conn, report_id: UUID) -> list[Report]:
    """In the order in which they were split off."""
    rows = await conn.fetch("SELECT * FROM reports WHERE part_of = $1 ORDER BY report_id", report_id)
    return [report_of(row) for row in rows]


async def ends_of(conn: Conn, report_id: UUID) -> list[End]:
    """Every part of a report with the last words of its result, or of why it was declined."""
    rows = await conn.fetch(
        """
        SELECT report_id, status, category, agency_id,
               coalesce((SELECT m.body FROM report_messages m
                         WHERE m.report_id = r.report_id AND m.visibility <> 'staff'
                           AND m.kind = CASE r.status WHEN 'rejected' THEN 'reason' ELSE 'resolution' END
                         ORDER BY m.at DESC, m.message_id DESC LIMIT 1), '') AS words,
               ARRAY(SELECT encode(p.sha256, 'hex') FROM report_photos p
                     WHERE p.report_id = r.report_id AND p.stage = 'after' ORDER BY p.at DESC, p.photo_id) AS photos
        FROM reports r WHERE part_of = $1 ORDER BY report_id
        """,
        report_id,
    )
    return [
        End(
            row["report_id"],
            Status(row["status"]),
            row["category"],
            row["agency_id"],
            row["words"],
            tuple(row["photos"]),
        )
        for row in rows
    ]


async def behind_their_parts(conn: Conn) -> list[tuple[Report, datetime]]:
    """Reports that wait for parts of which one has a later deadline, with the latest of these."""
    rows = await conn.fetch(
        """
        SELECT r.*, latest FROM reports r JOIN LATERAL (
            SELECT max(p.due_at) AS latest FROM reports p
            WHERE p.part_of = r.report_id
              AND p.status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
        ) AS parts ON latest > r.due_at
        WHERE r.open_parts > 0 ORDER BY r.report_id
        """
    )
    return [(report_of(row), row["latest"]) for row in rows]
