"""Faults and holds: what a bot must live with, on demand."""

import asyncio

import httpx
import pytest
from telegram import Bot
from telegram.error import Forbidden, NetworkError, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot

from bot.simulator.client import SimClient, SimError, SimUser
from bot.simulator.core import Simulator
from bot.simulator.files import FileStore, Upload
from bot.simulator.model import ApiError
from tests.simulator.conftest import TOKEN
from tests.simulator.samples import photo


async def test_flood_control_says_how_long_to_wait(bot: Bot, sim: SimClient, lan: SimUser, base_url: str) -> None:
    await sim.fault("sendMessage", 429, retry_after=7, times=2)
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"{base_url}/bot{TOKEN}/sendMessage", json={"chat_id": lan.id, "text": "x"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["parameters"] == {"retry_after": 7}
    with pytest.raises(RetryAfter, match="0:00:07"):
        await bot.send_message(lan.id, "x")
    await bot.send_message(lan.id, "x")


async def test_rate_limiter_waits_and_sends_once(sim: SimClient, lan: SimUser, base_url: str) -> None:
    await sim.fault("sendMessage", 429, retry_after=1, times=1)
    bot = ExtBot(TOKEN, base_url=f"{base_url}/bot", rate_limiter=AIORateLimiter(max_retries=3))
    async with bot:
        await bot.send_message(lan.id, "đến nơi")
    assert [call.status for call in await sim.calls("sendMessage", user=lan)] == [429, 200]
    assert [message.text for message in await lan.messages()] == ["/start", "đến nơi"]


async def test_forbidden_is_for_one_chat_only(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    minh = await sim.user("Minh")
    await minh.text("/start")
    fault = await sim.fault("sendMessage", 403, user=lan)
    for _ in range(2):
        with pytest.raises(Forbidden, match="blocked"):
            await bot.send_message(lan.id, "x")
    await bot.send_message(minh.id, "x")
    await sim.clear_fault(fault)
    await bot.send_message(lan.id, "x")


@pytest.mark.parametrize("status", [500, 502])
async def test_server_errors_come_as_asked(bot: Bot, sim: SimClient, lan: SimUser, status: int) -> None:
    await sim.fault("*", status, times=1)
    with pytest.raises(TelegramError) as error:
        await bot.send_message(lan.id, "x")
    assert type(error.value) is NetworkError
    assert [message.text for message in await lan.messages()] == ["/start"]
    await bot.send_message(lan.id, "x")


async def test_own_words_for_a_fault(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    await sim.fault("sendMessage", 403, times=1, description="Forbidden: user is deactivated")
    with pytest.raises(Forbidden, match="user is deactivated"):
        await bot.send_message(lan.id, "x")


async def test_download_can_fail(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    message = await lan.photo(photo())
    file = await bot.get_file(message.raw["photo"][-1]["file_id"])
    await sim.fault("download", 500, times=1)
    with pytest.raises(NetworkError):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray()
    assert [call.status for call in (await sim.calls("download"))[-2:]] == [500, 200]


async def test_file_over_20_mb_is_not_given(bot: Bot, lan: SimUser) -> None:
    large = await lan.document(bytes(20_000_001), "phim.bin")
    with pytest.raises(TelegramError, match="is too big"):
        await bot.get_file(large.raw["document"]["file_id"])
    fitting = await lan.document(bytes(20_000_000), "phim.bin")
    assert (await bot.get_file(fitting.raw["document"]["file_id"])).file_size == 20_000_000


async def test_files_need_the_token_and_a_known_path(bot: Bot, lan: SimUser, base_url: str) -> None:
    message = await lan.photo(photo())
    file = await bot.get_file(message.raw["photo"][-1]["file_id"])
    assert file.file_path
    async with httpx.AsyncClient() as http:
        statuses = [
            (await http.get(url)).status_code
            for url in (
                file.file_path,
                file.file_path.replace(TOKEN, "1:wrong"),
                f"{base_url}/file/bot{TOKEN}/photos/file_0.jpg",
            )
        ]
    assert statuses == [200, 401, 404]


async def test_held_call_has_been_done_but_is_not_answered(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    async with sim.hold("sendMessage", user=lan) as hold:
        sending = asyncio.create_task(bot.send_message(lan.id, "đã đến"))
        [call] = await hold.caught()
        assert (call.params["text"], call.status) == ("đã đến", 200)
        assert (await lan.wait("đã đến")).text == "đã đến"
        assert not sending.done()
    assert (await sending).text == "đã đến"


async def test_hold_catches_as_many_as_asked(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    async with sim.hold("sendMessage", times=1) as hold:
        held = asyncio.create_task(bot.send_message(lan.id, "giữ"))
        await hold.caught()
        await bot.send_message(lan.id, "qua")
        with pytest.raises(SimError, match="1 of 2"):
            await hold.caught(2, timeout=0)
    await held


async def test_faults_can_be_held_too(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    await sim.fault("sendMessage", 500, times=1)
    async with sim.hold("sendMessage") as hold:
        sending = asyncio.create_task(bot.send_message(lan.id, "x"))
        [call] = await hold.caught()
        assert call.status == 500
    with pytest.raises(NetworkError):
        await sending


async def test_calls_are_listed_with_what_was_sent(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    before = (await sim.calls())[-1].id
    await bot.send_photo(lan.id, photo(), caption="sau khi sửa", filename="sau.jpg")
    [call] = await sim.calls("SENDPHOTO", user=lan, after=before)
    assert call.params["caption"] == "sau khi sửa"
    assert call.params["photo"] == {"name": "sau.jpg", "mime_type": "image/jpeg", "size": len(photo())}
    assert (call.status, call.result["caption"]) == (200, "sau khi sửa")
    assert await sim.calls(user=lan, after=call.id) == []


async def test_calls_can_be_waited_for(bot: Bot, sim: SimClient, lan: SimUser) -> None:
    last = (await sim.calls())[-1].id
    waiting = asyncio.create_task(sim.calls("sendMessage", after=last, wait=10))
    await bot.send_message(lan.id, "x")
    assert len(await waiting) == 1


def test_oldest_files_are_forgotten_first() -> None:
    files = FileStore(memory_limit=1000)
    kept = [files.add_document(Upload(bytes(400), f"{number}.bin")) for number in range(3)]
    with pytest.raises(ApiError, match="wrong file_id"):
        files.get(kept[0]["file_id"])
    assert files.at("documents/file_1.bin") is None
    assert files.get(kept[1]["file_id"]).reference()["file_size"] == 400


async def test_memory_is_bounded(core: Simulator, lan: SimUser) -> None:
    for number in range(510):
        core.add_message(core.chat(lan.id), core.bot, {"text": str(number)})
    chat = core.chat(lan.id)
    assert (len(chat.messages), len(chat.changed)) == (500, 500)
    assert chat.messages[max(chat.messages)]["text"] == "509"
