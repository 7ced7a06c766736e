"""SQL of the ledger: one row per message and person, and what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app import jobs
from app.db import Conn
from app.i18n import Lang
from app.jobs import Job
from app.notify import store_digest
from app.notify.manners import AT_ONCE, Moment
from app.notify.store_digest import MUTED


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
    digest: str | None = None
    """The ``name`` of the row whose job sends it together with others."""

    @property
    def key(self) -> Key:
        return self.report_id, self.seq, self.recipient, self.channel

    @property
    def name(self) -> str:
        """Names this row among those of its address."""
        return f"{self.report_id}:{self.seq}"


# The report $1 and every report that was merged into it, or into one of those.
_FAMILY = """
    family (report_id) AS (
        SELECT $1::uuid UNION SELECT r.report_id FROM reports r JOIN family f ON r.duplicate_of = f.report_id
    )"""


async def recipients(conn: Conn, report_id: UUID) -> list[Recipient]:
    """Everybody who hears of a report: its reporter and followers, and those of every report merged into it; of a
    private report, no follower does.

    Nobody is told the same thing twice: of a person's several chats it is the one they wrote in last. An unreachable
    address is given where there is no other: the ledger must say that somebody was not told.
    """
    rows = await conn.fetch(
        f"""
        WITH RECURSIVE {_FAMILY},
        heard AS (
            SELECT report_id = $1 AS owner, citizen_id FROM report_contacts JOIN family USING (report_id)
            UNION ALL SELECT false, citizen_id FROM report_followers JOIN family USING (report_id)
            WHERE (SELECT visibility FROM reports WHERE report_id = $1) = 'public'
        )
        SELECT DISTINCT ON (c.citizen_id) c.citizen_id, i.channel, i.channel_user_id, c.lang, h.owner
        FROM (SELECT citizen_id, bool_or(owner) AS owner FROM heard GROUP BY 1) h
             JOIN citizens c USING (citizen_id) JOIN channel_identities i USING (citizen_id)
        ORDER BY c.citizen_id, i.unreachable_since IS NOT NULL, i.last_heard_at DESC, i.channel, i.channel_user_id
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


class Waiting(Struct, frozen=True):
    """A queued message and what decides whether and when it goes out."""

    entry: Entry
    citizen_id: UUID
    """Whose address it is now; after two chats were linked another one than the ledger's recipient."""
    dead: bool
    muted: bool
    late: bool
    """Something newer about this report has reached the address already."""
    moment: Moment


_REACHED = "('sent', 'sending', 'uncertain')"
_WAITING = f"""
    SELECT n.*, coalesce(i.citizen_id, CASE WHEN n.recipient LIKE 'citizen:%' THEN substr(n.recipient, 9)::uuid END)
               AS citizen_id,
           i.unreachable_since IS NOT NULL AS dead, {MUTED} AS muted,
           r.urgency = 'urgent' AND o.citizen_id IS NOT NULL AS urgent,
           EXISTS (SELECT FROM notifications l WHERE l.report_id = n.report_id AND l.seq > n.seq
                   AND l.channel = n.channel AND l.channel_user_id = n.channel_user_id
                   AND l.status IN {_REACHED}) AS late,
           array(SELECT max(s.updated_at) FROM notifications s
                 WHERE s.channel = n.channel AND s.channel_user_id = n.channel_user_id AND s.updated_at > $5
                   AND s.status IN {_REACHED} AND s.template <> ALL ($6) AND s.recipient LIKE 'citizen:%'
                 GROUP BY coalesce(s.digest, s.report_id || ':' || s.seq) ORDER BY 1 DESC) AS lately,
           (SELECT count(*) FROM notifications w
            WHERE w.channel = n.channel AND w.channel_user_id = n.channel_user_id AND w.status = 'queued'
              AND w.digest IS NULL AND w.template <> ALL ($6) AND w.recipient LIKE 'citizen:%') AS waiting
    FROM notifications n JOIN reports r USING (report_id)
         LEFT JOIN channel_identities i ON (i.channel, i.channel_user_id) = (n.channel, n.channel_user_id)
         LEFT JOIN citizens c ON c.citizen_id = i.citizen_id
         LEFT JOIN report_contacts o ON o.report_id = n.report_id AND o.citizen_id = i.citizen_id
    WHERE n.report_id = $1 AND n.seq = $2 AND n.recipient = $3 AND n.channel = $4
      AND n.status IN ('queued', 'sending')
"""  # noqa: S608  # pieces of our own


async def waiting(conn: Conn, key: Key, since: datetime) -> Waiting | None:
    """A queued message, with what its address was sent ``since``. None: it is not ours to send.

    A row that is already 'sending' belongs to a worker that died in the middle of the call, or seems to have: nobody
    can know whether the message arrived, so it becomes 'uncertain' and is not sent again.
    """
    row = await conn.fetchrow(_WAITING, *key, since, AT_ONCE)
    if row is None:
        return None
    entry = Entry(*(row[name] for name in Entry.__struct_fields__))
    if entry.digest not in (None, entry.name):
        return None  # the job that sends the digest answers for it
    if row["status"] == "sending":
        await settle(conn, entry, "uncertain", "interrupted while sending", was=("sending",))
        return None
    moment = Moment(
        entry.template,
        row["created_at"],
        bool(row["urgent"]),
        tuple(row["lately"]),
        row["waiting"],
        entry.digest is not None,
    )
    return Waiting(entry, row["citizen_id"], row["dead"], bool(row["muted"]), row["late"], moment)


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
    """What became of a message, or of all that go out with it. False: it no longer is what it ``was``, or not in this
    ``attempt``."""
    if entry.digest is not None:
        return await store_digest.settle(conn, entry, status, reason, ref, was=was, attempt=attempt)
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


async def followed(conn: Conn, report_id: UUID, citizen_id: UUID) -> str | None:
    """The code of the report that the person follows: this one, or one that was merged into it."""
    code: str | None = await conn.fetchval(
        f"""
        WITH RECURSIVE {_FAMILY}
        SELECT r.code FROM family JOIN report_followers f USING (report_id) JOIN reports r USING (report_id)
        WHERE f.citizen_id = $2 ORDER BY r.report_id = $1 DESC, r.report_id LIMIT 1
        """,  # noqa: S608  # a piece of our own
        report_id,
        citizen_id,
    )
    return code


async def of_report(conn: Conn, report_id: UUID) -> list[dict[str, Any]]:
    """The ledger of one report, oldest first, without addresses."""
    rows = await conn.fetch(
        """
        SELECT seq, channel, template, status, attempts, reason, created_at, updated_at,
               recipient LIKE 'staff:%' OR recipient LIKE 'agency:%' AS to_staff
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
