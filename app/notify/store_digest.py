"""SQL of messages that go out together, and of those that must go another way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from app.db import Conn
from app.i18n import Lang
from app.notify.digest import Line
from app.notify.manners import AT_ONCE
from app.reports.model import Status

if TYPE_CHECKING:
    from app.notify.store import Entry

MUTED = """
    (c.muted_at IS NOT NULL OR EXISTS (
        SELECT FROM report_mutes m JOIN reports mr USING (report_id)
        WHERE m.citizen_id = c.citizen_id AND n.report_id IN (m.report_id, mr.duplicate_of)))"""
"""Whether citizen ``c`` does not want to hear of ``n``."""


async def claim(conn: Conn, entry: "Entry", citizen_id: UUID) -> tuple[int, list[Line]]:
    """Take everything that waits for the entry's address and may go out together, under the entry's name: the number
    of the attempt, and where each report stands. No lines: somebody else was faster.

    Rows are locked in the order of their keys, so that two workers wait for each other instead of taking a part each.
    """
    rows = await conn.fetch(
        f"""
        WITH mine AS (
            SELECT n.report_id, n.seq, n.recipient, n.channel, n.attempts
            FROM notifications n LEFT JOIN citizens c ON c.citizen_id = $6
            WHERE n.channel = $1 AND n.channel_user_id = $2 AND n.status = 'queued' AND n.recipient LIKE 'citizen:%'
              AND coalesce(n.digest, $3) = $3 AND n.template <> ALL ($4)
              AND (n.digest = $3 OR NOT coalesce({MUTED}, false))
            ORDER BY n.report_id, n.seq, n.recipient FOR UPDATE OF n
        ),
        claimed AS (
            UPDATE notifications n SET status = 'sending', reason = NULL, digest = $3, updated_at = now(),
                   attempts = (SELECT max(attempts) + 1 FROM mine)
            FROM mine WHERE (n.report_id, n.seq, n.recipient, n.channel)
                            = (mine.report_id, mine.seq, mine.recipient, mine.channel)
              AND EXISTS (SELECT FROM mine WHERE report_id || ':' || seq = $3 AND recipient = $5)
            RETURNING n.report_id, n.seq, n.created_at, n.attempts
        )
        SELECT claimed.*, r.code, r.status,
               CASE WHEN EXISTS (SELECT FROM report_contacts o WHERE o.report_id = r.report_id AND o.citizen_id = $6)
                    THEN r.body ELSE '' END AS about
        FROM claimed JOIN reports r USING (report_id) ORDER BY claimed.created_at, claimed.report_id, claimed.seq
        """,  # noqa: S608  # a piece of our own
        entry.channel,
        entry.channel_user_id,
        entry.name,
        AT_ONCE,
        entry.recipient,
        citizen_id,
    )
    lines = [Line(row["report_id"], row["code"], Status(row["status"]), row["about"]) for row in rows]
    return (rows[0]["attempts"] if rows else 0), lines


async def settle(
    conn: Conn,
    entry: "Entry",
    status: str,
    reason: str | None,
    ref: str | None,
    *,
    was: Sequence[str],
    attempt: int | None,
) -> bool:
    done = await conn.execute(
        """
        UPDATE notifications SET status = $4, reason = $5, provider_ref = $6, updated_at = now()
        WHERE channel = $1 AND channel_user_id = $2 AND digest = $3
          AND status = ANY($7) AND attempts = coalesce($8, attempts)
        """,
        entry.channel,
        entry.channel_user_id,
        entry.digest,
        status,
        reason,
        ref,
        list(was),
        attempt,
    )
    return not done.endswith(" 0")


async def elsewhere(conn: Conn, entry: "Entry") -> list[tuple[UUID, int, str, str, str, str, Lang]]:
    """Where what could not be delivered to this address, alone or in a digest, can go instead: report, event,
    recipient, channel, address, template and language of each. A channel that was tried before is not tried again."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT ON (n.report_id, n.seq, n.recipient)
               n.report_id, n.seq, n.recipient, a.channel, a.channel_user_id, n.template, n.lang
        FROM notifications n JOIN channel_identities i USING (channel, channel_user_id)
             JOIN channel_identities a ON a.citizen_id = i.citizen_id AND a.unreachable_since IS NULL
        WHERE n.channel = $4 AND n.channel_user_id = $6 AND n.status IN ('unreachable', 'closed', 'failed')
          AND (n.report_id = $1 AND n.seq = $2 AND n.recipient = $3 OR n.digest = $5)
          AND NOT EXISTS (SELECT FROM notifications t WHERE t.report_id = n.report_id AND t.seq = n.seq
                          AND t.recipient = n.recipient AND t.channel = a.channel)
        ORDER BY n.report_id, n.seq, n.recipient, a.last_heard_at DESC, a.channel, a.channel_user_id
        """,
        *entry.key,
        entry.digest,
        entry.channel_user_id,
    )
    return [tuple(row) for row in rows]
