"""SQL of staff in chats: identities, one-time codes by their digest, and agencies' groups."""

from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.i18n import Lang


class Chat(Struct, frozen=True):
    """A chat linked to an account."""

    channel: str
    user_id: str
    linked_at: datetime


class Group(Struct, frozen=True):
    """A group the bot is in; ``agency_id`` None: nobody's."""

    agency_id: str | None
    title: str
    unreachable: bool = False


async def put_code(conn: Conn, staff_id: UUID, hashed: bytes, until: datetime) -> bool:
    """Whether the account is open and has the code now."""
    done = await conn.fetchval(
        """
        INSERT INTO staff_chat_codes (staff_id, code_hash, expires_at)
        SELECT staff_id, $2, $3 FROM staff WHERE staff_id = $1 AND active
        ON CONFLICT (staff_id) DO UPDATE SET code_hash = $2, expires_at = $3 RETURNING true
        """,
        staff_id,
        hashed,
        until,
    )
    return done is not None


async def pause_left(conn: Conn, channel: str, user_id: str, most: int, pause: timedelta) -> int:
    """Seconds until codes of this chat account are looked at again; 0: now.

    The lock makes guesses of one account that come side by side wait for each other.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", f"chat code {channel} {user_id}")
    left = await conn.fetchval(
        """
        SELECT extract(epoch FROM tried_at + $4::interval - now())::float8 FROM staff_code_attempts
        WHERE channel = $1 AND channel_user_id = $2 AND failures >= $3 AND tried_at > now() - $4::interval
        """,
        channel,
        user_id,
        most,
        pause,
    )
    return ceil(left) if left else 0


async def failed(conn: Conn, channel: str, user_id: str, pause: timedelta) -> None:
    await conn.execute(
        """
        INSERT INTO staff_code_attempts AS a (channel, channel_user_id, failures, tried_at) VALUES ($1, $2, 1, now())
        ON CONFLICT (channel, channel_user_id) DO UPDATE SET tried_at = now(),
            failures = CASE WHEN a.tried_at > now() - $3::interval THEN a.failures + 1 ELSE 1 END
        """,
        channel,
        user_id,
        pause,
    )


async def link(conn: Conn, channel: str, user_id: str, hashed: bytes, lang: Lang) -> UUID | None:
    """Use the code up and link; gives whose it was. None: no such code, too old, or the account is disabled."""
    staff_id: UUID | None = await conn.fetchval(
        """
        WITH used AS (
            DELETE FROM staff_chat_codes c USING staff s
            WHERE c.code_hash = $3 AND c.expires_at > now() AND s.staff_id = c.staff_id AND s.active
            RETURNING c.staff_id
        ), forgiven AS (
            DELETE FROM staff_code_attempts WHERE channel = $1 AND channel_user_id = $2 AND EXISTS (SELECT FROM used)
        )
        INSERT INTO staff_identities (channel, channel_user_id, staff_id, lang, code_hash)
        SELECT $1, $2, staff_id, $4, $3 FROM used
        ON CONFLICT (channel, channel_user_id) DO UPDATE
        SET staff_id = excluded.staff_id, lang = excluded.lang, code_hash = excluded.code_hash, linked_at = now(),
            unreachable_since = NULL
        RETURNING staff_id
        """,
        channel,
        user_id,
        hashed,
        lang,
    )
    return staff_id


async def linked_by(conn: Conn, channel: str, user_id: str, hashed: bytes) -> bool:
    """Whether this very code has linked this very chat: the same message once more."""
    return bool(
        await conn.fetchval(
            "SELECT true FROM staff_identities WHERE channel = $1 AND channel_user_id = $2 AND code_hash = $3",
            channel,
            user_id,
            hashed,
        )
    )


async def burn(conn: Conn, hashed: bytes) -> None:
    await conn.execute("DELETE FROM staff_chat_codes WHERE code_hash = $1", hashed)


async def of_staff(conn: Conn, staff_id: UUID) -> list[Chat]:
    rows = await conn.fetch(
        "SELECT channel, channel_user_id, linked_at FROM staff_identities WHERE staff_id = $1 ORDER BY linked_at",
        staff_id,
    )
    return [Chat(*row) for row in rows]


async def owner(conn: Conn, channel: str, user_id: str) -> UUID | None:
    found: UUID | None = await conn.fetchval(
        "SELECT staff_id FROM staff_identities WHERE channel = $1 AND channel_user_id = $2", channel, user_id
    )
    return found


async def unlink(conn: Conn, channel: str, user_id: str) -> None:
    await conn.execute("DELETE FROM staff_identities WHERE channel = $1 AND channel_user_id = $2", channel, user_id)


async def unreachable(conn: Conn, channel: str, chat_id: str) -> None:
    await conn.execute(
        """
        WITH people AS (
            UPDATE staff_identities SET unreachable_since = now()
            WHERE channel = $1 AND channel_user_id = $2 AND unreachable_since IS NULL
        )
        UPDATE agency_chats SET unreachable_since = now()
        WHERE channel = $1 AND chat_id = $2 AND unreachable_since IS NULL
        """,
        channel,
        chat_id,
    )


async def reachable(conn: Conn, channel: str, chat_id: str) -> None:
    await conn.execute(
        """
        WITH people AS (
            UPDATE staff_identities SET unreachable_since = NULL
            WHERE channel = $1 AND channel_user_id = $2 AND unreachable_since IS NOT NULL
        )
        UPDATE agency_chats SET unreachable_since = NULL
        WHERE channel = $1 AND chat_id = $2 AND unreachable_since IS NOT NULL
        """,
        channel,
        chat_id,
    )


# ---------------------------------------------------------------- groups


async def group(conn: Conn, channel: str, chat_id: str) -> Group | None:
    row = await conn.fetchrow(
        """
        SELECT agency_id, title, unreachable_since IS NOT NULL FROM agency_chats WHERE channel = $1 AND chat_id = $2
        """,
        channel,
        chat_id,
    )
    return Group(*row) if row else None


async def meet(conn: Conn, channel: str, chat_id: str, title: str) -> bool:
    """Whether it was not known before."""
    new = await conn.fetchval(
        "INSERT INTO agency_chats (channel, chat_id, title) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true",
        channel,
        chat_id,
        title,
    )
    return new is not None


async def link_group(conn: Conn, channel: str, chat_id: str, title: str, agency_id: str, staff_id: UUID) -> str | None:
    """Gives the chat that the agency had before."""
    old: str | None = await conn.fetchval(
        """
        UPDATE agency_chats SET agency_id = NULL, linked_by = NULL WHERE channel = $1 AND agency_id = $2
        RETURNING chat_id
        """,
        channel,
        agency_id,
    )
    await conn.execute(
        """
        INSERT INTO agency_chats (channel, chat_id, title, agency_id, linked_by) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (channel, chat_id) DO UPDATE
        SET title = $3, agency_id = $4, linked_by = $5, since = now(), unreachable_since = NULL
        """,
        channel,
        chat_id,
        title,
        agency_id,
        staff_id,
    )
    return old


async def unlink_group(conn: Conn, channel: str, chat_id: str) -> None:
    await conn.execute(
        "UPDATE agency_chats SET agency_id = NULL, linked_by = NULL WHERE channel = $1 AND chat_id = $2",
        channel,
        chat_id,
    )


async def forget_group(conn: Conn, channel: str, chat_id: str) -> None:
    await conn.execute("DELETE FROM agency_chats WHERE channel = $1 AND chat_id = $2", channel, chat_id)


async def move(conn: Conn, channel: str, old: str, new: str) -> None:
    """Should the new number be known as nobody's group already, the link wins."""
    await conn.execute(
        """
        DELETE FROM agency_chats WHERE channel = $1 AND chat_id = $3 AND agency_id IS NULL
               AND EXISTS (SELECT FROM agency_chats WHERE channel = $1 AND chat_id = $2)
        """,
        channel,
        old,
        new,
    )
    await conn.execute(
        "UPDATE agency_chats SET chat_id = $3, unreachable_since = NULL WHERE channel = $1 AND chat_id = $2",
        channel,
        old,
        new,
    )


async def sweep(conn: Conn, pause: timedelta) -> None:
    await conn.execute(
        """
        WITH codes AS (DELETE FROM staff_chat_codes WHERE expires_at <= now())
        DELETE FROM staff_code_attempts WHERE tried_at <= now() - $1::interval
        """,
        pause,
    )
