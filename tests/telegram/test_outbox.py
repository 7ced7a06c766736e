"""Replies: what Telegram's answers mean, and that nothing is said twice because of us."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from app.notify.model import Button, Document, Refused, Telling, TryLater, Uncertain, Unreachable
from app.wiring import Parts
from bot.conversation.model import Choice, Reply
from bot.simulator.client import Message, SimClient, SimUser
from bot.telegram.client import SIMULATOR_TOKEN, Bot, open_bot
from bot.telegram.send import TelegramSender, clip, deliver, render
from tests.telegram.conftest import until
from tests.world import photo

STATUS = "SELECT status FROM outbox WHERE chat_id = $1 ORDER BY message_id DESC LIMIT 1"


async def said(person: SimUser) -> list[Message]:
    return [message for message in await person.messages() if message.from_bot]


# --- the dialogue's replies


async def test_a_flood_limit_is_waited_out(sim: SimClient, lan: SimUser) -> None:
    await sim.fault("sendMessage", 429, times=1, retry_after=1, user=lan)
    await lan.text("/trogiup")
    await lan.wait("113")
    assert len(await said(lan)) == 1


async def test_errors_of_telegrams_own_are_tried_again(sim: SimClient, lan: SimUser) -> None:
    await sim.fault("sendMessage", 502, times=1, user=lan)
    await sim.fault("sendMessage", 500, times=1, user=lan)
    await lan.text("/trogiup")
    await lan.wait("113")
    assert len(await said(lan)) == 1


async def test_replies_wait_for_those_before_them(sim: SimClient, lan: SimUser) -> None:
    await sim.fault("sendMessage", 500, times=2, user=lan)
    for words in ("/trogiup", "/danhsach", "/huy"):
        await lan.text(words)
    await lan.wait("không có phản ánh nào")
    assert [("113" in m.text, "chưa gửi" in m.text) for m in await said(lan)] == [
        (True, False), (False, True), (False, False),
    ]  # fmt: skip


async def test_a_person_who_blocked_us_is_unreachable_and_nothing_more_is_tried(
    parts: Parts, sim: SimClient, lan: SimUser
) -> None:
    await lan.text("/start")
    await lan.wait("Xin chào")
    await sim.fault("sendMessage", 403, times=1, user=lan)
    await lan.text("/trogiup")
    await until(parts, STATUS, str(lan.id), holds="failed")
    unreachable = "SELECT unreachable_since IS NOT NULL FROM channel_identities WHERE channel_user_id = $1"
    await until(parts, unreachable, str(lan.id))


async def test_a_reply_that_telegram_refuses_does_not_hold_back_the_next(
    parts: Parts, sim: SimClient, lan: SimUser
) -> None:
    await sim.fault("sendMessage", 400, times=1, user=lan, description="Bad Request: message is too long")
    await lan.text("/trogiup")
    await until(parts, STATUS, str(lan.id), holds="failed")
    await lan.text("/danhsach")
    await lan.wait("chưa gửi phản ánh nào")


async def test_the_same_menu_once_more_is_no_error(parts: Parts, lan: SimUser) -> None:
    await lan.text("xyz abc ở phường An Xuyên")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    menu = await lan.wait("nhóm nào")
    await lan.press_data(menu, "d1|more")
    await until(parts, "SELECT count(*) FROM outbox WHERE chat_id = $1 AND status = 'sent'", str(lan.id), holds=3)
    assert len(await said(lan)) == 2


async def test_a_menu_that_cannot_be_replaced_comes_as_a_new_message(bot: Bot, lan: SimUser) -> None:
    await lan.text("/start")
    await lan.wait("Xin chào")
    await deliver(bot, str(lan.id), Reply(text="Chọn:", rows=((Choice("A", "d1|go"),),), instead_of=999))
    assert (await lan.wait("Chọn:")).labels == ["A"]


# --- errors, told apart


@asynccontextmanager
async def telegram_that(answers: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Bot]:
    """A server that reads a request and then does what the test says."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        await answers(writer)
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with open_bot(SIMULATOR_TOKEN, f"http://127.0.0.1:{port}") as bot:
            yield bot


async def _hang_up(_: asyncio.StreamWriter) -> None:
    """The connection breaks after the request has arrived."""


async def _bad_gateway(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 15\r\nContent-Type: text/html\r\n\r\n<html>no</html>")
    await writer.drain()


async def _nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<>")
    await writer.drain()


async def test_a_connection_that_breaks_while_we_wait_for_the_answer_is_uncertain() -> None:
    async with telegram_that(_hang_up) as bot:
        with pytest.raises(Uncertain):
            await TelegramSender(bot).send("1", Telling("x"))


async def test_an_answer_that_nobody_can_read_is_uncertain() -> None:
    async with telegram_that(_nonsense) as bot:
        with pytest.raises(Uncertain):
            await TelegramSender(bot).send("1", Telling("x"))


async def test_a_gateways_error_page_says_that_nothing_was_sent() -> None:
    async with telegram_that(_bad_gateway) as bot:
        with pytest.raises(TryLater):
            await TelegramSender(bot).send("1", Telling("x"))


async def test_a_server_that_is_not_there_got_nothing() -> None:
    async with open_bot(SIMULATOR_TOKEN, "http://127.0.0.1:1") as bot:
        with pytest.raises(TryLater):
            await TelegramSender(bot).send("1", Telling("x"))


@pytest.mark.parametrize(
    ("status", "description", "kind"),
    [
        (403, "Forbidden: bot was blocked by the user", Unreachable),
        (403, "Forbidden: user is deactivated", Unreachable),
        (400, "Bad Request: chat not found", Unreachable),
        (400, "Bad Request: can't parse entities", Refused),
        (500, "Internal Server Error", TryLater),
        (503, "Service Unavailable", TryLater),
        (401, "Unauthorized", TryLater),
    ],
)
async def test_what_telegram_answers_is_told_apart(
    sim: SimClient, lan: SimUser, bot: Bot, status: int, description: str, kind: type[Exception]
) -> None:
    await sim.fault("sendMessage", status, times=1, user=lan, description=description)
    with pytest.raises(kind) as failure:
        await TelegramSender(bot).send(str(lan.id), Telling("x"))
    assert SIMULATOR_TOKEN not in str(failure.value)


async def test_who_never_wrote_to_us_is_unreachable(bot: Bot, lan: SimUser) -> None:
    with pytest.raises(Unreachable):
        await TelegramSender(bot).send(str(lan.id), Telling("x"))


async def test_a_flood_limit_that_does_not_end_names_its_seconds(sim: SimClient, lan: SimUser, server: str) -> None:
    await sim.fault("sendMessage", 429, retry_after=1, user=lan)
    async with open_bot(SIMULATOR_TOKEN, server) as bot:
        with pytest.raises(TryLater) as failure:
            await TelegramSender(bot).send(str(lan.id), Telling("x"))
    assert failure.value.seconds == 1


# --- notifications


BUTTONS = ((Button("😊 Hài lòng", "r1|PA-0000-0000|s"),), (Button("🙁 Không hài lòng", "r1|PA-0000-0000|d"),))


@pytest_asyncio.fixture
async def chat(lan: SimUser) -> SimUser:
    await lan.text("/start")
    await lan.wait("Xin chào")
    return lan


async def test_words_and_buttons_are_one_message(bot: Bot, chat: SimUser) -> None:
    ref = await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý <xong> PA-0000-0000", buttons=BUTTONS))
    message = await chat.wait("Đã xử lý <xong>")
    assert (str(message.id), len(message.labels)) == (ref, 2)


async def test_one_photo_carries_words_and_buttons(bot: Bot, chat: SimUser) -> None:
    ref = await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý", (photo("sau"),), BUTTONS))
    message = await chat.wait("Đã xử lý")
    assert "photo" in message.raw
    assert (str(message.id), len(message.labels)) == (ref, 2)


async def test_several_photos_without_buttons_are_one_album(sim: SimClient, bot: Bot, chat: SimUser) -> None:
    await TelegramSender(bot).send(str(chat.id), Telling("Tiến độ", (photo("1"), photo("2"))))
    await chat.wait("Tiến độ")
    assert len(await sim.calls("sendMediaGroup", user=chat)) == 1
    assert len(await sim.calls("sendMessage", user=chat)) == 1


async def test_several_photos_with_buttons_follow_their_words(bot: Bot, chat: SimUser) -> None:
    await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý", (photo("1"), photo("2")), BUTTONS))
    message = await chat.wait("Đã xử lý")
    assert len(message.labels) == 2
    assert len([m for m in await said(chat) if "photo" in m.raw]) == 2


async def test_photos_that_fail_after_their_words_do_not_bring_the_words_again(
    sim: SimClient, bot: Bot, chat: SimUser
) -> None:
    await sim.fault("sendMediaGroup", 500, times=1, user=chat)
    assert await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý", (photo("1"), photo("2")), BUTTONS))


async def test_photos_that_telegram_refuses_do_not_cost_the_words(sim: SimClient, bot: Bot, chat: SimUser) -> None:
    await sim.fault("sendPhoto", 400, user=chat, description="Bad Request: PHOTO_INVALID_DIMENSIONS")
    await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý", (photo("1"),), BUTTONS))
    assert len((await chat.wait("Đã xử lý")).labels) == 2


async def test_words_too_long_for_a_caption_come_before_the_photo(bot: Bot, chat: SimUser) -> None:
    await TelegramSender(bot).send(str(chat.id), Telling("Đã xử lý " + "x" * 1100, (photo("1"),), BUTTONS))
    message = await chat.wait("Đã xử lý")
    assert "photo" not in message.raw
    assert len([m for m in await said(chat) if "photo" in m.raw]) == 1


async def test_even_the_longest_words_arrive(bot: Bot, chat: SimUser) -> None:
    await TelegramSender(bot).send(str(chat.id), Telling("😀" * 4000))
    assert (await chat.wait("😀")).text.endswith("…")


def test_texts_are_cut_in_telegrams_own_units_and_never_inside_a_character() -> None:
    assert clip("a" * 10, 10) == "a" * 10
    assert clip("a" * 11, 10) == "a" * 9 + "…"
    assert clip("😀" * 6, 10) == "😀" * 4 + "…"


def test_nothing_a_person_writes_becomes_markup() -> None:
    assert render("<b>&</b> PA-0000-0000") == "&lt;b&gt;&amp;&lt;/b&gt; <code>PA-0000-0000</code>"


async def test_files_come_in_one_call_with_their_words_below(sim: SimClient, bot: Bot, chat: SimUser) -> None:
    one, two = (Document(f"bao-cao.{kind}", f"application/{kind}", b"%PDF-1.7 ...") for kind in ("pdf", "zip"))
    await TelegramSender(bot).send(str(chat.id), Telling("Báo cáo tháng <3>", documents=(one,)))
    message = await chat.wait("Báo cáo tháng <3>")
    assert message.raw["document"]["file_name"] == "bao-cao.pdf"
    await TelegramSender(bot).send(str(chat.id), Telling("Báo cáo quý", documents=(one, two)))
    message = await chat.wait("Báo cáo quý")
    assert message.raw["document"]["file_name"] == "bao-cao.zip"
    assert len(await sim.calls("sendMediaGroup", user=chat)) == 1
    assert len(await sim.calls("sendMessage", user=chat)) == 1
