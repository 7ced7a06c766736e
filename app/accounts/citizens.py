"""Citizens and how they are reached: one person, several channel identities."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn
from app.i18n import Lang
from app.i18n.text import nfc


class Citizen(Struct, frozen=True):
    """A person known by a chat. ``consent_version`` None: not yet asked, or asked and refused."""

    citizen_id: UUID
    lang: Lang
    consent_version: str | None


async def citizen(conn: Conn, channel: str, user_id: str, display_name: str, lang: Lang) -> Citizen:
    """The citizen behind a channel identity, made on first contact. Writing to us proves that they can be reached."""
    row = await conn.fetchrow(
        """
        WITH identity AS (
            INSERT INTO channel_identities AS i (channel, channel_user_id, citizen_id, display_name)
            VALUES ($1, $2, $4, $3)
            ON CONFLICT (channel, channel_user_id) DO UPDATE
            SET display_name = excluded.display_name, unreachable_since = NULL, unreachable_reason = NULL
            RETURNING citizen_id
        ),
        made AS (INSERT INTO citizens (citizen_id, lang) SELECT citizen_id, $5 FROM identity WHERE citizen_id = $4)
        SELECT identity.citizen_id, coalesce(c.lang, $5) AS lang, c.consent_version
        FROM identity LEFT JOIN citizens c USING (citizen_id)
        """,
        channel,
        user_id,
        nfc(display_name)[:200],
        uuid7(),
        lang,
    )
    assert row is not None
    return Citizen(row["citizen_id"], row["lang"], row["consent_version"])


async def name(conn: Conn, citizen_id: UUID) -> str:
    """What the person calls themselves in a chat; empty when no chat says."""
    found: str | None = await conn.fetchval(
        """
        SELECT display_name FROM channel_identities WHERE citizen_id = $1 AND display_name <> ''
        ORDER BY created_at LIMIT 1
        """,
        citizen_id,
    )
    return found or ""


async def of_chat(conn: Conn, channel: str, user_id: str) -> UUID | None:
    """Who an identity belongs to now."""
    found: UUID | None = await conn.fetchval(
        "SELECT citizen_id FROM channel_identities WHERE channel = $1 AND channel_user_id = $2", channel, user_id
    )
    return found


async def set_language(conn: Conn, citizen_id: UUID, lang: Lang) -> None:
    await conn.execute("UPDATE citizens SET lang = $2 WHERE citizen_id = $1", citizen_id, lang)


async def give_consent(conn: Conn, citizen_id: UUID, version: str, at: datetime) -> None:
    """Record consent with the version of the words that were shown and when."""
    await conn.execute(
        "UPDATE citizens SET consent_version = $2, consent_at = $3 WHERE citizen_id = $1", citizen_id, version, at
    )


async def mute(conn: Conn, citizen_id: UUID, *, muted: bool) -> None:
    """Nothing but officers' questions about the person's own reports, or everything again."""
    await conn.execute(
        "UPDATE citizens SET muted_at = CASE WHEN $2 THEN coalesce(muted_at, now()) END WHERE citizen_id = $1",
        citizen_id,
        muted,
    )


async def is_muted(conn: Conn, citizen_id: UUID) -> bool:
    """Whether the person has turned all messages off."""
    return bool(await conn.fetchval("SELECT muted_at IS NOT NULL FROM citizens WHERE citizen_id = $1", citizen_id))


async def unreachable(conn: Conn, channel: str, user_id: str, reason: str) -> None:
    """Remember that messages no longer arrive; nothing more is sent there until the person writes again."""
    await conn.execute(
        """
        UPDATE channel_identities SET unreachable_since = now(), unreachable_reason = $3
        WHERE channel = $1 AND channel_user_id = $2 AND unreachable_since IS NULL
        """,
        channel,
        user_id,
        reason,
    )
