"""SQL of the inbox: what channels have brought, kept before it is acknowledged and worked off once."""

from collections.abc import Sequence
from typing import Any

import msgspec

from app.db import Conn
from bot.conversation.channel import Update


async def receive(conn: Conn, bot: str, updates: Sequence[Update]) -> list[Update]:
    """Keep updates before they are acknowledged; gives those that are new, in order.

    All of them are numbered by their channel, or none is: then they are by ``dedupe``, and numbered here.
    """
    if updates and updates[0].dedupe:
        return await _receive_unnumbered(conn, bot, updates)
    rows = await conn.fetch(
        """
        INSERT INTO inbox (bot, update_id, chat_id, payload)
        SELECT $1, u.id, u.chat, u.payload::jsonb
        FROM unnest($2::bigint[], $3::text[], $4::text[]) AS u(id, chat, payload)
        ON CONFLICT DO NOTHING RETURNING update_id
        """,
        bot,
        [update.update_id for update in updates],
        [update.chat_id for update in updates],
        [_json(update.content) for update in updates],
    )
    fresh = {row["update_id"] for row in rows}
    return [update for update in updates if update.update_id in fresh]


async def _receive_unnumbered(conn: Conn, bot: str, updates: Sequence[Update]) -> list[Update]:
    rows = await conn.fetch(
        """
        WITH come AS (
            SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bool[]) WITH ORDINALITY
                AS u(dedupe, chat, payload, spoke, at)
        ),
        kept AS (
            INSERT INTO inbox (bot, update_id, chat_id, payload, dedupe)
            SELECT $1, nextval('inbox_arrivals'), chat, payload::jsonb, dedupe
            FROM (SELECT * FROM come ORDER BY at) AS c
            ON CONFLICT DO NOTHING RETURNING update_id, dedupe
        ),
        heard AS (
            UPDATE channel_identities
            SET last_heard_at = now(), told_since = 0, unreachable_since = NULL, unreachable_reason = NULL
            WHERE (channel, channel_user_id) IN (
                SELECT split_part($1, ':', 1), chat FROM come JOIN kept USING (dedupe) WHERE spoke
            )
        )
        SELECT update_id, dedupe FROM kept ORDER BY update_id
        """,
        bot,
        [update.dedupe for update in updates],
        [update.chat_id for update in updates],
        [_json(update.content) for update in updates],
        [update.spoke for update in updates],
    )
    come = {update.dedupe: update for update in updates}
    return [msgspec.structs.replace(come[row["dedupe"]], update_id=row["update_id"]) for row in rows]


def _json(payload: Any) -> str:
    """PostgreSQL's JSON has no NUL and no half a character; both become the sign for an unreadable one."""
    try:
        text = msgspec.json.encode(payload).decode()
        if "\\u0000" not in text:
            return text
    except UnicodeEncodeError:
        pass
    return msgspec.json.encode(_readable(payload)).decode()


def _readable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
        case dict():
            return {_readable(key): _readable(each) for key, each in value.items()}
        case list():
            return [_readable(each) for each in value]
        case _:
            return value


async def unprocessed(conn: Conn, bot: str) -> list[Update]:
    """What was taken in and not yet answered, in the order it came; our own map's pins have numbers of their own."""
    rows = await conn.fetch(
        """
        SELECT update_id, chat_id, payload FROM inbox WHERE bot = $1 AND processed_at IS NULL
        ORDER BY received_at, update_id
        """,
        bot,
    )
    return [Update(*row) for row in rows]


async def failed_try(conn: Conn, bot: str, update_id: int | None, error: str) -> None:
    await conn.execute(
        "UPDATE inbox SET attempts = attempts + 1, error = $3 WHERE bot = $1 AND update_id = $2", bot, update_id, error
    )
