"""What a person may ask for by law about their data (Luật 91/2025/QH15, Nghị định 356/2025/NĐ-CP).

Every request is acknowledged within two working days (a chat does so at once); data is shown or corrected within ten
days, consent withdrawn or handling restricted within fifteen, data erased within twenty. Consent is withdrawn and data
shown at once; erasing is an administrator's work (``app.reports.rights``).
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.db import Conn

RequestKind = Literal["erase", "view"]


class DataRequest(Struct, frozen=True):
    """A request that is not done yet."""

    citizen_id: UUID
    kind: RequestKind
    requested_at: datetime


async def request_erasure(conn: Conn, citizen_id: UUID) -> None:
    """Withdraw consent, end the news of areas, and keep the request to be erased. Asking again while one is open
    changes nothing."""
    await conn.execute(
        """
        WITH withdrawn AS (UPDATE citizens SET consent_version = NULL, consent_at = NULL WHERE citizen_id = $1),
             unsubscribed AS (DELETE FROM area_followers WHERE citizen_id = $1)
        INSERT INTO data_requests (citizen_id, kind) VALUES ($1, 'erase') ON CONFLICT DO NOTHING
        """,
        citizen_id,
    )


async def viewed(conn: Conn, citizen_id: UUID) -> None:
    """Keep that a person asked to see their data and was shown it, once a day."""
    await conn.execute(
        """
        INSERT INTO data_requests (citizen_id, kind, done_at) SELECT $1, 'view', now()
        WHERE NOT EXISTS (SELECT FROM data_requests WHERE citizen_id = $1 AND kind = 'view'
                          AND requested_at > now() - interval '1 day')
        """,
        citizen_id,
    )


async def waiting(conn: Conn) -> list[DataRequest]:
    """What has been asked for and not been done, the longest waiting first."""
    rows = await conn.fetch(
        "SELECT citizen_id, kind, requested_at FROM data_requests WHERE done_at IS NULL ORDER BY requested_at"
    )
    return [DataRequest(*row) for row in rows]


async def forget(conn: Conn, citizen_id: UUID) -> None:
    """Erase how a person was reached and what was said to and by them in their chats, and close their request.

    A bare row of ``citizens`` stays, which names nobody. In a private chat, the only kind with a person behind it, chat
    and person have one number.
    """
    for sql in (
        """
        DELETE FROM inbox b USING channel_identities i
        WHERE i.citizen_id = $1 AND split_part(b.bot, ':', 1) = i.channel AND b.chat_id = i.channel_user_id
        """,
        """
        DELETE FROM outbox o USING channel_identities i
        WHERE i.citizen_id = $1 AND o.channel = i.channel AND o.chat_id = i.channel_user_id
        """,
        "DELETE FROM drafts WHERE citizen_id = $1",
        """
        UPDATE notifications SET channel_user_id = '', provider_ref = NULL,
               status = CASE WHEN status IN ('queued', 'sending') THEN 'unreachable' ELSE status END
        WHERE recipient = 'citizen:' || $1::uuid
        """,
        "DELETE FROM report_followers WHERE citizen_id = $1",
        "DELETE FROM area_followers WHERE citizen_id = $1",
        "DELETE FROM channel_identities WHERE citizen_id = $1",
        "UPDATE citizens SET lang = 'vi', consent_version = NULL, consent_at = NULL WHERE citizen_id = $1",
        "UPDATE data_requests SET done_at = now() WHERE citizen_id = $1 AND done_at IS NULL",
    ):
        await conn.execute(sql, citizen_id)
