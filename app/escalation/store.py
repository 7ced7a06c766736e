"""SQL of who is told: people around a report, agencies' rules, people's own ways, the ledger's rows for staff."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.accounts.model import Concern, Role
from app.db import Conn
from app.escalation.model import Person
from app.i18n import Lang
from app.notify.store import Entry, Key, settle

_WATCHED = ("warned_%", "mentioned", "directed", "assigned", "disputed", "returned")
"""What is told by this slice; other rows of the same chats are cards."""

_UP = """
    {name} AS (
        SELECT agency_id, parent_id, 0 AS depth FROM agencies WHERE agency_id = {of}
        UNION SELECT a.agency_id, a.parent_id, u.depth + 1 FROM agencies a JOIN {name} u ON a.agency_id = u.parent_id
        WHERE u.depth < 9
    )"""
_PEOPLE = f"""
    WITH RECURSIVE {_UP.format(name="up", of="$1::text")}, {_UP.format(name="watching", of="$2::text")}
    SELECT s.staff_id, s.role, u.depth, w.agency_id IS NOT NULL AS watches, s.email,
           coalesce((SELECT i.lang FROM staff_identities i WHERE i.staff_id = s.staff_id
                     ORDER BY i.linked_at DESC LIMIT 1), 'vi') AS lang,
           coalesce(c.off, '{{}}') AS off
    FROM staff s LEFT JOIN up u USING (agency_id) LEFT JOIN watching w ON w.agency_id = s.agency_id
         LEFT JOIN staff_channels c USING (staff_id)
    WHERE s.active
      AND (s.role IN ('coordinator', 'leader')
           OR s.role IN ('officer', 'lead') AND (u.agency_id IS NOT NULL OR w.agency_id IS NOT NULL))
      AND (s.categories = '{{}}' OR $3 = ANY(s.categories)) AND (s.communes = '{{}}' OR $4 = ANY(s.communes))
    ORDER BY s.staff_id
"""  # noqa: S608  # pieces of our own


async def people_around(conn: Conn, report: Concern) -> list[Person]:
    """Everybody who may see the report: ``Actor.may_see`` in SQL."""
    rows = await conn.fetch(_PEOPLE, report.agency_id, report.supervisor_id, report.category, report.commune_code)
    return [
        Person(
            row["staff_id"],
            Role(row["role"]),
            row["depth"],
            row["watches"],
            row["email"],
            row["lang"],
            frozenset(row["off"]),
        )
        for row in rows
    ]


# ---------------------------------------------------------------- agencies' rules


async def policy_for(conn: Conn, agency_id: str) -> asyncpg.Record | None:
    """The rules of the agency, or of the nearest one above it that has any: (agency_id, policy)."""
    return await conn.fetchrow(
        f"""
        WITH RECURSIVE {_UP.format(name="up", of="$1::text")}
        SELECT p.agency_id, p.policy, p.changed_at FROM up JOIN escalation_policies p USING (agency_id)
        ORDER BY depth LIMIT 1
        """,  # noqa: S608  # a piece of our own
        agency_id,
    )


async def set_policy(conn: Conn, agency_id: str, policy: Any, at: datetime, by: UUID | None) -> None:
    await conn.execute(
        """
        INSERT INTO escalation_policies (agency_id, policy, changed_at, changed_by) VALUES ($1, $2, $3, $4)
        ON CONFLICT (agency_id) DO UPDATE SET policy = $2, changed_at = $3, changed_by = $4
        """,
        agency_id,
        policy,
        at,
        by,
    )


async def drop_policy(conn: Conn, agency_id: str) -> bool:
    done = await conn.fetchval("DELETE FROM escalation_policies WHERE agency_id = $1 RETURNING true", agency_id)
    return done is not None


async def with_policy(conn: Conn) -> list[str]:
    """The agencies that have rules of their own."""
    return [row["agency_id"] for row in await conn.fetch("SELECT agency_id FROM escalation_policies")]


# ---------------------------------------------------------------- people's own ways


async def off_of(conn: Conn, staff_id: UUID) -> list[str]:
    return await conn.fetchval("SELECT off FROM staff_channels WHERE staff_id = $1", staff_id) or []


async def set_off(conn: Conn, staff_id: UUID, off: Sequence[str]) -> None:
    await conn.execute(
        """
        INSERT INTO staff_channels (staff_id, off) VALUES ($1, $2)
        ON CONFLICT (staff_id) DO UPDATE SET off = excluded.off
        """,
        staff_id,
        list(off),
    )


# ---------------------------------------------------------------- chats, and what waits for an address


async def chats_of(conn: Conn, ids: Sequence[UUID]) -> list[tuple[UUID, str, str, Lang]]:
    """Person, channel, chat and language: of each person the chat of each channel that they linked last."""
    rows = await conn.fetch(
        """
        SELECT DISTINCT ON (staff_id, channel) staff_id, channel, channel_user_id, lang FROM staff_identities
        WHERE staff_id = ANY($1) AND unreachable_since IS NULL ORDER BY staff_id, channel, linked_at DESC
        """,
        list(ids),
    )
    return [(row["staff_id"], row["channel"], row["channel_user_id"], row["lang"]) for row in rows]


class Waiting(Struct, frozen=True):
    """A message that waits, with what was sent to its address lately and how many others wait with it."""

    entry: Entry
    urgent: bool
    entered_at: datetime
    lately: tuple[datetime, ...]
    waiting: int


async def waiting(conn: Conn, key: Key, since: datetime) -> Waiting | None:
    """None: it is not ours to send. One that is 'sending' was being sent by a worker that died: nobody knows whether it
    arrived, so it becomes 'uncertain' with all that went with it."""
    row = await conn.fetchrow(
        """
        SELECT n.*, r.urgency = 'urgent' AS urgent,
               array(SELECT max(s.updated_at) FROM notifications s
                     WHERE s.channel = n.channel AND s.channel_user_id = n.channel_user_id AND s.updated_at > $5
                       AND s.status IN ('sent', 'sending', 'uncertain') AND s.template LIKE ANY ($6)
                     GROUP BY coalesce(s.digest, s.report_id || ':' || s.seq) ORDER BY 1 DESC) AS lately,
               (SELECT count(*) FROM notifications w
                WHERE w.channel = n.channel AND w.channel_user_id = n.channel_user_id AND w.status = 'queued'
                  AND w.template LIKE ANY ($6)) AS waiting
        FROM notifications n JOIN reports r USING (report_id)
        WHERE n.report_id = $1 AND n.seq = $2 AND n.recipient = $3 AND n.channel = $4
          AND n.status IN ('queued', 'sending')
        """,
        *key,
        since,
        _WATCHED,
    )
    if row is None:
        return None
    entry = Entry(*(row[name] for name in Entry.__struct_fields__))
    if entry.digest not in (None, entry.name):
        return None  # the job that sends it together with others answers for it
    if row["status"] == "sending":
        await settle(conn, entry, "uncertain", "interrupted while sending", was=("sending",))
        return None
    return Waiting(entry, row["urgent"], row["created_at"], tuple(row["lately"]), row["waiting"])


class Taken(Struct, frozen=True):
    """A row that is about to be sent."""

    report_id: UUID
    seq: int
    template: str


async def take(conn: Conn, entry: Entry, *, together: bool) -> tuple[int, list[Taken]]:
    """Claim the entry, and ``together`` with it all that waits for its address, under its name: the number of the
    attempt and the rows. No rows: somebody else was faster.

    Rows are locked in the order of their keys, so that two workers wait for each other instead of taking a part each.
    """
    rows = await conn.fetch(
        """
        WITH mine AS (
            SELECT report_id, seq, recipient, channel, attempts FROM notifications
            WHERE channel = $1 AND channel_user_id = $2 AND status = 'queued' AND template LIKE ANY ($6)
              AND coalesce(digest, $3) = $3
              AND ($5 OR (report_id || ':' || seq = $3 AND recipient = $4))
            ORDER BY report_id, seq, recipient FOR UPDATE
        ),
        claimed AS (
            UPDATE notifications n SET status = 'sending', reason = NULL, digest = $3, updated_at = now(),
                   attempts = (SELECT max(attempts) + 1 FROM mine)
            FROM mine WHERE (n.report_id, n.seq, n.recipient, n.channel)
                            = (mine.report_id, mine.seq, mine.recipient, mine.channel)
              AND EXISTS (SELECT FROM mine WHERE report_id || ':' || seq = $3 AND recipient = $4)
            RETURNING n.report_id, n.seq, n.template, n.attempts, n.created_at
        )
        SELECT * FROM claimed ORDER BY created_at, report_id, seq
        """,
        entry.channel,
        entry.channel_user_id,
        entry.name,
        entry.recipient,
        together,
        _WATCHED,
    )
    return (rows[0]["attempts"] if rows else 0), [Taken(row["report_id"], row["seq"], row["template"]) for row in rows]


async def mailbox(conn: Conn, staff_id: UUID) -> str:
    """The address of somebody who works here; empty where there is none."""
    return await conn.fetchval("SELECT email FROM staff WHERE staff_id = $1 AND active", staff_id) or ""
