"""Edits and deletions, commands and descriptions, through the real python-telegram-bot."""

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    Message,
    ReplyKeyboardMarkup,
)
from telegram.error import BadRequest

from bot.simulator.client import SimClient, SimUser
from tests.simulator.samples import photo

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Gửi", callback_data="send")]])


async def test_edit_changes_text_and_takes_an_absent_keyboard_away(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "đang gửi", reply_markup=KEYBOARD)
    edited = await bot.edit_message_text("<b>đã gửi</b>", lan.id, sent.message_id, parse_mode="HTML")
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup, edited.entities[0].type) == ("đã gửi", None, "bold")
    assert edited.edit_date
    [shown] = [message for message in await lan.messages() if message.id == sent.message_id]
    assert (shown.text, shown.buttons) == ("đã gửi", [])


async def test_edit_that_changes_nothing_is_refused(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "như cũ", reply_markup=KEYBOARD)
    for _ in range(2):
        with pytest.raises(BadRequest, match="is not modified"):
            await bot.edit_message_text("như cũ", lan.id, sent.message_id, reply_markup=KEYBOARD)
    with pytest.raises(BadRequest, match="is not modified"):
        await bot.edit_message_reply_markup(lan.id, sent.message_id, reply_markup=KEYBOARD)


async def test_markup_alone_is_edited(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "Gửi chưa?", reply_markup=KEYBOARD)
    edited = await bot.edit_message_reply_markup(lan.id, sent.message_id, reply_markup=None)
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup) == ("Gửi chưa?", None)


async def test_caption_is_edited(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_photo(lan.id, photo(), caption="trước")
    edited = await bot.edit_message_caption(lan.id, sent.message_id, caption="sau", reply_markup=KEYBOARD)
    assert isinstance(edited, Message)
    assert (edited.caption, edited.photo, edited.reply_markup) == ("sau", sent.photo, KEYBOARD)
    with pytest.raises(BadRequest, match="no text in the message"):
        await bot.edit_message_text("x", lan.id, sent.message_id)


async def test_what_cannot_be_edited_is_refused(bot: Bot, lan: SimUser) -> None:
    own = await lan.text("của tôi")
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("của bot", lan.id, own.id)
    with pytest.raises(BadRequest, match="edit not found"):
        await bot.edit_message_text("của bot", lan.id, 1)
    under = await bot.send_message(lan.id, "?", reply_markup=ReplyKeyboardMarkup([["Có"]]))
    with pytest.raises(BadRequest, match="can't be edited"):
        await bot.edit_message_text("!", lan.id, under.message_id)
    text = await bot.send_message(lan.id, "chữ")
    with pytest.raises(BadRequest, match="no caption in the message"):
        await bot.edit_message_caption(lan.id, text.message_id, caption="x")


async def test_deleted_message_is_gone(bot: Bot, lan: SimUser) -> None:
    sent = await bot.send_message(lan.id, "xoá đi")
    seen = await lan.sim.get(f"chats/{lan.id}/messages")
    assert await bot.delete_message(lan.id, sent.message_id)
    changes = await lan.sim.get(f"chats/{lan.id}/messages", after=seen["version"])
    assert (changes["deleted"], changes["messages"]) == ([sent.message_id], [])
    with pytest.raises(BadRequest, match="delete not found"):
        await bot.delete_message(lan.id, sent.message_id)


async def test_commands_are_kept_by_scope_and_language(bot: Bot, lan: SimUser, sim: SimClient) -> None:
    emma = await sim.user("Emma", language="en")
    await bot.set_my_commands([BotCommand("baocao", "Gửi phản ánh")])
    await bot.set_my_commands(
        [BotCommand("report", "Send a report")], scope=BotCommandScopeAllPrivateChats(), language_code="en"
    )
    assert [command.command for command in await bot.get_my_commands()] == ["baocao"]
    seen = {user.id: await sim.get(f"chats/{user.id}/messages") for user in (lan, emma)}
    assert [command["command"] for command in seen[lan.id]["commands"]] == ["baocao"]
    assert [command["command"] for command in seen[emma.id]["commands"]] == ["report"]
    await bot.set_my_commands([BotCommand("vieccuatoi", "Việc của tôi")], scope=BotCommandScopeChat(lan.id))
    assert (await sim.get(f"chats/{lan.id}/messages"))["commands"][0]["command"] == "vieccuatoi"
    await bot.delete_my_commands(scope=BotCommandScopeChat(lan.id))
    assert (await sim.get(f"chats/{lan.id}/messages"))["commands"][0]["command"] == "baocao"
    with pytest.raises(BadRequest, match=r"(?i)bot_command_invalid"):
        await bot.set_my_commands([BotCommand("Báo cáo", "x")])


async def test_descriptions_are_kept_by_language(bot: Bot, lan: SimUser, sim: SimClient) -> None:
    emma = await sim.user("Emma", language="en")
    await bot.set_my_description("Gửi phản ánh hiện trường")
    await bot.set_my_description("Report a problem", language_code="en")
    await bot.set_my_short_description("Phản ánh")
    assert (await bot.get_my_description("en")).description == "Report a problem"
    assert (await bot.get_my_short_description()).short_description == "Phản ánh"
    assert (await sim.get(f"chats/{lan.id}/messages"))["description"] == "Gửi phản ánh hiện trường"
    assert (await sim.get(f"chats/{emma.id}/messages"))["description"] == "Report a problem"
    with pytest.raises(BadRequest, match="is too long"):
        await bot.set_my_short_description("x" * 121)


async def test_menu_button_is_kept(bot: Bot, lan: SimUser) -> None:
    await bot.set_chat_menu_button(lan.id, MenuButtonCommands())
    assert (await bot.get_chat_menu_button(lan.id)).type == "commands"
    assert (await bot.get_chat_menu_button()).type == "default"
