"""SQL of the morning's summaries: for whom there is one today, what is in it, and what became of it."""

from datetime import date, datetime

from msgspec import Struct

from app.db import Conn
from app.i18n import Lang


class Digest(Struct, frozen=True):
    """One summary on its way: for an agency, to its group or one of its leads."""

    day: date
    recipient: str
    channel: str
    channel_user_id: str
    agency_id: str
    lang: Lang
    attempts: int


class Counts(Struct, frozen=True):
    """What an agency has to do. ``worst``: codes and deadlines of what is longest overdue."""

    overdue: int
    today: int
    awaiting: int
    unassigned: int
    worst: list[tuple[str, datetime]]


async def plan(conn: Conn, day: date) -> None:
    """A summary for each linked group and each lead with a chat, once a day however often it is asked for. It counts
    the whole agency's reports, so it is not for leads who are limited to some of them."""
    await conn.execute(
        """
        INSERT INTO staff_digests (day, recipient, channel, channel_user_id, agency_id, lang)
        SELECT $1, 'agency:' || agency_id, channel, chat_id, agency_id, 'vi'
        FROM agency_chats WHERE agency_id IS NOT NULL AND unreachable_since IS NULL
        UNION ALL
        SELECT * FROM (
            SELECT DISTINCT ON (staff_id, channel)
                   $1::date, 'staff:' || staff_id, channel, channel_user_id, agency_id, lang
            FROM staff_identities i JOIN staff s USING (staff_id)
            WHERE s.active AND s.role = 'lead' AND s.categories = '{}' AND s.communes = '{}'
              AND i.unreachable_since IS NULL
            ORDER BY staff_id, channel, linked_at DESC
        ) AS leads
        ON CONFLICT DO NOTHING
        """,
        day,
    )


async def waiting(conn: Conn, day: date, *, by_mail: bool = False) -> list[Digest]:
    """What is to be sent today, in chats or by e-mail. What was being sent by a worker that died is not sent again."""
    await conn.execute(
        """
        UPDATE staff_digests SET status = 'uncertain', reason = 'interrupted while sending', updated_at = now()
        WHERE day = $1 AND status = 'sending' AND updated_at < now() - interval '2 minutes'
        """,
        day,
    )
    rows = await conn.fetch(
        """
        SELECT * FROM staff_digests WHERE day = $1 AND status = 'queued' AND (channel = 'mail') = $2
        ORDER BY recipient, channel
        """,
        day,
        by_mail,
    )
    return [Digest(*(row[name] for name in Digest.__struct_fields__)) for row in rows]


async def claim(conn: Conn, digest: Digest) -> bool:
    """Take it for sending, right before the call. False: somebody else did."""
    done = await conn.execute(
        """
        UPDATE staff_digests SET status = 'sending', attempts = attempts + 1, updated_at = now()
        WHERE day = $1 AND recipient = $2 AND channel = $3 AND status = 'queued'
        """,
        digest.day,
        digest.recipient,
        digest.channel,
    )
    return done.endswith(" 1")


async def settle(conn: Conn, digest: Digest, status: str, reason: str | None = None) -> None:
    await conn.execute(
        """
        UPDATE staff_digests SET status = $4, reason = $5, updated_at = now()
        WHERE day = $1 AND recipient = $2 AND channel = $3 AND status IN ('queued', 'sending', 'uncertain')
        """,
        digest.day,
        digest.recipient,
        digest.channel,
        status,
        reason,
    )


async def counts(conn: Conn, agency_id: str, now: datetime, tonight: datetime, worst: int) -> Counts:
    """What the agency has to do. On the coordinators' desk it is the intake's deadline that counts."""
    rows = await conn.fetch(
        """
        SELECT code, CASE WHEN status IN ('submitted', 'received') THEN intake_due_at ELSE due_at END AS due,
               paused_at IS NOT NULL AS paused, assignee_id IS NULL AND paused_at IS NULL AS free
        FROM reports WHERE agency_id = $1
          AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')
        ORDER BY due, report_id
        """,
        agency_id,
    )
    running = [row for row in rows if not row["paused"]]
    late = [row for row in running if row["due"] < now]
    return Counts(
        len(late),
        sum(now <= row["due"] <= tonight for row in running),
        len(rows) - len(running),
        sum(row["free"] for row in rows),
        [(row["code"], row["due"]) for row in late[:worst]],
    )


async def forget(conn: Conn, before: date) -> None:
    await conn.execute("DELETE FROM staff_digests WHERE day < $1", before)
