"""SQL of the chats: inbox, drafts, outbox. What a message leads to is written in one statement, or not at all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db import Conn
from app.i18n import DEFAULT, Lang
from app.pins import WAKE as WAKE
from bot.conversation.draft import Draft
from bot.conversation.model import Choice, Reply


class Chat(Struct, frozen=True):
    """Where a chat stands. ``draft_id`` None: nothing is kept of it. ``blocked``: why new reports are refused."""

    citizen_id: UUID
    lang: Lang
    consent_version: str | None
    draft_id: UUID | None = None
    draft: Draft = Draft()
    idle: timedelta = timedelta(0)
    blocked: str | None = None


class Queued(Struct, frozen=True):
    """A reply on its way."""

    message_id: int
    reply: Reply


async def wake(conn: Conn) -> None:
    """Tell the processes that serve bots to look into inbox and outbox."""
    await conn.execute("SELECT pg_notify($1, '')", WAKE)


# ---------------------------------------------------------------- drafts


async def chat(conn: Conn, channel: str, chat_id: str) -> Chat | None:
    """The chat's draft with its person, or None when nothing is kept."""
    row = await conn.fetchrow(
        """
        SELECT citizen_id, c.lang, c.consent_version, d.draft_id, d.state, now() - d.updated_at AS idle,
               (SELECT b.reason FROM citizen_blocks b
                WHERE b.citizen_id = c.citizen_id AND b.lifted_at IS NULL) AS blocked
        FROM drafts d JOIN citizens c USING (citizen_id) WHERE d.channel = $1 AND d.chat_id = $2
        """,
        channel,
        chat_id,
    )
    if row is None:
        return None
    draft = msgspec.convert(row["state"], Draft)
    return Chat(
        row["citizen_id"], row["lang"], row["consent_version"], row["draft_id"], draft, row["idle"], row["blocked"]
    )


async def offered(conn: Conn, channel: str, chat_id: str) -> tuple[Choice, ...]:
    """What a notification has offered for choice since the chat's last turn; empty when nothing."""
    found = await conn.fetchval(
        """
        SELECT o.choices FROM offered_choices o LEFT JOIN drafts d USING (channel, chat_id)
        WHERE channel = $1 AND chat_id = $2 AND (d.updated_at IS NULL OR d.updated_at < o.offered_at)
        """,
        channel,
        chat_id,
    )
    return msgspec.convert(found or [], tuple[Choice, ...])


async def offer(conn: Conn, channel: str, chat_id: str, choices: Sequence[Choice]) -> None:
    """Keep what a notification offers for choice, before it is sent."""
    await conn.execute(
        """
        INSERT INTO offered_choices (channel, chat_id, choices) VALUES ($1, $2, $3)
        ON CONFLICT (channel, chat_id) DO UPDATE SET choices = $3, offered_at = now()
        """,
        channel,
        chat_id,
        list(choices),
    )


async def settling(conn: Conn, channel: str) -> list[str]:
    """Chats whose album may be complete."""
    rows = await conn.fetch(
        """
        SELECT chat_id FROM drafts WHERE channel = $1 AND state ? 'settling'
        UNION SELECT chat_id FROM staff_drafts WHERE channel = $1 AND state ? 'settling'
        """,
        channel,
    )
    return [row["chat_id"] for row in rows]


class Result(Struct, frozen=True, kw_only=True):
    """What one update led to. ``draft`` None: the chat's draft stays as it is; ``update_id`` None: it was no update."""

    bot: str
    update_id: int | None
    channel: str
    chat_id: str
    replies: Sequence[Reply] = ()
    citizen_id: UUID | None = None
    draft_id: UUID | None = None
    draft: Draft | None = None
    error: str | None = None


_DONE = """
    WITH processed AS (
        UPDATE inbox SET processed_at = now(), error = $6
        WHERE bot = $1 AND update_id = $2 AND processed_at IS NULL RETURNING 1
    ),
    done AS (SELECT 1 FROM processed UNION ALL SELECT 1 WHERE $2::bigint IS NULL)"""
_SEEN = """,
    seen AS (
        UPDATE channel_identities SET last_heard_at = now()
        WHERE channel = $3 AND channel_user_id = $4 AND last_heard_at < now() - interval '1 minute'
          AND EXISTS (SELECT FROM done)
    )"""
"""Where a person wrote last is where they are told; in a private chat, chat and person have one number."""
_SAY = """,
    said AS (
        INSERT INTO outbox (channel, chat_id, payload)
        SELECT $3::text, $4::text, r.payload
        FROM done, jsonb_array_elements($5::jsonb) WITH ORDINALITY AS r(payload, at) ORDER BY r.at
        RETURNING message_id
    )
    SELECT EXISTS (SELECT FROM done) AS done, array(SELECT message_id FROM said ORDER BY 1) AS messages"""
_KEEP = """,
    kept AS (
        INSERT INTO drafts (channel, chat_id, citizen_id, draft_id, state) SELECT $3, $4, $7, $8, $9 FROM done
        ON CONFLICT (channel, chat_id) DO UPDATE
        SET citizen_id = $7, draft_id = $8, state = $9, updated_at = now(), reminded_at = NULL
    ),
    let_go AS (
        DELETE FROM draft_photos
        WHERE channel = $3 AND chat_id = $4 AND sha256 <> ALL ($10::bytea[]) AND EXISTS (SELECT FROM done)
    ),
    claimed AS (
        INSERT INTO draft_photos (channel, chat_id, sha256) SELECT $3, $4, p FROM done, unnest($10::bytea[]) AS p
        ON CONFLICT DO NOTHING
    ),
    unheard AS (
        DELETE FROM draft_sounds
        WHERE channel = $3 AND chat_id = $4 AND sha256 <> ALL ($11::bytea[]) AND EXISTS (SELECT FROM done)
    ),
    heard AS (
        INSERT INTO draft_sounds (channel, chat_id, sha256) SELECT $3, $4, s FROM done, unnest($11::bytea[]) AS s
        ON CONFLICT DO NOTHING
    )"""
_FORGET = """,
    forgotten AS (DELETE FROM drafts WHERE channel = $3 AND chat_id = $4 AND EXISTS (SELECT FROM done))"""


async def save(conn: Conn, result: Result) -> list[Queued] | None:
    """Write the draft, the replies and that the update is done: all or nothing. Gives the replies to send.

    None: the update had been processed already, and nothing was written.
    """
    draft = result.draft
    sql, extra = _DONE + _SAY, tuple[Any, ...]()
    if draft == Draft():
        sql = _DONE + _SEEN + _FORGET + _SAY
    elif draft is not None:
        sql = _DONE + _SEEN + _KEEP + _SAY
        hashes = list({bytes.fromhex(photo.photo.sha256) for photo in draft.photos})
        extra = (
            result.citizen_id,
            result.draft_id,
            draft,
            hashes,
            [bytes.fromhex(sound.sha256) for sound in draft.sounds],
        )
    row = await conn.fetchrow(
        sql,
        result.bot,
        result.update_id,
        result.channel,
        result.chat_id,
        list(result.replies),
        result.error,
        *extra,
    )
    assert row is not None
    if not row["done"]:
        return None
    return [Queued(number, reply) for number, reply in zip(row["messages"], result.replies, strict=True)]


async def turn_away(conn: Conn, key: str, channel: str, category: str) -> None:
    """Count that somebody was told where to turn with what is no field report, once a message."""
    await conn.execute(
        "INSERT INTO turned_away (key, channel, category) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        key,
        channel,
        category,
    )


# ---------------------------------------------------------------- outbox


async def interrupted(conn: Conn, channel: str) -> int:
    """What a process that died was sending may have arrived: it is not sent again. Gives how many there were."""
    done = await conn.execute(
        """
        UPDATE outbox SET status = 'uncertain', error = 'interrupted while sending'
        WHERE channel = $1 AND status = 'sending'
        """,
        channel,
    )
    return int(done.split()[-1])


async def unsent(conn: Conn, channel: str) -> list[tuple[str, Queued]]:
    """Replies that wait to be sent, in order, by chat."""
    rows = await conn.fetch(
        """
        SELECT chat_id, message_id, payload FROM outbox
        WHERE channel = $1 AND status = 'queued' ORDER BY message_id
        """,
        channel,
    )
    return [(row["chat_id"], Queued(row["message_id"], msgspec.convert(row["payload"], Reply))) for row in rows]


async def claim(conn: Conn, channel: str, chat_id: str, message_id: int) -> bool:
    """Take a reply for sending, right before the call. False: somebody else has it."""
    done = await conn.execute(
        """
        UPDATE outbox SET status = 'sending', attempts = attempts + 1
        WHERE channel = $1 AND chat_id = $2 AND message_id = $3 AND status = 'queued'
        """,
        channel,
        chat_id,
        message_id,
    )
    return done.endswith(" 1")


async def settle(
    conn: Conn, channel: str, chat_id: str, message_id: int, status: str, error: str | None = None
) -> None:
    """What became of a reply that was being sent."""
    await conn.execute(
        """
        UPDATE outbox SET status = $4, error = $5, sent_at = CASE WHEN $4 = 'sent' THEN now() END
        WHERE channel = $1 AND chat_id = $2 AND message_id = $3 AND status = 'sending'
        """,
        channel,
        chat_id,
        message_id,
        status,
        error,
    )


async def give_up(conn: Conn, channel: str, chat_id: str, error: str) -> None:
    """Nothing more can be sent to this chat."""
    await conn.execute(
        "UPDATE outbox SET status = 'failed', error = $3 WHERE channel = $1 AND chat_id = $2 AND status = 'queued'",
        channel,
        chat_id,
        error,
    )


async def say(conn: Conn, channel: str, chat_id: str, reply: Reply) -> None:
    """Put one message into the outbox that no update led to."""
    await conn.execute("INSERT INTO outbox (channel, chat_id, payload) VALUES ($1, $2, $3)", channel, chat_id, reply)


async def language(conn: Conn, channel: str, user_id: str) -> Lang:
    """Of the person behind an identity."""
    lang: Lang | None = await conn.fetchval(
        """
        SELECT lang FROM channel_identities JOIN citizens USING (citizen_id)
        WHERE channel = $1 AND channel_user_id = $2
        """,
        channel,
        user_id,
    )
    return lang or DEFAULT


async def give_draft(conn: Conn, channel: str, chat_id: str, citizen_id: UUID) -> None:
    """What is in the making in this chat is another citizen's now."""
    await conn.execute(
        "UPDATE drafts SET citizen_id = $3 WHERE channel = $1 AND chat_id = $2", channel, chat_id, citizen_id
    )


# ---------------------------------------------------------------- upkeep


async def remind(conn: Conn, replies: dict[Lang, Reply], silent_for: timedelta) -> list[str]:
    """Put one reminder into the outbox of every unfinished, silent draft; gives the channels concerned."""
    rows = await conn.fetch(
        """
        WITH silent AS (
            UPDATE drafts d SET reminded_at = now()
            FROM citizens c WHERE c.citizen_id = d.citizen_id AND d.reminded_at IS NULL
              AND d.updated_at < now() - $1::interval AND d.state ?| ARRAY['content', 'sounds', 'spot']
              AND NOT EXISTS (SELECT FROM channel_identities i WHERE i.citizen_id = d.citizen_id
                              AND i.channel = d.channel AND i.unreachable_since IS NOT NULL)
            RETURNING d.channel, d.chat_id, c.lang
        ),
        said AS (
            INSERT INTO outbox (channel, chat_id, payload) SELECT channel, chat_id, $2::jsonb -> lang FROM silent
        )
        SELECT DISTINCT channel FROM silent
        """,
        silent_for,
        replies,
    )
    return [row["channel"] for row in rows]


async def expire(conn: Conn, silent_for: timedelta, after_reminder: timedelta) -> int:
    """Delete drafts nobody has touched for so long; unfinished ones only when the person was reminded in time."""
    done = await conn.execute(
        """
        DELETE FROM drafts d WHERE updated_at < now() - $1::interval
          AND (reminded_at < now() - $2::interval OR NOT state ?| ARRAY['content', 'sounds', 'spot']
               OR EXISTS (SELECT FROM channel_identities i WHERE i.citizen_id = d.citizen_id
                          AND i.channel = d.channel AND i.unreachable_since IS NOT NULL))
        """,
        silent_for,
        after_reminder,
    )
    return int(done.split()[-1])


async def forget(conn: Conn, older_than: timedelta) -> int:
    """Delete what was said long ago; gives the number of messages."""
    done = 0
    for sql in (
        "DELETE FROM offered_choices WHERE offered_at < now() - $1::interval",
        "DELETE FROM inbox WHERE processed_at < now() - $1::interval",
        "DELETE FROM outbox WHERE status NOT IN ('queued', 'sending') AND created_at < now() - $1::interval",
    ):
        done += int((await conn.execute(sql, older_than)).split()[-1])
    return done
