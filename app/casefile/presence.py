"""Who has a case open at this moment, so that two people do not do the same work. It is a courtesy: what keeps them
from undoing each other's acts is the report's version."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from app.db import Conn, Pool

BEAT = timedelta(seconds=15)
"""How often an open page says that it is open."""
_GONE = 3 * BEAT
"""Who has said nothing for so long has left: one lost beat on a bad line is not a departure."""


class Present(Struct, frozen=True):
    """A colleague with the case open; ``writing``: something is typed into one of its forms."""

    name: str
    writing: bool


async def beat(conn: Conn, report_id: UUID, staff_id: UUID, *, writing: bool) -> list[Present]:
    """Say that this person has the case open; gives the others who have. One statement."""
    rows = await conn.fetch(
        """
        WITH mine AS (
            INSERT INTO case_presence (report_id, staff_id, writing) VALUES ($1, $2, $3)
            ON CONFLICT (report_id, staff_id) DO UPDATE SET writing = excluded.writing, seen_at = now()
        )
        SELECT full_name, writing FROM case_presence JOIN staff USING (staff_id)
        WHERE report_id = $1 AND staff_id <> $2 AND seen_at > now() - $4::interval ORDER BY full_name
        """,
        report_id,
        staff_id,
        writing,
        _GONE,
    )
    return [Present(*row.values()) for row in rows]


async def leave(conn: Conn, report_id: UUID, staff_id: UUID) -> None:
    """This person has closed the case."""
    await conn.execute("DELETE FROM case_presence WHERE report_id = $1 AND staff_id = $2", report_id, staff_id)


async def sweep(pool: Pool) -> None:
    """Take away what nobody reads any more."""
    async with pool.acquire() as conn:
        await conn.execute("DELETE FROM case_presence WHERE seen_at < now() - $1::interval", _GONE)
