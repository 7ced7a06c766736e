"""SQL of what officers have begun to say, case by case."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from app.db import Conn
from bot.officers.model import DraftChange, StaffDraft

LASTS = timedelta(hours=12)
"""Less than the day after which photos that nobody claims are swept away."""


async def draft(conn: Conn, channel: str, chat_id: str, user_id: str, code: str) -> StaffDraft | None:
    """What this officer has begun to say about this case here."""
    state = await conn.fetchval(
        """
        SELECT state FROM staff_drafts
        WHERE channel = $1 AND chat_id = $2 AND channel_user_id = $3 AND code = $4 AND updated_at > now() - $5::interval
        """,
        channel,
        chat_id,
        user_id,
        code,
        LASTS,
    )
    return msgspec.convert(state, StaffDraft) if state is not None else None


async def settling(conn: Conn, channel: str, chat_id: str) -> list[DraftChange]:
    """Drafts of this chat into which an album has been coming."""
    rows = await conn.fetch(
        """
        SELECT channel_user_id, code, state FROM staff_drafts
        WHERE channel = $1 AND chat_id = $2 AND state ? 'settling' ORDER BY updated_at
        """,
        channel,
        chat_id,
    )
    return [DraftChange(row[0], row[1], msgspec.convert(row[2], StaffDraft)) for row in rows]


async def write(conn: Conn, channel: str, chat_id: str, changes: Sequence[DraftChange]) -> None:
    """Keep or forget drafts, in the caller's transaction."""
    for change in changes:
        if change.draft is None:
            await conn.execute(
                """
                DELETE FROM staff_drafts
                WHERE channel = $1 AND chat_id = $2 AND channel_user_id = $3 AND code = $4
                """,
                channel,
                chat_id,
                change.user_id,
                change.code,
            )
        else:
            await conn.execute(
                """
                INSERT INTO staff_drafts (channel, chat_id, channel_user_id, code, state) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (channel, chat_id, channel_user_id, code) DO UPDATE SET state = $5, updated_at = now()
                """,
                channel,
                chat_id,
                change.user_id,
                change.code,
                change.draft,
            )


async def sweep(conn: Conn) -> None:
    """Forget what nobody has gone on with."""
    await conn.execute("DELETE FROM staff_drafts WHERE updated_at <= now() - $1::interval", LASTS)


async def move(conn: Conn, channel: str, old: str, new: str) -> None:
    """A group has another number: what was begun there goes on under it."""
    await conn.execute("UPDATE staff_drafts SET chat_id = $3 WHERE channel = $1 AND chat_id = $2", channel, old, new)
