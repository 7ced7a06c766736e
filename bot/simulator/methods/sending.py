"""Texts, places and "is typing". ``post`` is how every sending method ends."""

from ..core import Simulator
from ..markup import split_markup
from ..model import Chat, Json, bad
from ..params import Params
from ..text import check_text, read_text

_ACTIONS = {
    "typing",
    *(f"upload_{what}" for what in ("photo", "video", "voice", "document", "video_note")),
    *(f"record_{what}" for what in ("video", "voice", "video_note")),
    "choose_sticker",
    "find_location",
}
LIVE_FOREVER = 0x7FFFFFFF  # a live location without an end


def post(sim: Simulator, chat: Chat, params: Params, body: Json) -> Json:
    """Puts the bot's message into the chat with the keyboard and the reply the call asks for."""
    inline, under_input = split_markup(params.json("reply_markup"))
    if inline:
        body = body | {"reply_markup": inline}
    message = sim.add_message(chat, sim.bot, body, reply_to=reply_to(chat, params))
    if under_input:
        chat.keyboard = None if under_input.get("remove_keyboard") else under_input
        chat.under_keyboard.add(message["message_id"])
        sim.touch(chat)
    return message


def reply_to(chat: Chat, params: Params) -> int | None:
    reply = params.json("reply_parameters") or {}
    message_id = reply.get("message_id") or params.whole("reply_to_message_id")
    if not message_id:
        return None
    lenient = reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply")
    return None if lenient and message_id not in chat.messages else int(message_id)


def place(params: Params) -> Json:
    """The point a call or a person gives, with what makes it a live location."""
    point: Json = {"latitude": params.number("latitude"), "longitude": params.number("longitude")}
    if not (-90 <= point["latitude"] <= 90 and -180 <= point["longitude"] <= 180):
        raise bad("wrong coordinates")
    if params.has("horizontal_accuracy"):
        point["horizontal_accuracy"] = params.number("horizontal_accuracy")
    period = params.whole("live_period")
    if period and not (60 <= period <= 86_400 or period == LIVE_FOREVER):
        raise bad("wrong live location period specified")
    return point | ({"live_period": period} if period else {})


async def send_message(sim: Simulator, params: Params) -> Json:
    chat = sim.reachable(params)
    text, entities = read_text(params.text("text"), params.text("parse_mode"), params.json("entities"))
    check_text(text)
    body: Json = {"text": text} | ({"entities": entities} if entities else {})
    if options := params.json("link_preview_options"):
        body["link_preview_options"] = options
    return post(sim, chat, params, body)


async def send_location(sim: Simulator, params: Params) -> Json:
    return post(sim, sim.reachable(params), params, {"location": place(params)})


async def send_venue(sim: Simulator, params: Params) -> Json:
    chat = sim.reachable(params)
    venue = {name: params.required_text(name) for name in ("title", "address")}
    point = place(params)
    return post(sim, chat, params, {"venue": {"location": point, **venue}, "location": point})


async def send_chat_action(sim: Simulator, params: Params) -> bool:
    chat = sim.reachable(params)
    if params.text("action") not in _ACTIONS:
        raise bad("wrong parameter action in request")
    chat.action = params.text("action")
    chat.action_version = sim.touch(chat)
    return True


METHODS = {
    "sendMessage": send_message,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendChatAction": send_chat_action,
}
