"""Updates: each is answered once, in order in its chat, many chats at once; a bad one harms nobody."""

import asyncio
from typing import Any, cast

from pgqueuer import PgQueuer

from app.wiring import Parts
from app.worker.taking import Means
from app.worker.upkeep import register
from bot.conversation.channel import Update
from bot.conversation.runner import Runner
from bot.simulator.actor import Actor
from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.model import Json
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import SIMULATOR_TOKEN, Bot, open_bot
from tests.telegram.conftest import replies, until
from tests.world import photo

CHATS = 200
WORDS = ("Rác đầy đường", "ngay cổng trường học", "hôi lắm")


async def test_two_hundred_chats_at_once_are_each_answered_in_order(
    parts: Parts, core: Simulator, working: None
) -> None:
    people = [core.add_person(f"Dân {n}") for n in range(CHATS)]
    for words in WORDS:
        for person in people:
            Actor(core, person.id).text(words)
    ids = [str(person.id) for person in people]
    await until(
        parts, "SELECT count(*) FROM outbox WHERE chat_id = ANY ($1) AND status = 'sent'", ids, holds=CHATS * len(WORDS)
    )
    async with parts.pool.acquire() as conn:
        drafts = await conn.fetch("SELECT state FROM drafts WHERE chat_id = ANY ($1)", ids)
    told = {tuple(piece["text"] for piece in row["state"]["content"]["pieces"]) for row in drafts}
    # The second message answers "where?"; a place that nobody knows stands with the report as its address.
    assert told == {("Rác đầy đường",)}
    assert {row["state"]["spot"]["address"] for row in drafts} == {"ngay cổng trường học, hôi lắm"}
    for person in people:
        said = replies(core, person.id)
        assert len(said) == len(WORDS)
        assert said[0].startswith("Việc này xảy ra ở đâu")
        assert "ngay cổng trường học, hôi lắm" in said[2]


async def test_an_update_that_comes_twice_is_answered_once(
    parts: Parts, core: Simulator, lan: SimUser, bot: Bot
) -> None:
    await _greet(lan)
    runner = Runner(parts, TelegramChannel(bot))
    raw = {"update_id": 1, "message": _message(lan, "Rác đầy đường")}
    for _ in range(3):
        await runner.take([Update(1, str(lan.id), raw)])
    await lan.wait("đâu")
    await lan.text("phường An Xuyên")
    await lan.wait("đúng không")
    assert len(replies(core, lan.id)) == 3


async def test_updates_brought_by_a_process_that_only_stands_by_are_answered_by_the_one_that_leads(
    parts: Parts, lan: SimUser, bot: Bot
) -> None:
    await _greet(lan)
    standby = Runner(parts, TelegramChannel(bot))
    serving = asyncio.create_task(standby.serve())
    await standby.take([Update(2, str(lan.id), {"update_id": 2, "message": _message(lan, "/trogiup")})])
    await lan.wait("113")
    assert not standby.leading.is_set()
    standby.stop()
    await serving


async def test_a_process_that_stands_by_takes_over_when_the_leading_one_ends(
    parts: Parts, server: str, lan: SimUser, working: None
) -> None:
    # Another bot of the same server, so that the module's own one goes on undisturbed.
    async with open_bot(SIMULATOR_TOKEN.replace("1000000001", "1000000002"), server) as other:
        first, second = Runner(parts, TelegramChannel(other)), Runner(parts, TelegramChannel(other))
        serving = [asyncio.create_task(runner.serve()) for runner in (first, second)]
        wins = [asyncio.create_task(runner.leading.wait()) for runner in (first, second)]
        try:
            won, _ = await asyncio.wait(wins, timeout=60, return_when=asyncio.FIRST_COMPLETED)
            assert len(won) == 1
            (first if first.leading.is_set() else second).stop()
            won, _ = await asyncio.wait(wins, timeout=60)
            assert len(won) == 2
        finally:
            first.stop()
            second.stop()
            await asyncio.gather(*serving)


async def test_an_update_that_cannot_be_read_is_parked_with_an_apology_and_blocks_nobody(
    parts: Parts, sim: SimClient, lan: SimUser
) -> None:
    await _greet(lan)
    broken = {"message_id": 1, "date": 1, "chat": {"id": lan.id, "type": "private"}, "from": "nobody", "text": "x"}
    await sim.inject("message", broken)
    await lan.wait("Xin lỗi")
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    async with parts.pool.acquire() as conn:
        row = await conn.fetchrow("SELECT error FROM inbox WHERE chat_id = $1 AND error IS NOT NULL", str(lan.id))
    assert row is not None


async def test_an_update_that_fails_again_and_again_is_parked_and_what_was_sent_before_stays(
    parts: Parts, lan: SimUser
) -> None:
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    async with parts.pool.acquire() as conn:
        await conn.execute(
            """
            CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN IF NEW.state::text LIKE '%poison%' THEN RAISE 'poisoned'; END IF; RETURN NEW; END$$;
            CREATE TRIGGER poison BEFORE UPDATE ON drafts FOR EACH ROW EXECUTE FUNCTION poison();
            """
        )
    try:
        await lan.text("poison")
        await lan.wait("Xin lỗi")
    finally:
        async with parts.pool.acquire() as conn:
            await conn.execute("DROP TRIGGER poison ON drafts; DROP FUNCTION poison()")
    async with parts.pool.acquire() as conn:
        row = await conn.fetchrow(
            "SELECT attempts, processed_at, error FROM inbox WHERE chat_id = $1 AND attempts > 0", str(lan.id)
        )
    assert row is not None
    assert row["attempts"] == 3
    assert row["error"] == "RaiseError"
    await lan.text("phường An Xuyên")
    await lan.wait("đúng không")


async def test_characters_that_a_database_refuses_are_told_as_unreadable(lan: SimUser, sim: SimClient) -> None:
    await _greet(lan)
    await sim.inject("message", _message(lan, "R\x00ác"))
    await lan.wait("không đọc được")


async def test_a_photo_that_cannot_be_fetched_just_now_is_fetched_later(sim: SimClient, lan: SimUser) -> None:
    await sim.fault("download", 500, times=2, user=None)
    await lan.photo(photo("một"), caption="Rác đầy đường")
    await lan.wait("Đã nhận 1 ảnh")


async def test_a_photo_that_is_gone_is_told_and_its_words_are_kept(sim: SimClient, lan: SimUser) -> None:
    await sim.fault("getFile", 400, times=1, user=None, description="Bad Request: file is temporarily unavailable")
    await lan.photo(photo("một"), caption="Rác đầy đường ở phường An Xuyên")
    answer = await lan.wait("Chưa tải được ảnh")
    assert "Phường An Xuyên" in answer.text


async def test_updates_that_concern_nobody_are_done_with_silently(
    parts: Parts, sim: SimClient, lan: SimUser, core: Simulator
) -> None:
    pinned = _message(lan, "") | {"pinned_message": _message(lan, "x")}
    update_id = await sim.inject("message", pinned)
    assert update_id
    await until(parts, "SELECT processed_at IS NOT NULL FROM inbox WHERE update_id = $1", update_id)
    assert not await sim.calls("sendMessage", user=lan)


async def _greet(person: SimUser) -> None:
    """A bot may only write to people who have written to it."""
    await person.text("/start")
    await person.wait("Xin chào")


def _message(person: SimUser, text: str) -> Json:
    sender = {"id": person.id, "is_bot": False, "first_name": "Lan", "language_code": "vi"}
    said = {"message_id": 900, "date": 1_763_000_000, "chat": {"id": person.id, "type": "private"}, "from": sender}
    return said | ({"text": text} if text else {})


async def test_the_worker_forgets_what_was_said_a_month_ago(parts: Parts) -> None:
    async with parts.pool.acquire() as conn:
        await conn.execute(
            """
            INSERT INTO inbox (bot, update_id, chat_id, payload, processed_at)
            VALUES ('telegram:month', 1, '9', '{}', now() - interval '31 days'), ('telegram:month', 2, '9', '{}', now())
            """
        )
    queue = PgQueuer.in_memory()
    register(queue, Means(parts, {}, {}))
    (scheduled,) = [each for at, each in queue.sm.registry.items() if at.entrypoint == "forget_messages"]
    await cast("Any", scheduled.parameters.func)(None)
    async with parts.pool.acquire() as conn:
        left = await conn.fetch("SELECT update_id FROM inbox WHERE bot = 'telegram:month'")
    assert [row["update_id"] for row in left] == [2]
