"""SQL of what staff are told: who hears for an agency, and the messages that show a case."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Concern
from app.db import Conn
from app.i18n import Lang
from app.notify.store import Entry, Key, settle


class Ear(Struct, frozen=True):
    """One chat that hears for an agency: its group, or somebody of its staff. ``recipient`` as in the ledger."""

    recipient: str
    channel: str
    chat_id: str
    lang: Lang


async def ears(conn: Conn, agency_id: str, responsible: Sequence[UUID], at: datetime, report: Concern) -> list[Ear]:
    """The agency's group, and in private who is responsible: the assignee, a deputy. Without a group, its officers and
    leads who have a chat. In private nobody hears of a report outside of their categories and communes.

    ``at``: when it happened. What happened before a chat was linked is to be found in the queue.
    """
    rows = await conn.fetch(
        """
        WITH groups AS (
            SELECT 'agency:' || agency_id AS recipient, channel, chat_id, 'vi' AS lang, since
            FROM agency_chats WHERE agency_id = $1
        )
        SELECT recipient, channel, chat_id, lang FROM groups WHERE since <= $3::timestamptz + interval '1 minute'
        UNION ALL
        SELECT * FROM (
            SELECT DISTINCT ON (staff_id, channel) 'staff:' || staff_id, channel, channel_user_id, lang
            FROM staff_identities i JOIN staff s USING (staff_id)
            WHERE s.active AND s.agency_id = $1 AND s.role IN ('officer', 'lead', 'coordinator')
              AND (s.staff_id = ANY($2) OR NOT EXISTS (SELECT FROM groups))
              AND linked_at <= $3::timestamptz + interval '1 minute'
              AND (s.categories = '{}' OR $4 = ANY(s.categories)) AND (s.communes = '{}' OR $5 = ANY(s.communes))
            ORDER BY staff_id, channel, linked_at DESC
        ) AS people
        """,
        agency_id,
        list(responsible),
        at,
        report.category,
        report.commune_code,
    )
    return [Ear(*row) for row in rows]


async def waiting(conn: Conn, key: Key) -> tuple[Entry, bool] | None:
    """A queued message to staff and whether its chat is dead: unreachable, unlinked, or of a disabled account.

    One that is already 'sending' becomes 'uncertain', as for citizens (``app.notify.store.waiting``).
    """
    row = await conn.fetchrow(
        """
        SELECT n.*, NOT EXISTS (
            SELECT FROM agency_chats a WHERE a.channel = n.channel AND a.chat_id = n.channel_user_id
            AND 'agency:' || a.agency_id = n.recipient AND a.unreachable_since IS NULL
        ) AND NOT EXISTS (
            SELECT FROM staff_identities i JOIN staff s USING (staff_id)
            WHERE i.channel = n.channel AND i.channel_user_id = n.channel_user_id AND s.active
              AND 'staff:' || s.staff_id = n.recipient AND i.unreachable_since IS NULL
        ) AS dead
        FROM notifications n
        WHERE n.report_id = $1 AND n.seq = $2 AND n.recipient = $3 AND n.channel = $4
          AND n.status IN ('queued', 'sending')
        """,
        *key,
    )
    if row is None:
        return None
    entry = Entry(*(row[name] for name in Entry.__struct_fields__))
    if row["status"] == "sending":
        await settle(conn, entry, "uncertain", "interrupted while sending", was=("sending",))
        return None
    return entry, row["dead"]


# ---------------------------------------------------------------- cards


class Card(Struct, frozen=True):
    """A message that shows a case. ``agency_id``: the agency whose group it stands in; None in a private chat."""

    channel: str
    chat_id: str
    message_id: str
    agency_id: str | None
    staff_id: UUID | None
    lang: Lang


async def add_card(
    conn: Conn, report_id: UUID, channel: str, chat_id: str, message_id: str, shown_seq: int = 0
) -> None:
    """Remember a message that shows a case as it was after event ``shown_seq``; 0: nobody knows."""
    await conn.execute(
        """
        INSERT INTO staff_cards (report_id, channel, chat_id, message_id, shown_seq) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT DO NOTHING
        """,
        report_id,
        channel,
        chat_id,
        message_id,
        shown_seq,
    )


async def stale_cards(conn: Conn, report_id: UUID) -> list[tuple[str, str, str]]:
    """Channel, chat and number of the messages that do not show the report's last event."""
    rows = await conn.fetch(
        """
        SELECT c.channel, c.chat_id, c.message_id FROM staff_cards c JOIN reports r USING (report_id)
        WHERE c.report_id = $1 AND c.shown_seq < r.last_seq ORDER BY c.message_id
        """,
        report_id,
    )
    return [(row["channel"], row["chat_id"], row["message_id"]) for row in rows]


async def stale_reports(conn: Conn) -> list[UUID]:
    """Reports with such messages."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT report_id FROM staff_cards c JOIN reports r USING (report_id) WHERE c.shown_seq < r.last_seq
        """
    )
    return [row["report_id"] for row in rows]


async def take_card(conn: Conn, report_id: UUID, channel: str, chat_id: str, message_id: str) -> Card | None:
    """Lock a message for changing it, in the caller's transaction: two changes must not overtake each other."""
    row = await conn.fetchrow(
        """
        SELECT c.channel, c.chat_id, c.message_id, a.agency_id, i.staff_id, coalesce(i.lang, 'vi') AS lang
        FROM staff_cards c
        LEFT JOIN agency_chats a ON a.channel = c.channel AND a.chat_id = c.chat_id
        LEFT JOIN staff_identities i ON i.channel = c.channel AND i.channel_user_id = c.chat_id
        WHERE c.report_id = $1 AND c.channel = $2 AND c.chat_id = $3 AND c.message_id = $4
        FOR UPDATE OF c
        """,
        report_id,
        channel,
        chat_id,
        message_id,
    )
    return Card(*row) if row else None


async def shown(conn: Conn, report_id: UUID, card: Card, seq: int) -> None:
    await conn.execute(
        """
        UPDATE staff_cards SET shown_seq = $5
        WHERE report_id = $1 AND channel = $2 AND chat_id = $3 AND message_id = $4
        """,
        report_id,
        card.channel,
        card.chat_id,
        card.message_id,
        seq,
    )


async def forget_card(conn: Conn, report_id: UUID, card: Card) -> None:
    await conn.execute(
        "DELETE FROM staff_cards WHERE report_id = $1 AND channel = $2 AND chat_id = $3 AND message_id = $4",
        report_id,
        card.channel,
        card.chat_id,
        card.message_id,
    )


async def move(conn: Conn, channel: str, old: str, new: str) -> None:
    """A group has another number: what waits goes there, what was shown in the old one can no longer be changed."""
    await conn.execute(
        """
        WITH told AS (
            UPDATE notifications SET channel_user_id = $3
            WHERE channel = $1 AND channel_user_id = $2 AND status = 'queued'
        ), summed_up AS (
            UPDATE staff_digests SET channel_user_id = $3
            WHERE channel = $1 AND channel_user_id = $2 AND status = 'queued'
        )
        DELETE FROM staff_cards WHERE channel = $1 AND chat_id = $2
        """,
        channel,
        old,
        new,
    )


async def sweep(conn: Conn) -> None:
    await conn.execute(
        """
        DELETE FROM staff_cards c USING reports r
        WHERE r.report_id = c.report_id AND r.ended_at < now() - interval '30 days'
        """
    )
