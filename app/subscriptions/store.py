"""SQL of who follows what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.db import Conn
from app.i18n import Lang
from app.subscriptions.model import Area, Follower, Rhythm, Wish

_FOLLOWER = """
    SELECT f.follower_id, f.address, f.citizen_id, f.rhythm, coalesce(c.lang, f.lang) AS lang,
           ARRAY(SELECT ARRAY[a.commune, a.topic_group, a.category] FROM followed_areas a
                 WHERE a.follower_id = f.follower_id ORDER BY a.commune, a.topic_group, a.category) AS areas
    FROM area_followers f LEFT JOIN citizens c USING (citizen_id)
"""


async def get(conn: Conn, follower_id: UUID) -> Follower | None:
    return _follower(await conn.fetchrow(f"{_FOLLOWER} WHERE f.follower_id = $1", follower_id))


async def of_citizen(conn: Conn, citizen_id: UUID) -> Follower | None:
    return _follower(await conn.fetchrow(f"{_FOLLOWER} WHERE f.citizen_id = $1", citizen_id))


def _follower(row: asyncpg.Record | None) -> Follower | None:
    if row is None:
        return None
    areas = tuple(Area(*each) for each in row["areas"])
    return Follower(row["follower_id"], row["address"] or "", row["citizen_id"], row["lang"], row["rhythm"], areas)


async def follow(
    conn: Conn, made: UUID, address: str | None, citizen_id: UUID | None, wish: Wish, at: datetime
) -> UUID:
    """Who follows from now on, ``made`` if they are new: their id. What was agreed to last stands."""
    key = "(lower(address))" if address else "(citizen_id)"
    found: UUID = await conn.fetchval(
        f"""
        INSERT INTO area_followers (follower_id, address, citizen_id, lang, rhythm, consent, consent_at, told_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        ON CONFLICT {key} DO UPDATE SET lang = excluded.lang, rhythm = excluded.rhythm, consent = excluded.consent,
                                        consent_at = excluded.consent_at
        RETURNING follower_id
        """,  # noqa: S608  # a piece of our own
        made,
        address,
        citizen_id,
        wish.lang,
        wish.rhythm,
        wish.consent,
        at,
    )
    return found


async def add_area(conn: Conn, follower_id: UUID, area: Area, most: int) -> bool:
    """False: they follow ``most`` already. What is followed is not followed twice."""
    await conn.execute("SELECT FROM area_followers WHERE follower_id = $1 FOR UPDATE", follower_id)
    known: bool = await conn.fetchval(
        """
        WITH added AS (
            INSERT INTO followed_areas (follower_id, commune, topic_group, category)
            SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM followed_areas WHERE follower_id = $1) < $5
            ON CONFLICT DO NOTHING RETURNING 1
        )
        SELECT EXISTS (SELECT FROM added) OR EXISTS (
            SELECT FROM followed_areas
            WHERE (follower_id, commune, topic_group, category) = ($1, $2::text, $3::text, $4::text))
        """,
        follower_id,
        area.commune,
        area.group,
        area.category,
        most,
    )
    return known


async def drop_area(conn: Conn, follower_id: UUID, area: Area) -> bool:
    """Whether they follow anything after that; who follows nothing is forgotten."""
    await conn.execute("SELECT FROM area_followers WHERE follower_id = $1 FOR UPDATE", follower_id)
    await conn.execute(
        "DELETE FROM followed_areas WHERE (follower_id, commune, topic_group, category) = ($1, $2, $3, $4)",
        follower_id,
        area.commune,
        area.group,
        area.category,
    )
    gone = await conn.fetchval(
        """
        DELETE FROM area_followers f WHERE follower_id = $1
          AND NOT EXISTS (SELECT FROM followed_areas a WHERE a.follower_id = f.follower_id) RETURNING true
        """,
        follower_id,
    )
    return not gone


async def set_rhythm(conn: Conn, follower_id: UUID, rhythm: Rhythm) -> None:
    await conn.execute("UPDATE area_followers SET rhythm = $2 WHERE follower_id = $1", follower_id, rhythm)


async def end(conn: Conn, follower_id: UUID) -> bool:
    """With everything that is known of them."""
    gone = await conn.fetchval("DELETE FROM area_followers WHERE follower_id = $1 RETURNING true", follower_id)
    return gone is not None


class Counted(Struct, frozen=True):
    """How many follow. ``places``: by commune ("" for the whole province), the most first."""

    mail: int
    chat: int
    waiting: int
    places: list[tuple[str, int]]


async def counted(conn: Conn, most: int) -> Counted:
    row: Any = await conn.fetchrow(
        """
        SELECT count(address) AS mail, count(citizen_id) AS chat, (SELECT count(*) FROM follow_requests) AS waiting
        FROM area_followers
        """
    )
    places = await conn.fetch(
        "SELECT commune, count(DISTINCT follower_id) AS n FROM followed_areas GROUP BY 1 ORDER BY n DESC, 1 LIMIT $1",
        most,
    )
    return Counted(row["mail"], row["chat"], row["waiting"], [(each["commune"], each["n"]) for each in places])


# ---------------------------------------------------------------- what is not confirmed


class Request(Struct, frozen=True):
    """A wish that waits for whoever has the mailbox. ``attempts`` counts the calls before this one."""

    request_id: UUID
    address: str
    wish: Wish
    asked_at: datetime
    attempts: int


def _request(row: asyncpg.Record | None) -> Request | None:
    if row is None:
        return None
    area = Area(row["commune"], row["topic_group"], row["category"])
    lang: Lang = row["lang"]
    wish = Wish(area, row["rhythm"], lang, row["consent"])
    return Request(row["request_id"], row["address"], wish, row["asked_at"], row["attempts"])


async def ask(
    conn: Conn, request_id: UUID, address: str, mailbox: bytes, wish: Wish, at: datetime, most: int, within: timedelta
) -> bool:
    """In a transaction. False: it is asked already, or the mailbox has had ``most`` such mails ``within`` this time."""
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))", mailbox)
    entered = await conn.fetchval(
        """
        INSERT INTO follow_requests (request_id, address, mailbox, lang, commune, topic_group, category, rhythm,
                                     consent, asked_at, status)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued'
        WHERE (SELECT count(*) FROM follow_requests WHERE mailbox = $3 AND asked_at > $12) < $11
        ON CONFLICT DO NOTHING RETURNING true
        """,
        request_id,
        address,
        mailbox,
        wish.lang,
        wish.area.commune,
        wish.area.group,
        wish.area.category,
        wish.rhythm,
        wish.consent,
        at,
        most,
        at - within,
    )
    return entered is not None


async def request(conn: Conn, request_id: UUID, since: datetime) -> Request | None:
    """One that was asked after ``since``."""
    return _request(
        await conn.fetchrow("SELECT * FROM follow_requests WHERE request_id = $1 AND asked_at > $2", request_id, since)
    )


async def take_request(conn: Conn, request_id: UUID, since: datetime) -> Request | None:
    """The same, for good: nobody else is given it any more."""
    return _request(
        await conn.fetchrow(
            "DELETE FROM follow_requests WHERE request_id = $1 AND asked_at > $2 RETURNING *", request_id, since
        )
    )


async def claim_request(conn: Conn, request_id: UUID) -> Request | None:
    """Right before the call. What was being sent when a worker died is not sent again."""
    row = await conn.fetchrow(
        """
        UPDATE follow_requests SET status = CASE status WHEN 'queued' THEN 'sending' ELSE 'uncertain' END
        WHERE request_id = $1 AND status IN ('queued', 'sending') RETURNING *
        """,
        request_id,
    )
    return _request(row) if row and row["status"] == "sending" else None


async def settle_request(conn: Conn, request_id: UUID, status: str) -> None:
    await conn.execute(
        """
        UPDATE follow_requests SET status = $2, attempts = attempts + 1
        WHERE request_id = $1 AND (status = 'sending' OR status = 'uncertain' AND $2 <> 'queued')
        """,
        request_id,
        status,
    )


async def sweep(conn: Conn, requests_before: datetime, digests_before: datetime) -> int:
    """Forget what nobody confirmed, and old rows of the ledger; gives how many of the former."""
    await conn.execute("DELETE FROM area_digests WHERE updated_at < $1", digests_before)
    gone: Sequence[asyncpg.Record] = await conn.fetch(
        "DELETE FROM follow_requests WHERE asked_at < $1 RETURNING 1", requests_before
    )
    return len(gone)
