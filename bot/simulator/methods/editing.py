"""Changing what was sent: edits, deletion, answers to pressed buttons."""

import time

from ..core import Simulator
from ..markup import inline_only
from ..model import Chat, Json, bad
from ..params import Params
from ..text import check_text, read_text
from .media import caption

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)


async def edit_message_text(sim: Simulator, params: Params) -> Json:
    chat, message = _own_message(sim, params)
    if "text" not in message:
        raise bad("there is no text in the message to edit")
    text, entities = read_text(params.text("text"), params.text("parse_mode"), params.json("entities"))
    check_text(text)
    return _edit(sim, chat, message, {"text": text} | ({"entities": entities} if entities else {}), params)


async def edit_message_caption(sim: Simulator, params: Params) -> Json:
    chat, message = _own_message(sim, params)
    if not message.keys() & {"photo", "document", "video", "voice"}:
        raise bad("there is no caption in the message to edit")
    return _edit(sim, chat, message, caption(params), params)


async def edit_message_reply_markup(sim: Simulator, params: Params) -> Json:
    chat, message = _own_message(sim, params)
    same: Json = {key: message[key] for key in ("text", "entities", "caption", "caption_entities") if key in message}
    return _edit(sim, chat, message, same, params)


async def delete_message(sim: Simulator, params: Params) -> bool:
    chat = sim.reachable(params)
    message = chat.messages.get(params.whole("message_id"))
    if message is None:
        raise bad("message to delete not found")
    if chat.is_group and message["from"]["id"] != sim.bot["id"]:
        raise bad("message can't be deleted")  # only an administrator could, and the bot is none
    del chat.messages[message["message_id"]]
    sim.touch(chat, message["message_id"])
    return True


async def answer_callback_query(sim: Simulator, params: Params) -> bool:
    query_id = params.text("callback_query_id")
    chat_id = sim.queries.pop(query_id, None)
    if chat_id is None:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if len(params.text("text")) > 200:
        raise bad("MESSAGE_TOO_LONG")
    chat = sim.chat(chat_id)
    notice = {"text": params.text("text"), "show_alert": params.flag("show_alert"), "query_id": query_id}
    chat.notices.append(notice | {"version": sim.touch(chat)})
    return True


def _own_message(sim: Simulator, params: Params) -> tuple[Chat, Json]:
    chat = sim.reachable(params)
    message_id = params.whole("message_id")
    message = chat.messages.get(message_id)
    if message is None:
        raise bad("message to edit not found")
    if message["from"]["id"] != sim.bot["id"] or message_id in chat.under_keyboard:
        raise bad("message can't be edited")
    return chat, message


def _edit(sim: Simulator, chat: Chat, old: Json, content: Json, params: Params) -> Json:
    """The message with new content. A call without reply_markup takes the keyboard away, as Telegram does."""
    content_keys = {"text", "entities", "caption", "caption_entities", "reply_markup", "edit_date"}
    markup = inline_only(params.json("reply_markup"))
    new = {key: value for key, value in old.items() if key not in content_keys}
    new |= content | ({"reply_markup": markup} if markup else {})
    if new == {key: value for key, value in old.items() if key != "edit_date"}:
        raise bad(_NOT_MODIFIED)
    new["edit_date"] = int(time.time())
    chat.messages[old["message_id"]] = new
    sim.touch(chat, old["message_id"])
    return new


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
}
