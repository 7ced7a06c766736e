"""getUpdates: waiting, acknowledging, quarrels between pollers; and an Application that polls."""

import asyncio

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import Conflict
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes, MessageHandler, filters

from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from tests.simulator.conftest import TOKEN, bot_for


async def test_updates_come_again_until_they_are_acknowledged(bot: Bot, lan: SimUser) -> None:
    await lan.text("một")
    await lan.text("hai")
    first = await bot.get_updates()
    assert [update.message.text for update in first if update.message] == ["một", "hai"]
    assert [update.update_id for update in await bot.get_updates()] == [update.update_id for update in first]
    assert first[1].update_id == first[0].update_id + 1
    [left] = await bot.get_updates(offset=first[1].update_id)
    assert left.update_id == first[1].update_id
    assert await bot.get_updates(offset=left.update_id + 1) == ()


async def test_limit_and_negative_offset_are_kept(bot: Bot, lan: SimUser) -> None:
    for word in ("một", "hai", "ba"):
        await lan.text(word)
    assert len(await bot.get_updates(limit=2)) == 2
    [last] = await bot.get_updates(offset=-1)
    assert last.message
    assert last.message.text == "ba"
    assert len(await bot.get_updates()) == 1


async def test_long_poll_answers_as_soon_as_somebody_writes(bot: Bot, lan: SimUser, core: Simulator) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await core.wait_for(lambda: core.updates._polling)
    await lan.text("xin chào")
    [update] = await asyncio.wait_for(poll, 25)
    assert update.message
    assert update.message.text == "xin chào"


async def test_newer_poll_ends_the_older_one(bot: Bot, lan: SimUser, core: Simulator, base_url: str) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await core.wait_for(lambda: core.updates._polling)
    async with bot_for(base_url) as second_process:
        newer = asyncio.create_task(second_process.get_updates(timeout=30))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older
        await lan.text("xin chào")
        assert len(await newer) == 1


async def test_polling_conflicts_with_a_webhook(bot: Bot, lan: SimUser, core: Simulator) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await core.wait_for(lambda: core.updates._polling)
    await bot.set_webhook("https://example.invalid/telegram")
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll
    with pytest.raises(Conflict, match="webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_only_kinds_asked_for_are_kept(bot: Bot, lan: SimUser, sim: SimClient) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await lan.text("không ai nghe")
    assert await bot.get_updates() == ()
    await bot.get_updates(allowed_updates=[])
    await lan.text("nghe đây")
    assert await sim.inject("chat_member", {}) is None  # not among the usual kinds
    assert len(await bot.get_updates()) == 1


async def test_ids_of_a_later_run_are_higher(lan: SimUser) -> None:
    first, later = Simulator(TOKEN), Simulator(TOKEN)
    later_person, first_person = later.add_person("Lan"), first.add_person("Lan")
    assert first.updates._next_id > 1_700_000_000  # the present second, so above all a run of before used
    assert later_person.id == first_person.id


async def start(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_message
    markup = InlineKeyboardMarkup([[InlineKeyboardButton("Đèn", callback_data="lamp")]])
    await update.effective_message.reply_html("Xin <b>chào</b>!", reply_markup=markup)


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_message
    await update.effective_message.reply_text(f"Bạn viết: {update.effective_message.text}")


async def pressed(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.callback_query
    await update.callback_query.answer("Đã nhận")
    await update.callback_query.edit_message_text(f"Đã chọn {update.callback_query.data}")


async def test_polling_application_answers(base_url: str, lan: SimUser) -> None:
    builder = Application.builder().token(TOKEN).base_url(f"{base_url}/bot").base_file_url(f"{base_url}/file/bot")
    application = builder.build()
    application.add_handlers(
        [CommandHandler("start", start), MessageHandler(filters.TEXT, echo), CallbackQueryHandler(pressed)]
    )
    async with application:
        await application.start()
        assert application.updater
        await application.updater.start_polling(timeout=5)
        await lan.text("/start")
        await lan.wait("Xin chào!")
        await lan.press("Đèn")
        assert (await lan.notice())["text"] == "Đã nhận"
        answer = await lan.wait("Đã chọn lamp")
        assert answer.edited
        assert answer.buttons == []
        await lan.text("đèn hỏng")
        await lan.wait("Bạn viết: đèn hỏng")
        await application.updater.stop()
        await application.stop()
