"""SQL of what goes to partners and what they say of it: the ledger."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from app.db import Conn
from app.partners.model import News, Push, Settled

_PUSH = ", ".join(f"p.{name}" for name in Push.__struct_fields__ if name != "code")


def _push(row: asyncpg.Record) -> Push:
    return msgspec.convert(dict(row), Push)


async def queue(conn: Conn, wanted: Sequence[tuple[UUID, UUID]]) -> None:
    """(partner, report). What was on its way or there stays; what was withheld gets another try."""
    if wanted:
        await conn.execute(
            """
            INSERT INTO partner_pushes (partner_id, report_id)
            SELECT DISTINCT * FROM unnest($1::uuid[], $2::uuid[])
            ON CONFLICT (report_id, partner_id) DO UPDATE
            SET state = 'waiting', reason = '', tries = 0, looks = 0, next_at = now(), updated_at = now()
            WHERE partner_pushes.state = 'withheld'
               OR (partner_pushes.state = 'person' AND partner_pushes.reason = 'unmapped')
            """,
            *map(list, zip(*wanted, strict=True)),
        )


async def reopened(conn: Conn, report_ids: Collection[UUID]) -> None:
    """These are open again here; where the partner is done with one, a person decides what it hears."""
    await conn.execute(
        """
        UPDATE partner_pushes SET state = 'person', reason = 'reopened', updated_at = now()
        WHERE report_id = ANY($1) AND state = 'sent' AND their_status = 'closed'
        """,
        list(report_ids),
    )


async def mapped(conn: Conn, partner_id: UUID, category: str) -> None:
    """This category goes there from now on: so does what waited for that."""
    await conn.execute(
        """
        UPDATE partner_pushes p SET state = 'waiting', reason = '', tries = 0, next_at = now(), updated_at = now()
        FROM reports r WHERE r.report_id = p.report_id AND r.category = $2
          AND p.partner_id = $1 AND p.state = 'person' AND p.reason = 'unmapped'
        """,
        partner_id,
        category,
    )


# ---------------------------------------------------------------- sending


async def take(conn: Conn, partner_id: UUID, limit: int, lease: timedelta) -> list[Push]:
    """What is due, for this sender alone until the lease ends. Each as it was: one that is ``posting`` belonged to a
    sender that died in the middle."""
    rows = await conn.fetch(
        f"""
        WITH due AS (
            SELECT report_id, partner_id FROM partner_pushes
            WHERE partner_id = $1 AND next_at <= now() AND state IN ('waiting', 'posting', 'unknown', 'token')
            ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
        )
        UPDATE partner_pushes p SET next_at = now() + $3
        FROM due WHERE (p.report_id, p.partner_id) = (due.report_id, due.partner_id)
        RETURNING {_PUSH}
        """,  # noqa: S608  # column names
        partner_id,
        limit,
        lease,
    )
    return [_push(row) for row in rows]


async def give_back(conn: Conn, taken: Sequence[Push]) -> None:
    """What was taken and not begun is anybody's again."""
    await conn.execute(
        """
        UPDATE partner_pushes p SET next_at = now()
        FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS t(r, p, until)
        WHERE (p.report_id, p.partner_id, p.next_at) = (t.r, t.p, t.until)
        """,
        [one.report_id for one in taken],
        [one.partner_id for one in taken],
        [one.next_at for one in taken],
    )


async def begin_posting(conn: Conn, push: Push, sent: Mapping[str, Any], lease: timedelta) -> datetime | None:
    """It is sent now; gives until when it is ours, None when somebody else has it by now."""
    until: datetime | None = await conn.fetchval(
        """
        UPDATE partner_pushes SET state = 'posting', sent = $4, posted_at = now(), tries = tries + 1,
               next_at = now() + $5, updated_at = now()
        WHERE report_id = $1 AND partner_id = $2 AND next_at = $3 AND state = 'waiting' RETURNING next_at
        """,
        push.report_id,
        push.partner_id,
        push.next_at,
        dict(sent),
        lease,
    )
    return until


async def settle(conn: Conn, push: Push, to: Settled) -> bool:
    """False when somebody else has it by now, as after a lease that ended."""
    done = await conn.fetchval(
        """
        UPDATE partner_pushes
        SET state = $4, reason = $5, error = $6, next_at = coalesce($7, next_at), number = coalesce($8, number),
            token = coalesce($9, token), notice = coalesce($10, notice), tries = coalesce($11, tries),
            looks = coalesce($12, looks), updated_at = now(),
            sent_at = CASE WHEN $4 = 'sent' THEN coalesce(sent_at, now()) ELSE sent_at END
        WHERE report_id = $1 AND partner_id = $2 AND next_at = $3 RETURNING true
        """,
        push.report_id,
        push.partner_id,
        push.next_at,
        to.state,
        to.reason,
        to.error[:500],
        to.next_at,
        to.number,
        to.token,
        to.notice,
        to.tries,
        to.looks,
    )
    return done is not None


async def note(conn: Conn, partner_id: UUID, report_id: UUID | None, what: str, came: str, said: str) -> None:
    """An attempt, for the ledger."""
    await conn.execute(
        "INSERT INTO partner_attempts (partner_id, report_id, what, came, said) VALUES ($1, $2, $3, $4, $5)",
        partner_id,
        report_id,
        what,
        came,
        said[:500],
    )


# ---------------------------------------------------------------- their news


async def watched(conn: Conn, partner_id: UUID, beyond: UUID, limit: int) -> list[Push]:
    """Requests whose standing matters to us: not closed there, or not over here."""
    rows = await conn.fetch(
        f"""
        SELECT {_PUSH}, r.code FROM partner_pushes p JOIN reports r USING (report_id)
        WHERE p.partner_id = $1 AND p.report_id > $2 AND p.number IS NOT NULL AND p.state IN ('sent', 'person')
          AND r.status NOT IN ('rejected', 'duplicate', 'withdrawn')
          AND (p.their_status <> 'closed' OR r.status <> 'closed')
        ORDER BY p.report_id LIMIT $3
        """,  # noqa: S608  # column names
        partner_id,
        beyond,
        limit,
    )
    return [_push(row) for row in rows]


async def numbered(conn: Conn, partner_id: UUID, numbers: Collection[str]) -> dict[str, list[Push]]:
    """Our reports behind these numbers; a partner may give the same to several."""
    rows = await conn.fetch(
        f"""
        SELECT {_PUSH}, r.code FROM partner_pushes p JOIN reports r USING (report_id)
        WHERE p.partner_id = $1 AND p.number = ANY($2)
        """,  # noqa: S608  # column names
        partner_id,
        list(numbers),
    )
    found: dict[str, list[Push]] = {}
    for row in rows:
        found.setdefault(row["number"], []).append(_push(row))
    return found


async def is_known(conn: Conn, push: Push, source: str, digest: str) -> bool:
    """Whether this was taken in before; an update also as what the request itself said."""
    known: bool = await conn.fetchval(
        """
        SELECT EXISTS (SELECT FROM partner_news WHERE report_id = $1 AND partner_id = $2
                       AND (source = $3 OR ($3 LIKE 'update:%' AND digest = $4 AND source LIKE 'status:%')))
        """,
        push.report_id,
        push.partner_id,
        source,
        digest,
    )
    return known


async def take_in(conn: Conn, push: Push, news: News, digest: str, became: str) -> None:
    """Once; how the request stands there is kept with it."""
    await conn.execute(
        """
        WITH new AS (
            INSERT INTO partner_news (partner_id, report_id, source, digest, status, words, became)
            VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING true
        )
        UPDATE partner_pushes SET their_status = $5, their_words = CASE WHEN $6 = '' THEN their_words ELSE $6 END,
               their_at = coalesce($8, now()), updated_at = now()
        WHERE report_id = $2 AND partner_id = $1 AND EXISTS (SELECT FROM new)
        """,
        push.partner_id,
        push.report_id,
        news.source,
        digest,
        news.status,
        news.words,
        became,
        news.at,
    )


# ---------------------------------------------------------------- the ledger


async def push(conn: Conn, partner_id: UUID, report_id: UUID, *, lock: bool = False) -> Push | None:
    row = await conn.fetchrow(
        f"""
        SELECT {_PUSH}, r.code FROM partner_pushes p JOIN reports r USING (report_id)
        WHERE p.partner_id = $1 AND p.report_id = $2 {"FOR UPDATE OF p" if lock else ""}
        """,  # noqa: S608  # column names
        partner_id,
        report_id,
    )
    return _push(row) if row else None


async def of_report(conn: Conn, report_id: UUID) -> list[tuple[str, Push]]:
    """Each with the partner's name."""
    rows = await conn.fetch(
        f"""
        SELECT {_PUSH}, w.name FROM partner_pushes p JOIN partners w USING (partner_id)
        WHERE p.report_id = $1 ORDER BY p.created_at
        """,  # noqa: S608  # column names
        report_id,
    )
    return [(row["name"], _push(row)) for row in rows]


async def pushes(
    conn: Conn, partner_id: UUID, states: Sequence[str], before: tuple[datetime, UUID] | None, limit: int
) -> list[Push]:
    """Those in one of ``states``, the latest first, with the report's code; ``before``: what comes behind this one."""
    rows = await conn.fetch(
        f"""
        SELECT {_PUSH}, r.code FROM unnest($2::text[]) AS s(state), LATERAL (
            SELECT * FROM partner_pushes d WHERE d.partner_id = $1 AND d.state = s.state
              AND ($3::timestamptz IS NULL OR (d.updated_at, d.report_id) < ($3, $4::uuid))
            ORDER BY d.updated_at DESC, d.report_id DESC LIMIT $5
        ) p JOIN reports r USING (report_id)
        ORDER BY p.updated_at DESC, p.report_id DESC LIMIT $5
        """,  # noqa: S608  # column names
        partner_id,
        list(states),
        *(before or (None, None)),
        limit,
    )
    return [_push(row) for row in rows]


async def attempts(conn: Conn, partner_id: UUID, report_id: UUID | None, limit: int) -> list[asyncpg.Record]:
    """The latest first, of one report or of all."""
    one = "a.report_id = $2" if report_id else "$2::uuid IS NULL"
    return await conn.fetch(
        f"""
        SELECT a.at, a.what, a.came, a.said, r.code FROM partner_attempts a LEFT JOIN reports r USING (report_id)
        WHERE a.partner_id = $1 AND {one} ORDER BY a.at DESC LIMIT $3
        """,  # noqa: S608  # constants
        partner_id,
        report_id,
        limit,
    )


async def news(conn: Conn, partner_id: UUID, report_id: UUID) -> list[asyncpg.Record]:
    return await conn.fetch(
        """
        SELECT at, status, words, became FROM partner_news WHERE partner_id = $1 AND report_id = $2 ORDER BY at DESC
        """,
        partner_id,
        report_id,
    )


async def set_push(conn: Conn, push: Push, to: Settled, *, round_: int) -> None:
    """As a person decides."""
    await conn.execute(
        """
        UPDATE partner_pushes
        SET state = $3, reason = $4, error = '', tries = 0, looks = 0, next_at = now(), round = $5, token = NULL,
            number = $6, their_status = CASE WHEN round = $5 THEN their_status ELSE '' END,
            sent_at = CASE WHEN $3 = 'sent' THEN coalesce(sent_at, now()) END, updated_at = now()
        WHERE report_id = $1 AND partner_id = $2
        """,
        push.report_id,
        push.partner_id,
        to.state,
        to.reason,
        round_,
        to.number,
    )


async def decide(conn: Conn, partner_id: UUID, reason: str, state: str, becomes: str) -> int:
    """As a person decides about all that wait for one reason; gives how many. A request that the partner has stays
    one."""
    done = await conn.execute(
        """
        UPDATE partner_pushes SET state = CASE WHEN $3 = 'withheld' AND number IS NOT NULL THEN 'sent' ELSE $3 END,
               reason = CASE WHEN $3 = 'withheld' AND number IS NOT NULL THEN '' ELSE $4 END,
               error = '', tries = 0, looks = 0, next_at = now(), updated_at = now()
        WHERE partner_id = $1 AND state = 'person' AND reason = $2
        """,
        partner_id,
        reason,
        state,
        becomes,
    )
    return int(done.rpartition(" ")[2])


async def forget(conn: Conn, before: datetime, limit: int) -> int:
    """Attempts from before, some of them; gives how many."""
    done = await conn.execute(
        """
        DELETE FROM partner_attempts
        WHERE ctid = ANY(ARRAY(SELECT ctid FROM partner_attempts WHERE at < $1 LIMIT $2))
        """,
        before,
        limit,
    )
    return int(done.rpartition(" ")[2])
