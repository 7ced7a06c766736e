"""SQL of the ledger: to whom a report of figures goes, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.db import Conn
from app.schedules.model import Send, Status

_NAMES = Send.__struct_fields__


async def add(conn: Conn, sends: Sequence[Send]) -> None:
    await conn.executemany(
        """
        INSERT INTO schedule_sends (run_id, recipient, channel, address, status, reason, attempts, made_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING
        """,
        [[getattr(send, name) for name in _NAMES] for send in sends],
    )


async def of_runs(conn: Conn, run_ids: Sequence[UUID]) -> dict[UUID, list[Send]]:
    rows = await conn.fetch(
        "SELECT * FROM schedule_sends WHERE run_id = ANY($1) ORDER BY recipient, channel", list(run_ids)
    )
    found: dict[UUID, list[Send]] = {}
    for row in rows:
        found.setdefault(row["run_id"], []).append(Send(*(row[name] for name in _NAMES)))
    return found


async def waiting(conn: Conn, run_id: UUID, recipient: str) -> list[Send]:
    """What is still to be sent to this recipient, for the one job that does it. What was being sent when a worker died
    becomes uncertain: nobody can know whether it arrived, and nobody is sent it twice because of us."""
    await conn.execute(
        """
        UPDATE schedule_sends SET status = 'uncertain', reason = 'interrupted', updated_at = now()
        WHERE run_id = $1 AND recipient = $2 AND status = 'sending'
        """,
        run_id,
        recipient,
    )
    rows = await conn.fetch(
        """
        SELECT * FROM schedule_sends WHERE run_id = $1 AND recipient = $2 AND status = 'queued' ORDER BY channel
        """,
        run_id,
        recipient,
    )
    return [Send(*(row[name] for name in _NAMES)) for row in rows]


async def claim(conn: Conn, send: Send, address: str, made_at: datetime) -> bool:
    """Right before the call. False: somebody else did."""
    done = await conn.fetchval(
        """
        UPDATE schedule_sends SET status = 'sending', attempts = attempts + 1, address = $4, made_at = $5, reason = '',
               updated_at = now()
        WHERE run_id = $1 AND recipient = $2 AND channel = $3 AND status = 'queued' RETURNING true
        """,
        send.run_id,
        send.recipient,
        send.channel,
        address,
        made_at,
    )
    return done is not None


async def settle(conn: Conn, send: Send, status: Status, reason: str = "") -> None:
    """What became of it. Somebody may have taken us for dead and written 'uncertain' meanwhile: we know better, but
    send it no more."""
    was = ["queued", "sending"] if status == "queued" else ["queued", "sending", "uncertain"]
    await conn.execute(
        """
        UPDATE schedule_sends SET status = $4, reason = $5, updated_at = now()
        WHERE run_id = $1 AND recipient = $2 AND channel = $3 AND status = ANY($6)
        """,
        send.run_id,
        send.recipient,
        send.channel,
        status,
        reason,
        was,
    )


async def again(conn: Conn, run_id: UUID, recipient: str) -> bool:
    """Send it once more, because somebody wants it. False while it is under way."""
    done = await conn.fetch(
        """
        UPDATE schedule_sends SET status = 'queued', reason = '', attempts = 0, updated_at = now()
        WHERE run_id = $1 AND recipient = $2 AND channel <> 'none' AND NOT EXISTS (
            SELECT FROM schedule_sends o WHERE o.run_id = $1 AND o.recipient = $2 AND o.status IN ('queued', 'sending')
        ) RETURNING 1
        """,
        run_id,
        recipient,
    )
    return bool(done)


async def without_way(conn: Conn, run_id: UUID, recipient: str) -> bool:
    """Forget that there was no way to somebody, to look for one again. Whether it said so."""
    done = await conn.fetchval(
        """
        DELETE FROM schedule_sends WHERE run_id = $1 AND recipient = $2 AND channel = 'none' RETURNING true
        """,
        run_id,
        recipient,
    )
    return done is not None


async def reach(conn: Conn, staff_id: UUID) -> tuple[str, dict[str, str]]:
    """E-mail address ("" for none) and the chat of each channel, where the person has left that way on."""
    row = await conn.fetchrow(
        """
        SELECT CASE WHEN 'mail' = ANY(off) THEN '' ELSE email END AS mail,
               CASE WHEN 'chat' = ANY(off) THEN '{}'::text[] ELSE ARRAY(
                   SELECT DISTINCT ON (channel) channel || ':' || channel_user_id FROM staff_identities i
                   WHERE i.staff_id = $1 AND unreachable_since IS NULL ORDER BY channel, linked_at DESC
               ) END AS chats
        FROM (SELECT s.email, coalesce(c.off, '{}') AS off FROM staff s LEFT JOIN staff_channels c USING (staff_id)
              WHERE s.staff_id = $1) AS person
        """,
        staff_id,
    )
    if row is None:
        return "", {}
    return row["mail"], dict(chat.split(":", 1) for chat in row["chats"])
