"""The whole way of a place: asked in the chat page, chosen on the map that opens over it, confirmed in the chat."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import msgspec
import pytest_asyncio
from playwright.async_api import Page, expect

from app.wiring import Parts
from bot.simulator.core import Simulator
from bot.simulator.page import add_personas
from bot.simulator.server import running as simulator_running
from bot.telegram.client import SIMULATOR_TOKEN, open_bot
from tests.serving import running
from tests.telegram.conftest import at_work
from tests.world import World


def with_settings(parts: Parts, **values: object) -> Parts:
    return msgspec.structs.replace(parts, settings=msgspec.structs.replace(parts.settings, **values))


@pytest_asyncio.fixture
async def chat(page: Page, world: World) -> AsyncIterator[Page]:
    """The chat page, with the real bot behind it and the real map page beside it."""
    sim = Simulator(SIMULATOR_TOKEN)
    add_personas(sim)
    async with simulator_running(sim) as chats:
        pages = with_settings(world.parts, simulator_port=urlsplit(chats).port)
        async with (
            running(pages) as address,
            open_bot(SIMULATOR_TOKEN, chats) as bot,
            at_work(with_settings(world.parts, public_url=address), bot),
        ):
            await page.goto(chats)
            yield page
            await page.goto("about:blank")


async def test_a_place_is_chosen_on_the_map_over_the_chat(chat: Page) -> None:
    await chat.get_by_label("Nhập tin nhắn").fill("Rác đầy đường")
    await chat.keyboard.press("Enter")
    await chat.get_by_role("button", name="Chọn trên bản đồ").click()
    page = chat.frame_locator("#web-app iframe")
    await page.get_by_label("Địa chỉ").fill("phường An Xuyên")
    await page.get_by_role("button", name="Tìm").click()
    await page.get_by_role("button", name="Gửi vị trí này").click()
    await expect(chat.get_by_role("dialog")).to_be_hidden()
    await expect(chat.locator("#messages li").last).to_contain_text("thuộc xã, phường nào")

    # The link was good once; the map says so, and it is closed by hand.
    await chat.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.get_by_text("đã được gửi bằng đường dẫn này")).to_be_visible()
    await chat.get_by_role("dialog").get_by_role("button", name="Đóng").click()
    await expect(chat.locator("#web-app iframe")).to_have_count(0)
