"""Inbox, drafts and outbox: written together or not at all."""

from uuid import UUID

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from app.accounts import citizens
from app.db import Conn
from app.photos import store as photos
from bot.conversation import store, store_inbox
from bot.conversation.channel import Update
from bot.conversation.draft import Content, Draft, Piece
from bot.conversation.model import Choice, Photo, Reply
from bot.conversation.store import Result
from tests.conversation.talk import photo

DRAFT = Draft(content=Content((Piece(1, "Rác đầy đường"),)))
HELLO = Reply(text="Xin chào", rows=((Choice("A", "d1|go"),),))


async def person(conn: Conn) -> UUID:
    return (await citizens.citizen(conn, "telegram", "1", "Lan", "vi")).citizen_id


async def save(conn: Conn, update_id: int | None, draft: Draft | None = DRAFT, *replies: Reply) -> list[int] | None:
    queued = await store.save(
        conn,
        Result(
            bot="b",
            update_id=update_id,
            channel="telegram",
            chat_id="1",
            replies=replies,
            citizen_id=await person(conn),
            draft_id=uuid7(),
            draft=draft,
        ),
    )
    return None if queued is None else [each.message_id for each in queued]


async def test_an_update_is_taken_in_once(conn: Conn) -> None:
    update = Update(5, "1", {"text": "x"})
    following = Update(6, "1", {})
    assert await store_inbox.receive(conn, "b", [update]) == [update]
    assert await store_inbox.receive(conn, "b", [update, following]) == [following]
    assert [each.update_id for each in await store_inbox.unprocessed(conn, "b")] == [5, 6]
    assert await store_inbox.receive(conn, "another bot", [update]) == [update]


async def test_text_that_the_database_refuses_is_taken_in_all_the_same(conn: Conn) -> None:
    odd = {"text": "a\x00b", "half": "\ud800", "list": [{"\ud83d": "\x00"}], "typed": "\\u0000"}
    await store_inbox.receive(conn, "b", [Update(1, "1", odd)])
    (update,) = await store_inbox.unprocessed(conn, "b")
    assert update.content == {"text": "a\ufffdb", "half": "?", "list": [{"?": "\ufffd"}], "typed": "\\u0000"}


async def test_draft_replies_and_update_are_written_together(conn: Conn) -> None:
    await store_inbox.receive(conn, "b", [Update(1, "1", {})])
    numbers = await save(conn, 1, DRAFT, HELLO, Reply(text="hai"))
    assert numbers == sorted(numbers or [])
    kept = await store.chat(conn, "telegram", "1")
    assert kept is not None
    assert kept.draft == DRAFT
    assert [(chat, queued.reply) for chat, queued in await store.unsent(conn, "telegram")] == [
        ("1", HELLO),
        ("1", Reply(text="hai")),
    ]
    assert await store_inbox.unprocessed(conn, "b") == []


async def test_an_update_that_was_processed_writes_nothing_again(conn: Conn) -> None:
    await store_inbox.receive(conn, "b", [Update(1, "1", {})])
    await save(conn, 1, DRAFT, HELLO)
    assert await save(conn, 1, Draft(), HELLO) is None
    assert len(await store.unsent(conn, "telegram")) == 1
    assert await store.chat(conn, "telegram", "1") is not None


async def test_an_empty_draft_is_not_kept(conn: Conn) -> None:
    await save(conn, None, DRAFT)
    await save(conn, None, Draft())
    assert await store.chat(conn, "telegram", "1") is None


async def test_no_draft_at_all_leaves_the_one_there_is(conn: Conn) -> None:
    await save(conn, None, DRAFT)
    await save(conn, None, None, HELLO)
    assert await store.chat(conn, "telegram", "1") is not None


async def test_a_drafts_photos_are_claimed_and_let_go_with_it(conn: Conn) -> None:
    pictures = [photo(number) for number in (1, 2, 3)]
    for picture in pictures:
        await photos.touch_blob(conn, picture)
    taken = tuple(Photo(n, str(n), picture) for n, picture in enumerate(pictures))

    async def claimed() -> set[str]:
        return {row["sha256"].hex() for row in await conn.fetch("SELECT sha256 FROM draft_photos")}

    await save(conn, None, Draft(content=Content((), taken[:2])))
    assert await claimed() == {picture.sha256 for picture in pictures[:2]}
    await save(conn, None, Draft(content=Content((), taken[1:2]), held=Content((), taken[2:])))
    assert await claimed() == {picture.sha256 for picture in pictures[1:]}
    await save(conn, None, Draft())
    assert await claimed() == set()


async def test_a_photo_that_is_not_known_writes_nothing(conn: Conn) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with conn.transaction():
            await save(conn, None, Draft(content=Content((), (Photo(1, "1", photo(99)),))), HELLO)
    assert await store.unsent(conn, "telegram") == []


async def test_a_reply_is_claimed_by_one_and_settled_by_whoever_claimed_it(conn: Conn) -> None:
    (number,) = await save(conn, None, None, HELLO) or []
    assert await store.claim(conn, "telegram", "1", number)
    assert not await store.claim(conn, "telegram", "1", number)
    await store.settle(conn, "telegram", "1", number, "sent")
    await store.settle(conn, "telegram", "1", number, "failed", "too late")
    assert await conn.fetchval("SELECT status FROM outbox WHERE message_id = $1", number) == "sent"


async def test_what_was_being_sent_when_the_process_died_is_not_sent_again(conn: Conn) -> None:
    first, second = await save(conn, None, None, HELLO, HELLO) or []
    await store.claim(conn, "telegram", "1", first)
    assert await store.interrupted(conn, "telegram") == 1
    assert [queued.message_id for _, queued in await store.unsent(conn, "telegram")] == [second]


async def test_chats_with_an_album_underway_are_found_again(conn: Conn) -> None:
    await save(conn, None, Draft(content=DRAFT.content, settling=True))
    assert await store.settling(conn, "telegram") == ["1"]
    await save(conn, None, DRAFT)
    assert await store.settling(conn, "telegram") == []
