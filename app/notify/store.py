"""SQL of the ledger: one row per message and person, and what became of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from app import jobs
from app.db import Conn
from app.i18n import Lang
from app.jobs import Job


class Recipient(Struct, frozen=True):
    """A person and one address of theirs. ``owner``: the report is their own, not one they follow."""

    citizen_id: UUID
    channel: str
    channel_user_id: str
    lang: Lang
    owner: bool


Key = tuple[UUID, int, str, str]
"""Report, event, recipient, channel."""


class Entry(Struct, frozen=True):
    """One row of the ledger; ``attempts`` counts the calls before this one."""

    report_id: UUID
    seq: int
    recipient: str
    channel: str
    channel_user_id: str
    template: str
    lang: Lang
    attempts: int

    @property
    def key(self) -> Key:
        return self.report_id, self.seq, self.recipient, self.channel


# The report $1 and every report that was merged into it, or into one of those.
_FAMILY = """
    family (report_id) AS (
        SELECT $1::uuid UNION SELECT r.report_id FROM reports r JOIN family f ON r.duplicate_of = f.report_id
    )"""


async def recipients(conn: Conn, report_id: UUID) -> list[Recipient]:
    """Everybody who hears of a report: its reporter, its followers, the reporters of those merged into it.

    Unreachable addresses are given too: the ledger must say that somebody was not told.
    """
    rows = await conn.fetch(
        f"""
        WITH RECURSIVE {_FAMILY},
        heard AS (
            SELECT report_id = $1 AS owner, citizen_id FROM report_contacts JOIN family USING (report_id)
            UNION ALL SELECT false, citizen_id FROM report_followers WHERE report_id = $1
        )
        SELECT DISTINCT ON (i.channel, i.channel_user_id)
               c.citizen_id, i.channel, i.channel_user_id, c.lang, heard.owner
        FROM heard JOIN citizens c USING (citizen_id) JOIN channel_identities i USING (citizen_id)
        ORDER BY i.channel, i.channel_user_id, heard.owner DESC
        """,  # noqa: S608  # a piece of our own
        report_id,
    )
    return [Recipient(**row) for row in rows]


_ENTER = f"""
    WITH entered AS (
        INSERT INTO notifications (report_id, seq, recipient, channel, channel_user_id, template, lang)
        SELECT $1, n.seq, n.recipient, n.channel, n.user_id, n.template, n.lang
        FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
             AS n(seq, recipient, channel, user_id, template, lang)
        ON CONFLICT DO NOTHING RETURNING 1
    ),
    guard AS (SELECT 1 FROM entered LIMIT 1),
    {jobs.enqueue_cte(8, "guard")}
    SELECT count(*) FROM entered
"""  # noqa: S608  # no input in it


async def enter(conn: Conn, report_id: UUID, entries: Sequence[Entry], new_jobs: Sequence[Job]) -> int:
    """Write ledger rows and their sending jobs; rows that exist stay as they are. Gives the number of new rows."""
    count: int = await conn.fetchval(
        _ENTER,
        report_id,
        [e.seq for e in entries],
        [e.recipient for e in entries],
        [e.channel for e in entries],
        [e.channel_user_id for e in entries],
        [e.template for e in entries],
        [e.lang for e in entries],
        *jobs.arguments(new_jobs),
    )
    return count


async def waiting(conn: Conn, key: Key) -> tuple[Entry, bool] | None:
    """A queued message and whether its address is known to be dead. None: it is not ours to send.

    A row that is already 'sending' belongs to a worker that died in the middle of the call, or seems to have: nobody
    can know whether the message arrived, so it becomes 'uncertain' and is not sent again.
    """
    row = await conn.fetchrow(
        """
        SELECT n.*, i.unreachable_since IS NOT NULL AS dead
        FROM notifications n LEFT JOIN channel_identities i USING (channel, channel_user_id)
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


async def other_address(conn: Conn, entry: Entry, channels: Sequence[str]) -> Entry | None:
    """The same message for another address of the same person that can be reached; the one heard from last."""
    row = await conn.fetchrow(
        """
        SELECT channel, channel_user_id FROM channel_identities
        WHERE citizen_id = $1 AND channel = ANY($2) AND unreachable_since IS NULL
        ORDER BY last_heard_at DESC LIMIT 1
        """,
        UUID(entry.recipient.removeprefix("citizen:")),
        list(channels),
    )
    return msgspec.structs.replace(entry, **row, attempts=0) if row else None


async def claim(conn: Conn, entry: Entry) -> int | None:
    """Take a queued message for sending, right before the call: the number of the attempt. None: somebody else did."""
    attempt: int | None = await conn.fetchval(
        """
        UPDATE notifications SET status = 'sending', reason = NULL, attempts = attempts + 1, updated_at = now()
        WHERE report_id = $1 AND seq = $2 AND recipient = $3 AND channel = $4 AND status = 'queued'
        RETURNING attempts
        """,
        *entry.key,
    )
    return attempt


async def settle(
    conn: Conn,
    entry: Entry,
    status: str,
    reason: str | None = None,
    ref: str | None = None,
    *,
    was: Sequence[str],
    attempt: int | None = None,
) -> bool:
    """What became of a message. False: it no longer is what it ``was``, or not in this ``attempt``."""
    done = await conn.execute(
        """
        UPDATE notifications SET status = $5, reason = $6, provider_ref = $7, updated_at = now()
        WHERE report_id = $1 AND seq = $2 AND recipient = $3 AND channel = $4
          AND status = ANY($8) AND attempts = coalesce($9, attempts)
        """,
        *entry.key,
        status,
        reason,
        ref,
        list(was),
        attempt,
    )
    return done.endswith(" 1")


async def own(conn: Conn, report_id: UUID, citizen_id: UUID) -> tuple[UUID, str] | None:
    """The person's own report: this one, or one that was merged into it. None for a mere follower."""
    row = await conn.fetchrow(
        f"""
        WITH RECURSIVE {_FAMILY}
        SELECT r.report_id, r.code FROM family JOIN report_contacts c USING (report_id) JOIN reports r USING (report_id)
        WHERE c.citizen_id = $2 ORDER BY r.report_id = $1 DESC, r.report_id LIMIT 1
        """,  # noqa: S608  # a piece of our own
        report_id,
        citizen_id,
    )
    return (row["report_id"], row["code"]) if row else None


async def of_report(conn: Conn, report_id: UUID) -> list[dict[str, Any]]:
    """The ledger of one report, oldest first, without addresses."""
    rows = await conn.fetch(
        """
        SELECT seq, channel, template, status, attempts, reason, created_at, updated_at
        FROM notifications WHERE report_id = $1 ORDER BY seq, created_at
        """,
        report_id,
    )
    return [dict(row) for row in rows]


async def counts(conn: Conn) -> dict[str, int]:
    """How many messages stand where, over the last day."""
    rows: list[asyncpg.Record] = await conn.fetch(
        "SELECT status, count(*) FROM notifications WHERE updated_at > now() - interval '1 day' GROUP BY status"
    )
    return {row["status"]: row["count"] for row in rows}
