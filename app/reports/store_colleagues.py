"""SQL of who has how many cases."""

from collections.abc import Sequence
from uuid import UUID

from app.db import Conn


async def open_cases(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Of these people those who have open cases, with how many."""
    rows = await conn.fetch(
        """
        SELECT assignee_id, count(*) AS n FROM reports
        WHERE assignee_id = ANY($1) AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
        GROUP BY assignee_id
        """,
        list(ids),
    )
    return {row["assignee_id"]: row["n"] for row in rows}
