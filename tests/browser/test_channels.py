"""The chat page plays all three channels: each shows what its people can do there, and nothing else."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from bot.simulator.actor import Actor
from bot.simulator.core import Simulator
from bot.simulator.page import add_personas
from bot.simulator.server import running
from bot.simulator.zalo.twin import OaTwin, ZaloTwin


class Played:
    def __init__(self) -> None:
        self.telegram = Simulator("123456:browser")
        self.zalo_bot = ZaloTwin("123457:browser")
        self.zalo_oa = OaTwin("1", "app-secret", "oa-secret")
        for sim in (self.telegram, self.zalo_bot, self.zalo_oa):
            add_personas(sim)


@pytest_asyncio.fixture
async def played() -> Played:
    return Played()


@pytest_asyncio.fixture
async def chat(page: Page, played: Played) -> AsyncIterator[Page]:
    async with running(played.telegram, (played.zalo_bot, played.zalo_oa)) as url:
        await page.goto(url)
        yield page
        await page.goto("about:blank")


async def _go(page: Page, channel: str) -> None:
    await page.get_by_role("link", name=channel, exact=True).click()
    await expect(page.get_by_role("link", name=channel, exact=True)).to_have_attribute("aria-current", "page")


async def test_one_goes_from_channel_to_channel(chat: Page, played: Played) -> None:
    await _go(chat, "Zalo Bot")
    await chat.get_by_role("button", name="Xin chào").click()
    await expect(chat.locator("#messages li").filter(has_text="Xin chào")).to_be_visible()
    lan = next(person for person in played.zalo_bot.people.values() if person.first_name == "Lan")
    assert played.zalo_bot.chat(lan.id).messages
    assert not played.telegram.chat(lan.id).messages
    await _go(chat, "Telegram")
    await expect(chat.locator("#messages li")).to_have_count(0)


async def test_a_zalo_bot_has_neither_places_nor_edits_nor_commands(chat: Page) -> None:
    await _go(chat, "Zalo Bot")
    await expect(chat.get_by_role("button", name="Lệnh của bot")).to_have_count(0)
    await chat.get_by_role("button", name="Gửi ảnh, tệp").click()
    await expect(chat.get_by_role("tab")).to_have_text(["Ảnh", "Khác"])
    await chat.get_by_label("Ổ gà").check()
    await chat.get_by_label("Lời kèm").fill("ổ gà lớn")
    await chat.get_by_role("button", name="Gửi ảnh", exact=True).click()
    await expect(chat.locator("#messages li").filter(has_text="ổ gà lớn")).to_be_visible()
    await expect(chat.get_by_role("button", name="Sửa tin")).to_have_count(0)
    loaded = "[...document.querySelectorAll('#messages img')].every((image) => image.naturalWidth > 0)"
    await chat.wait_for_function(loaded)


async def test_an_official_account_has_buttons_and_places(chat: Page, played: Played) -> None:
    await _go(chat, "Zalo OA")
    await chat.get_by_role("button", name="Gửi ảnh, tệp").click()
    await chat.get_by_role("tab", name="Vị trí").click()
    await expect(chat.get_by_label("Chia sẻ trực tiếp")).to_have_count(0)
    await chat.get_by_label("Quảng trường Phan Ngọc Hiển").check()
    await chat.get_by_role("tabpanel").get_by_role("button", name="Gửi vị trí").click()
    await expect(chat.locator("#messages li").filter(has_text="9.17680, 105.15000")).to_be_visible()
    lan = next(person for person in played.zalo_oa.people.values() if person.first_name == "Lan")
    keys = {"inline_keyboard": [[{"text": "Đúng", "callback_data": "#d1|ok"}]]}
    played.zalo_oa.add_message(
        Actor(played.zalo_oa, lan.id).chat, played.zalo_oa.bot, {"text": "?", "reply_markup": keys}
    )
    key = chat.get_by_role("button", name="Đúng")
    await key.click()
    await expect(key).not_to_have_attribute("aria-busy", "true")
    assert played.zalo_oa.updates.pending[-1]["message"]["message"]["text"] == "#d1|ok"


async def test_every_channel_fits_a_phone_and_a_desk(chat: Page) -> None:
    width = "document.documentElement.scrollWidth"
    for channel in ("Zalo Bot", "Zalo OA", "Telegram"):
        await _go(chat, channel)
        assert await chat.evaluate(width) == 390
        await chat.set_viewport_size({"width": 1280, "height": 800})
        assert await chat.evaluate(width) == 1280
        await chat.set_viewport_size({"width": 390, "height": 844})


async def test_an_address_in_the_words_of_a_zalo_message_opens(chat: Page, played: Played) -> None:
    await _go(chat, "Zalo Bot")
    lan = next(person for person in played.zalo_bot.people.values() if person.first_name == "Lan")
    address = "http://localhost:8000/m/abc_-1"
    Actor(played.zalo_bot, lan.id).text(f"Chọn trên bản đồ:\n{address}")
    await expect(chat.locator("#messages").get_by_role("link", name=address)).to_have_attribute("href", address)
