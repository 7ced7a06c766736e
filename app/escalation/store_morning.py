"""SQL of the morning's mails: for whom there is one today, and what is in it."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Staff
from app.db import Conn


class Due(Struct, frozen=True):
    """An open case. On the coordinators' desk it is the intake's deadline that counts."""

    code: str
    category: str
    commune: str
    assignee_id: UUID | None
    due: datetime
    paused: bool
    directed_due_at: datetime | None


async def plan(conn: Conn, day: date) -> None:
    """A mail for each officer and lead who has an address, is not away and has left e-mail on; once a day however often
    it is asked for."""
    await conn.execute(
        """
        INSERT INTO staff_digests (day, recipient, channel, channel_user_id, agency_id, lang)
        SELECT $1, 'staff:' || s.staff_id, 'mail', s.staff_id::text, s.agency_id,
               coalesce((SELECT i.lang FROM staff_identities i WHERE i.staff_id = s.staff_id
                         ORDER BY i.linked_at DESC LIMIT 1), 'vi')
        FROM staff s LEFT JOIN staff_channels c USING (staff_id)
        WHERE s.active AND s.role IN ('officer', 'lead') AND s.email <> '' AND NOT coalesce('mail' = ANY(c.off), false)
          AND NOT EXISTS (SELECT FROM staff_absences a
                          WHERE a.staff_id = s.staff_id AND a.first_day <= $1 AND a.last_day >= $1)
        ON CONFLICT DO NOTHING
        """,
        day,
    )


async def due_in(conn: Conn, staff: Staff, tonight: datetime) -> list[Due]:
    """Of the person's agency, within their categories and communes: what is late or due until ``tonight``, what nobody
    has taken, and what a leader has directed; the soonest deadline first."""
    rows = await conn.fetch(
        """
        SELECT * FROM (
            SELECT code, category, commune_name, assignee_id,
                   CASE WHEN status IN ('submitted', 'received') THEN intake_due_at ELSE due_at END AS due,
                   paused_at IS NOT NULL AS paused, directed_due_at, report_id
            FROM reports WHERE agency_id = $1
              AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
              AND ($2 = '{}'::text[] OR category = ANY($2)) AND ($3 = '{}'::text[] OR commune_code = ANY($3))
        ) AS found
        WHERE due <= $4 OR assignee_id IS NULL OR directed_due_at IS NOT NULL ORDER BY due, report_id
        """,
        staff.agency_id,
        list(staff.categories),
        list(staff.communes),
        tonight,
    )
    return [Due(*list(row.values())[:7]) for row in rows]
