"""Citizens and how they are reached: one person, several channel identities."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn
from app.i18n import Lang


class Citizen(Struct, frozen=True):
    """A person known by a chat. ``consent_version`` None: not yet asked, or asked and refused."""

    citizen_id: UUID
    lang: Lang
    consent_version: str | None


class Identity(Struct, frozen=True):
    """An address in a channel. ``reachable`` is false after the person blocked us or the account is gone."""

    channel: str
    channel_user_id: str
    citizen_id: UUID
    lang: Lang
    reachable: bool


async def citizen(conn: Conn, channel: str, user_id: str, display_name: str, lang: Lang) -> Citizen:
    """The citizen behind a channel identity, made on first contact. Writing to us proves that they can be reached."""
    row = await conn.fetchrow(
        """
        UPDATE channel_identities i SET unreachable_since = NULL, unreachable_reason = NULL, display_name = $3
        FROM citizens c WHERE i.channel = $1 AND i.channel_user_id = $2 AND c.citizen_id = i.citizen_id
        RETURNING c.citizen_id, c.lang, c.consent_version
        """,
        channel,
        user_id,
        display_name[:200],
    )
    if row is None:
        row = await conn.fetchrow(
            """
            WITH person AS (INSERT INTO citizens (citizen_id, lang) VALUES ($4, $5) RETURNING citizen_id, lang),
            identity AS (
                INSERT INTO channel_identities (channel, channel_user_id, citizen_id, display_name)
                SELECT $1, $2, citizen_id, $3 FROM person
            )
            SELECT citizen_id, lang, NULL::text AS consent_version FROM person
            """,
            channel,
            user_id,
            display_name[:200],
            uuid7(),
            lang,
        )
    assert row is not None
    return Citizen(row["citizen_id"], row["lang"], row["consent_version"])


async def set_language(conn: Conn, citizen_id: UUID, lang: Lang) -> None:
    await conn.execute("UPDATE citizens SET lang = $2 WHERE citizen_id = $1", citizen_id, lang)


async def give_consent(conn: Conn, citizen_id: UUID, version: str, at: datetime) -> None:
    """Record consent with the version of the words that were shown and when."""
    await conn.execute(
        "UPDATE citizens SET consent_version = $2, consent_at = $3 WHERE citizen_id = $1", citizen_id, version, at
    )


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
