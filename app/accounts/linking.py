"""Two chats of one person become one citizen, by a code that is shown in the one and typed in the other.

The code lives ten minutes, works once, and is kept only as a keyed hash; guessing is cut off after a few wrong ones.
The chat that typed the code becomes the person of the chat that showed it. What it brought along is written down, so
that taking them apart gives each chat back what was its own.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.db import Conn
from app.errors import Conflict, Invalid

LIFETIME = timedelta(minutes=10)
_TRIES, _TRIES_WINDOW = 5, timedelta(hours=1)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing that looks like something else
_WRITTEN = re.compile(r"(?:LK[\s-]*)?([0-9A-Z]{4})[\s-]*([0-9A-Z]{4})", re.IGNORECASE)
_READ_AS = str.maketrans("OIL", "011")


class Chat(Struct, frozen=True):
    """One identity in a channel, as its person calls themselves there."""

    channel: str
    user_id: str
    name: str = ""


class Link(Struct, frozen=True):
    """A chat that was joined to another person: what it brought along, by report."""

    chat: Chat
    own_citizen: UUID
    joined: UUID
    reports: tuple[UUID, ...]
    follows: tuple[UUID, ...]
    at: datetime | None = None
    """When they were joined; the database says so."""


def read_code(typed: str) -> str | None:
    """The code as we keep it, from what a person typed; None when it cannot be one."""
    found = _WRITTEN.fullmatch(typed.strip())
    return "".join(found.groups()).upper().translate(_READ_AS) if found else None


def _hash(secret_key: bytes, code: str) -> bytes:
    return hmac.digest(secret_key, f"link {code}".encode(), hashlib.sha256)


async def offer(conn: Conn, secret_key: bytes, chat: Chat) -> str:
    """A new code for this chat, as it is shown; the one before no longer works."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    await conn.execute(
        """
        WITH swept AS (DELETE FROM link_codes WHERE expires_at < now() - interval '1 day')
        INSERT INTO link_codes (code_hash, channel, channel_user_id, expires_at) VALUES ($1, $2, $3, now() + $4)
        ON CONFLICT (channel, channel_user_id) DO UPDATE
        SET code_hash = excluded.code_hash, expires_at = excluded.expires_at, used_by = NULL
        """,
        _hash(secret_key, code),
        chat.channel,
        chat.user_id,
        LIFETIME,
    )
    return f"LK-{code[:4]}-{code[4:]}"


async def look(conn: Conn, secret_key: bytes, chat: Chat, typed: str) -> Chat:
    """The chat that a code, typed in ``chat``, was shown in. Raises Invalid or Conflict; a wrong one is counted.

    Call it outside of a transaction that the error would undo.
    """
    await check_tries(conn, chat)
    found = await _find(conn, secret_key, chat, typed)
    if found is None:
        await count_wrong(conn, chat)
        raise Invalid("accounts.link_wrong")
    if (found.channel, found.user_id) == (chat.channel, chat.user_id):
        raise Conflict("accounts.link_own_code")
    return found


async def check_tries(conn: Conn, chat: Chat) -> None:
    """Raises Conflict in a chat that has typed too many wrong codes of late."""
    if await _wrong_tries(conn, chat) >= _TRIES:
        raise Conflict("accounts.link_too_many")


async def count_wrong(conn: Conn, chat: Chat) -> None:
    await conn.execute(
        """
        INSERT INTO link_tries AS t (channel, channel_user_id, tries, since) VALUES ($1, $2, 1, now())
        ON CONFLICT (channel, channel_user_id) DO UPDATE
        SET tries = CASE WHEN t.since < now() - $3::interval THEN 1 ELSE t.tries + 1 END,
            since = CASE WHEN t.since < now() - $3::interval THEN now() ELSE t.since END
        """,
        chat.channel,
        chat.user_id,
        _TRIES_WINDOW,
    )


async def _wrong_tries(conn: Conn, chat: Chat) -> int:
    tries: int | None = await conn.fetchval(
        "SELECT tries FROM link_tries WHERE channel = $1 AND channel_user_id = $2 AND since > now() - $3::interval",
        chat.channel,
        chat.user_id,
        _TRIES_WINDOW,
    )
    return tries or 0


async def _find(conn: Conn, secret_key: bytes, chat: Chat, typed: str) -> Chat | None:
    code = read_code(typed)
    row = code and await conn.fetchrow(
        """
        SELECT k.channel, k.channel_user_id, i.display_name
        FROM link_codes k JOIN channel_identities i USING (channel, channel_user_id)
        WHERE code_hash = $1 AND (used_by = $2 OR used_by IS NULL AND expires_at > now())
        FOR UPDATE OF k
        """,
        _hash(secret_key, code),
        _name(chat),
    )
    return Chat(*row) if row else None


async def known(conn: Conn, chat: Chat) -> Chat:
    """The chat with its person's name."""
    name: str | None = await conn.fetchval(
        "SELECT display_name FROM channel_identities WHERE channel = $1 AND channel_user_id = $2",
        chat.channel,
        chat.user_id,
    )
    return Chat(chat.channel, chat.user_id, name or "")


def _name(chat: Chat) -> str:
    return f"{chat.channel}:{chat.user_id}"


async def persons(conn: Conn, chat: Chat, other: Chat) -> tuple[UUID, UUID]:
    """Who the two chats are, both locked until the transaction ends. Raises Conflict when they cannot be joined."""
    rows = await conn.fetch(
        """
        SELECT channel, channel_user_id, citizen_id FROM channel_identities
        WHERE (channel, channel_user_id) IN (($1, $2), ($3, $4)) ORDER BY channel, channel_user_id FOR UPDATE
        """,
        chat.channel,
        chat.user_id,
        other.channel,
        other.user_id,
    )
    who = {(row["channel"], row["channel_user_id"]): row["citizen_id"] for row in rows}
    mine, theirs = who[chat.channel, chat.user_id], who[other.channel, other.user_id]
    if mine == theirs:
        return mine, theirs
    chats = await conn.fetchval("SELECT count(*) FROM channel_identities WHERE citizen_id = $1", mine)
    if chats > 1:
        raise Conflict("accounts.link_has_others")
    if await conn.fetchval(
        "SELECT EXISTS (SELECT FROM data_requests WHERE citizen_id IN ($1, $2) AND done_at IS NULL)", mine, theirs
    ):
        # Whose data is asked for must not change under the request.
        raise Conflict("accounts.link_request_open")
    return mine, theirs


async def join(conn: Conn, secret_key: bytes, typed: str, link: Link) -> None:
    """The chat belongs to ``link.joined`` from now on; consent is the newer of the two."""
    await conn.execute(
        """
        WITH moved AS (
            UPDATE channel_identities SET citizen_id = $4 WHERE channel = $1 AND channel_user_id = $2
        ),
        consent AS (
            UPDATE citizens c SET consent_version = o.consent_version, consent_at = o.consent_at
            FROM citizens o WHERE c.citizen_id = $4 AND o.citizen_id = $3
              AND o.consent_at > coalesce(c.consent_at, '-infinity')
        ),
        used AS (UPDATE link_codes SET used_by = $7 WHERE code_hash = $8)
        INSERT INTO channel_links (channel, channel_user_id, own_citizen, joined, reports, follows)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        link.chat.channel,
        link.chat.user_id,
        link.own_citizen,
        link.joined,
        list(link.reports),
        list(link.follows),
        _name(link.chat),
        _hash(secret_key, read_code(typed) or ""),
    )


async def links_of(conn: Conn, chat: Chat) -> list[Link]:
    """The links that taking this chat apart ends: its own; those of all chats joined to it when it was the first."""
    rows = await conn.fetch(
        """
        SELECT l.channel, l.channel_user_id, i.display_name, own_citizen, joined, reports, follows, linked_at
        FROM channel_links l JOIN channel_identities i USING (channel, channel_user_id)
        WHERE (l.channel, l.channel_user_id) = ($1, $2)
           OR joined = (SELECT citizen_id FROM channel_identities m
                        WHERE (m.channel, m.channel_user_id) = ($1, $2)
                          AND NOT EXISTS (SELECT FROM channel_links o
                                          WHERE (o.channel, o.channel_user_id) = ($1, $2)))
        ORDER BY l.channel, l.channel_user_id FOR UPDATE OF l
        """,
        chat.channel,
        chat.user_id,
    )
    return [Link(Chat(*row[:3]), row[3], row[4], tuple(row[5]), tuple(row[6]), row[7]) for row in rows]


async def alone_in_channel(conn: Conn, link: Link) -> bool:
    """Whether the person has no other chat in this one's channel: then what came by the channel came by this chat."""
    chats = await conn.fetchval(
        "SELECT count(*) FROM channel_identities WHERE citizen_id = $1 AND channel = $2", link.joined, link.chat.channel
    )
    return bool(chats == 1)


async def part(conn: Conn, link: Link) -> None:
    """The chat is who it was again."""
    await conn.execute(
        """
        WITH gone AS (DELETE FROM channel_links WHERE (channel, channel_user_id) = ($1, $2))
        UPDATE channel_identities SET citizen_id = $3 WHERE (channel, channel_user_id) = ($1, $2)
        """,
        link.chat.channel,
        link.chat.user_id,
        link.own_citizen,
    )


async def others(conn: Conn, citizen_id: UUID, chat: Chat) -> Sequence[Chat]:
    """The person's other chats."""
    rows = await conn.fetch(
        """
        SELECT channel, channel_user_id, display_name FROM channel_identities
        WHERE citizen_id = $1 AND (channel, channel_user_id) <> ($2, $3) ORDER BY channel, channel_user_id
        """,
        citizen_id,
        chat.channel,
        chat.user_id,
    )
    return [Chat(*row) for row in rows]
