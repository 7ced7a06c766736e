"""Drafts that nobody finishes, and messages that are done with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from uuid_utils.compat import uuid7

from app.accounts import citizens
from app.db import Conn, Pool
from bot.conversation import store, store_inbox
from bot.conversation.channel import Update
from bot.conversation.draft import Content, Draft, Piece
from bot.conversation.model import Reply
from bot.conversation.service import expire_drafts, forget_messages
from bot.conversation.store import Result

DAY = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # 10 o'clock in Vietnam
NIGHT = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
UNFINISHED = Draft(content=Content((Piece(1, "Rác đầy đường"),)))


@pytest_asyncio.fixture(autouse=True)
async def clean(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute("TRUNCATE inbox, outbox, drafts, channel_identities, citizens CASCADE")


async def person(conn: Conn, chat_id: str, lang: Any = "vi") -> UUID:
    return (await citizens.citizen(conn, "telegram", chat_id, "Lan", lang)).citizen_id


async def draft(pool: Pool, chat_id: str, *, hours: float, state: Draft = UNFINISHED, lang: Any = "vi") -> None:
    """A draft whose last message is so many hours old."""
    async with pool.acquire() as conn:
        result = Result(
            bot="b", update_id=None, channel="telegram", chat_id=chat_id,
            citizen_id=await person(conn, chat_id, lang), draft_id=uuid7(), draft=state,
        )  # fmt: skip
        await store.save(conn, result)
        await age(conn, hours)


async def age(conn: Conn, hours: float) -> None:
    """Let so many hours go by."""
    await conn.execute(
        "UPDATE drafts SET updated_at = updated_at - $1::interval, reminded_at = reminded_at - $1::interval",
        timedelta(hours=hours),
    )


async def said(pool: Pool) -> list[str]:
    async with pool.acquire() as conn:
        rows = await conn.fetch("SELECT payload FROM outbox ORDER BY message_id")
    return [row["payload"]["text"] for row in rows]


async def drafts(pool: Pool) -> int:
    async with pool.acquire() as conn:
        count: int = await conn.fetchval("SELECT count(*) FROM drafts")
    return count


async def test_an_unfinished_report_is_reminded_of_once_and_deleted_after_a_day(pool: Pool) -> None:
    await draft(pool, "1", hours=4)
    await expire_drafts(pool, DAY)
    await expire_drafts(pool, DAY)
    assert len(await said(pool)) == 1
    assert "chưa gửi" in (await said(pool))[0]
    assert await drafts(pool) == 1
    async with pool.acquire() as conn:
        await age(conn, 21)
    await expire_drafts(pool, DAY)
    assert await drafts(pool) == 0
    assert len(await said(pool)) == 1


async def test_nobody_is_reminded_at_night_or_while_still_writing(pool: Pool) -> None:
    await draft(pool, "1", hours=5)
    await expire_drafts(pool, NIGHT)
    assert await said(pool) == []
    await draft(pool, "1", hours=1)
    await expire_drafts(pool, DAY)
    assert await said(pool) == []


async def test_nobodys_report_is_deleted_without_time_to_answer_the_reminder(pool: Pool) -> None:
    await draft(pool, "1", hours=30)
    await expire_drafts(pool, NIGHT)
    assert await drafts(pool) == 1
    await expire_drafts(pool, DAY)
    assert len(await said(pool)) == 1
    assert await drafts(pool) == 1
    async with pool.acquire() as conn:
        await age(conn, 3)
    await expire_drafts(pool, NIGHT)
    assert await drafts(pool) == 0


async def test_a_reminder_speaks_the_persons_language(pool: Pool) -> None:
    await draft(pool, "1", hours=4, lang="en")
    await expire_drafts(pool, DAY)
    assert "has not been sent" in (await said(pool))[0]


async def test_who_has_left_is_not_reminded_and_their_draft_goes(pool: Pool) -> None:
    await draft(pool, "1", hours=25)
    async with pool.acquire() as conn:
        await citizens.unreachable(conn, "telegram", "1", "blocked")
    await expire_drafts(pool, DAY)
    assert await said(pool) == []
    assert await drafts(pool) == 0


async def test_what_is_only_remembered_goes_silently(pool: Pool) -> None:
    await draft(pool, "1", hours=25, state=Draft(sent="PA-0000-0000"))
    await expire_drafts(pool, DAY)
    assert await said(pool) == []
    assert await drafts(pool) == 0


async def test_writing_again_starts_the_time_anew(pool: Pool) -> None:
    await draft(pool, "1", hours=4)
    await expire_drafts(pool, DAY)
    await draft(pool, "1", hours=4)
    await expire_drafts(pool, DAY)
    assert len(await said(pool)) == 2


async def test_old_messages_are_forgotten_and_those_not_done_with_are_kept(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await store_inbox.receive(conn, "b", [Update(n, "1", {"text": "x"}) for n in (1, 2, 3)])
        await store.save(
            conn, Result(bot="b", update_id=1, channel="telegram", chat_id="1", replies=[Reply(text="x")] * 2)
        )
        await store.save(conn, Result(bot="b", update_id=2, channel="telegram", chat_id="1"))
        await conn.execute("UPDATE inbox SET processed_at = processed_at - interval '31 days' WHERE update_id < 3")
        await conn.execute("UPDATE inbox SET processed_at = now() WHERE update_id = 2")
        await conn.execute("UPDATE outbox SET created_at = now() - interval '31 days'")
        await conn.execute("UPDATE outbox SET status = 'sent' WHERE message_id = (SELECT min(message_id) FROM outbox)")
    assert await forget_messages(pool) == 2
    async with pool.acquire() as conn:
        assert [row["update_id"] for row in await conn.fetch("SELECT update_id FROM inbox ORDER BY 1")] == [2, 3]
        assert await conn.fetchval("SELECT count(*) FROM outbox") == 1
