"""The map in a Telegram chat: offered with the question where, opened as a Mini App, and back in the chat."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest_asyncio
from uuid_utils.compat import uuid7

from app import pins
from app.pins import Pin
from app.wiring import Parts
from bot.conversation.channel import Update
from bot.conversation.runner import Runner
from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import Bot
from tests.serving import running
from tests.telegram.conftest import replies

OFFER = "Hoặc chọn chỗ đó trên bản đồ"
BUTTON = "Chọn trên bản đồ"
HERE = {"lat": "9.22461", "lon": "105.178"}


@pytest_asyncio.fixture(scope="module")
async def pages(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """The citizens' pages; the links in the chat name another port of this machine."""
    async with running(parts) as address, httpx.AsyncClient(base_url=address) as browser:
        yield browser


async def asked_where(person: SimUser) -> None:
    await person.text("Rác đầy đường")
    await person.wait(OFFER)


async def open_map(person: SimUser) -> tuple[str, str]:
    """Press the button; gives the page's path and what Telegram tells it."""
    address = urlsplit((await person.press(BUTTON))["web_app"])
    return address.path, parse_qs(address.fragment)["tgWebAppData"][0]


async def choose(pages: httpx.AsyncClient, path: str, init_data: str, **place: str) -> int:
    return (await pages.post(path, data={**(place or HERE), "init_data": init_data})).status_code


async def test_a_place_chosen_on_the_map_goes_on_with_the_report(lan: SimUser, pages: httpx.AsyncClient) -> None:
    await asked_where(lan)
    path, told = await open_map(lan)
    assert (await pages.get(path)).status_code == 200
    assert await choose(pages, path, told) == 200
    asked = await lan.wait("thuộc xã, phường nào")
    assert "An Xuyên" in asked.labels[0]
    assert await choose(pages, path, told) == 410


async def test_an_address_written_there_is_the_answer_to_where(lan: SimUser, pages: httpx.AsyncClient) -> None:
    await asked_where(lan)
    assert await choose(pages, *await open_map(lan), address="12 Lý Bôn, phường An Xuyên") == 200
    await lan.press("Đúng", message=await lan.wait("Phường An Xuyên, Cà Mau – đúng không"))


async def test_somebody_else_cannot_open_a_forwarded_button(
    sim: SimClient, lan: SimUser, pages: httpx.AsyncClient
) -> None:
    minh = await sim.user("Minh")
    await asked_where(lan)
    await asked_where(minh)
    path, _ = await open_map(lan)
    _, of_minh = await open_map(minh)
    assert await choose(pages, path, of_minh) == 403


async def test_the_question_stands_even_where_the_map_cannot_be_offered(
    sim: SimClient, lan: SimUser, core: Simulator
) -> None:
    await lan.text("/start")
    await lan.wait("Xin chào")
    async with sim.hold("sendMessage", user=lan) as held:
        await lan.text("Rác đầy đường")
        await held.caught()
        await sim.fault("sendMessage", 400, times=1, user=lan)
    await lan.text("phường An Xuyên")
    await lan.wait("đúng không")
    assert OFFER not in str([m.get("text") for m in core.chat(lan.id).messages.values()])
    assert len(replies(core, lan.id)) == 3


async def test_a_pin_that_comes_after_its_report_is_gone_is_told_so_and_changes_nothing(
    parts: Parts, lan: SimUser, bot: Bot
) -> None:
    await asked_where(lan)
    gone = Pin(draft_id=uuid7(), lang="vi", lat=9.22461, lon=105.178)
    update = Update(-5, str(lan.id), {pins.PAYLOAD: msgspec.to_builtins(gone)})
    await Runner(parts, TelegramChannel(bot)).take([update])
    await lan.wait("đã gửi hoặc đã bỏ")
    async with parts.pool.acquire() as conn:
        kept = await conn.fetchrow(
            """
            SELECT d.state ? 'spot' AS has_spot, i.display_name FROM drafts d
            JOIN channel_identities i USING (citizen_id) WHERE d.chat_id = $1
            """,
            str(lan.id),
        )
    assert kept is not None
    assert tuple(kept) == (False, "Lan")
