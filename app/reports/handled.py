"""Handled reports as lessons for guessing the category of the next ones."""

from app.db import Conn

MOST_EACH = 500


async def handled_texts(conn: Conn) -> list[tuple[str, str]]:
    """(category, text) of reports an agency has resolved, by when they were sent: the newest 500 of each category.

    Whoever resolves a report stands for its category: a wrong one is corrected, or the report goes back.
    """
    rows = await conn.fetch(
        """
        SELECT category, body FROM (
            SELECT category, body, submitted_at, report_id,
                   row_number() OVER (PARTITION BY category ORDER BY resolved_at DESC, report_id DESC) AS newest
            FROM reports WHERE status IN ('resolved', 'closed') AND part_of IS NULL
        ) AS resolved
        WHERE newest <= $1
        ORDER BY submitted_at, report_id
        """,
        MOST_EACH,
    )
    return [(row["category"], row["body"]) for row in rows]
