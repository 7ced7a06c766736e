"""The chat page, used as a newcomer would use it, with a small real bot at the other end."""

import os
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Locator, Page, expect
from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    Update,
)
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from bot.simulator.core import Simulator
from bot.simulator.page import add_personas
from bot.simulator.server import running

# python-telegram-bot 22 warns at every duration unless told that they are timedeltas.
os.environ["PTB_TIMEDELTA"] = "1"

TOKEN = "123456:browser"
KEYBOARD = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Điện", callback_data="light"), InlineKeyboardButton("Đường", callback_data="road")]]
)


def written(update: Update) -> Message:
    assert update.effective_message
    return update.effective_message


async def start(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    place = KeyboardButton("Gửi vị trí", request_location=True)
    await written(update).reply_html(
        f"<b>Xin chào</b> {' '.join(context.args or [])}", reply_markup=ReplyKeyboardMarkup([[place]])
    )


async def photo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    await written(update).reply_text("Lĩnh vực nào?", reply_markup=KEYBOARD)


async def place(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert written(update).location
    await written(update).reply_text(f"Nơi: {written(update).location}")


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    word = "Sửa" if update.edited_message else "Viết"
    await written(update).reply_text(f"{word}: {written(update).text}")


async def pressed(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query
    await update.callback_query.answer("Đã nhận")
    await update.callback_query.edit_message_text(f"Đã chọn {update.callback_query.data}")


@pytest_asyncio.fixture
async def sim() -> Simulator:
    sim = Simulator(TOKEN)
    add_personas(sim)
    return sim


@pytest_asyncio.fixture
async def chat(page: Page, sim: Simulator) -> AsyncIterator[Page]:
    """The page open, the bot polling."""
    async with running(sim) as url:
        builder = Application.builder().token(TOKEN).base_url(f"{url}/bot").base_file_url(f"{url}/file/bot")
        application = builder.build()
        application.add_handlers(
            [
                CommandHandler("start", start),
                MessageHandler(filters.PHOTO | filters.Document.ALL, photo),
                MessageHandler(filters.LOCATION, place),
                CallbackQueryHandler(pressed),
                MessageHandler(filters.ALL, echo),
            ]
        )
        async with application:
            await application.bot.set_my_commands([BotCommand("baocao", "Gửi phản ánh mới")])
            await application.start()
            assert application.updater
            await application.updater.start_polling(timeout=5)
            await page.goto(url)
            yield page
            await page.goto("about:blank")
            await application.updater.stop()
            await application.stop()


def bubble(page: Page, words: str) -> Locator:
    return page.locator("#messages li").filter(has_text=words)


async def test_text_is_answered_live(chat: Page) -> None:
    await expect(chat.get_by_role("status").first).to_have_text("đang trực tuyến")
    await chat.get_by_role("button", name="Bắt đầu").click()
    await expect(bubble(chat, "Xin chào").locator("strong")).to_have_text("Xin chào")
    await chat.get_by_label("Nhập tin nhắn").fill("<i>den duong hong</i> & 1 < 2")
    await chat.keyboard.press("Enter")
    await expect(bubble(chat, "Viết: <i>den duong hong</i> & 1 < 2")).to_be_visible()


async def test_sample_photos_go_out_as_an_album_and_buttons_answer(chat: Page, sim: Simulator) -> None:
    await chat.get_by_role("button", name="Gửi ảnh, vị trí, tệp").click()
    await chat.get_by_label("Đèn đường tắt").check()
    await chat.get_by_label("Ổ gà").check()
    await chat.get_by_label("Lời kèm").fill("đèn và đường")
    await chat.get_by_role("button", name="Gửi ảnh", exact=True).click()
    album = bubble(chat, "đèn và đường")
    await expect(album.locator("img")).to_have_count(2)
    question = bubble(chat, "Lĩnh vực nào?").first
    await question.get_by_role("button", name="Điện").click()
    await expect(bubble(chat, "Đã chọn light")).to_be_visible()
    await expect(bubble(chat, "Đã chọn light").get_by_role("button")).to_have_count(0)
    await expect(chat.get_by_text("Đã nhận")).to_be_visible()
    loaded = "[...document.querySelectorAll('#messages img')].every((image) => image.naturalWidth > 0)"
    await chat.wait_for_function(loaded)


async def test_sample_sent_as_a_file_keeps_its_place(chat: Page, sim: Simulator) -> None:
    await chat.get_by_role("button", name="Gửi ảnh, vị trí, tệp").click()
    await chat.get_by_label("Ngập đường").check()
    await chat.get_by_label("Gửi dạng tệp").check()
    await chat.get_by_role("button", name="Gửi ảnh", exact=True).click()
    await expect(bubble(chat, "flood.jpg")).to_be_visible()
    [document] = [file for file in sim.files._files.values() if file.kind == "document"]
    assert b"Exif" in document.data[:64]


async def test_place_is_chosen_by_name(chat: Page) -> None:
    await chat.get_by_role("button", name="Bắt đầu").click()
    await chat.get_by_role("button", name="Gửi vị trí").click()
    await chat.get_by_label("Quảng trường Phan Ngọc Hiển").check()
    await chat.get_by_role("tabpanel").get_by_role("button", name="Gửi vị trí").click()
    await expect(bubble(chat, "9.17680, 105.15000")).to_be_visible()
    await expect(bubble(chat, "Nơi:")).to_be_visible()


async def test_typed_coordinates_and_a_wrong_pair(chat: Page) -> None:
    await chat.get_by_role("button", name="Gửi ảnh, vị trí, tệp").click()
    await chat.get_by_role("tab", name="Vị trí").click()
    await chat.get_by_label("Vĩ độ").fill("105,15")
    await chat.get_by_label("Kinh độ").fill("9,1768")
    await chat.get_by_role("tabpanel").get_by_role("button", name="Gửi vị trí").click()
    await expect(chat.locator("#toast")).to_contain_text("Toạ độ chưa đúng")
    await chat.get_by_label("Vĩ độ").fill("9,1768")
    await chat.get_by_label("Kinh độ").fill("105,15")
    await chat.get_by_role("tabpanel").get_by_role("button", name="Gửi vị trí").click()
    await expect(bubble(chat, "9.17680, 105.15000")).to_be_visible()


async def test_own_message_is_edited(chat: Page) -> None:
    await chat.get_by_label("Nhập tin nhắn").fill("đèn hỏn")
    await chat.get_by_role("button", name="Gửi", exact=True).click()
    await expect(bubble(chat, "Viết: đèn hỏn")).to_be_visible()
    await chat.get_by_role("button", name="Sửa tin").click()
    await chat.get_by_label("Nhập tin nhắn").fill("đèn hỏng")
    await chat.keyboard.press("Enter")
    await expect(bubble(chat, "Sửa: đèn hỏng")).to_be_visible()
    await expect(bubble(chat, "đã sửa")).to_have_count(1)


async def test_blocking_closes_the_chat_until_it_is_taken_back(chat: Page) -> None:
    await chat.get_by_role("button", name="Chặn bot").click()
    await expect(chat.get_by_text("Bạn đã chặn bot")).to_be_visible()
    await expect(chat.get_by_label("Nhập tin nhắn")).to_be_hidden()
    await chat.get_by_role("button", name="Bỏ chặn").click()
    await expect(chat.get_by_label("Nhập tin nhắn")).to_be_visible()


async def test_commands_are_a_menu(chat: Page) -> None:
    await chat.get_by_role("button", name="Lệnh của bot").click()
    await chat.get_by_role("button", name="/baocao Gửi phản ánh mới").click()
    await expect(bubble(chat, "Viết: /baocao")).to_be_visible()


async def test_people_have_chats_of_their_own(chat: Page) -> None:
    await chat.get_by_role("button", name="Bắt đầu").click()
    await expect(bubble(chat, "Xin chào")).to_be_visible()
    await chat.get_by_role("button", name="Minh").click()
    await expect(bubble(chat, "Xin chào")).to_have_count(0)
    await chat.get_by_role("button", name="Thêm người").click()
    await chat.get_by_label("Tên người dân mới").fill("Bác Tư")
    await chat.get_by_role("dialog").get_by_role("button", name="Thêm người").click()
    await expect(chat.get_by_role("button", name="Bác Tư")).to_have_attribute("aria-current", "true")
    await chat.get_by_role("button", name="Lan").click()
    await expect(bubble(chat, "Xin chào")).to_be_visible()


async def test_message_for_somebody_else_is_counted(chat: Page, sim: Simulator) -> None:
    await chat.get_by_role("button", name="Bắt đầu").click()
    await expect(bubble(chat, "Xin chào")).to_be_visible()
    await chat.get_by_role("button", name="Minh").click()
    lan = next(person for person in sim.people.values() if person.first_name == "Lan")
    sim.add_message(sim.chat(lan.id), sim.bot, {"text": "Đã xử lý"})
    await expect(chat.get_by_role("button", name="Lan")).to_contain_text("1 tin chưa đọc")
    await chat.get_by_role("button", name="Lan").click()
    await expect(bubble(chat, "Đã xử lý")).to_be_visible()


async def test_deep_link_and_english(chat: Page) -> None:
    await chat.goto(f"{chat.url}?lang=en&start=lamp_12")
    await chat.get_by_role("button", name="Start", exact=True).click()
    await expect(bubble(chat, "/start lamp_12")).to_be_visible()
    await expect(bubble(chat, "Xin chào lamp_12")).to_be_visible()
    await expect(chat.locator("html")).to_have_attribute("lang", "en")


async def test_page_fits_a_phone_and_a_desk(chat: Page) -> None:
    width = "document.documentElement.scrollWidth"
    assert await chat.evaluate(width) == 390
    await expect(chat.get_by_role("heading", name="Thử điều này")).to_be_hidden()
    await chat.get_by_role("button", name="Thử điều này").click()
    await expect(chat.get_by_role("heading", name="Thử điều này")).to_be_visible()
    await chat.keyboard.press("Escape")
    await chat.set_viewport_size({"width": 1280, "height": 800})
    assert await chat.evaluate(width) == 1280
    await expect(chat.get_by_role("heading", name="Thử điều này")).to_be_visible()
    await chat.get_by_role("button", name="den duong hong").click()
    await expect(chat.get_by_label("Nhập tin nhắn")).to_have_value("den duong hong ca tuan nay, toi lam")
