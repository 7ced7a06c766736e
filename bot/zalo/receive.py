"""What Zalo brings becomes what the dialogue understands.

Nothing a person sends is met with silence: what we do not know is told as unusable. What they did not send (our own
messages, "seen", reactions) is nothing to us.
"""

import hashlib
from typing import Any

import msgspec

from app.errors import Problem
from app.i18n import DEFAULT
from bot.conversation.channel import Heard, Person, Update
from bot.conversation.model import NO_PHOTO, ChannelFile, Incoming, command_in

Json = dict[str, Any]

PRESS = "#"
"""A button's payload is this and the choice's data; pressed, it arrives as words."""
_PRESS_MOST = 65

_BOT_KINDS: dict[str, NO_PHOTO] = {"message.sticker.received": "sticker", "message.voice.received": "voice"}
_OA_KINDS: dict[str, NO_PHOTO] = {
    "user_send_sticker": "sticker",
    "user_send_audio": "voice",
    "user_send_video": "video",
    "user_send_gif": "video",
    "user_send_file": "file",
}


# ---------------------------------------------------------------- a Zalo Bot


def bot_update(body: Json) -> Update | None:
    """An event, as it came, wrapped in ``result`` or not. Raises KeyError or ValueError for what is none."""
    event = body["result"] if isinstance(body.get("result"), dict) else body
    name, message = str(event["event_name"]), _record(event.get("message"))
    chat_id = _at(message, "chat", "id") or _at(message, "from", "id")
    if not chat_id:
        raise ValueError("an event belongs to a chat")
    if _at(message, "from", "is_bot") is True:
        return None
    return Update(0, str(chat_id), event, _dedupe(name, message.get("message_id"), event), spoke=True)


def hear_bot(event: Json, bot: str) -> Heard | None:
    name, message = str(event["event_name"]), _record(event.get("message"))
    # In a private chat the chat is where the person is written to, whatever else they may be called.
    user = str(_at(message, "chat", "id") or _at(message, "from", "id"))
    person = Person(user, str(_at(message, "from", "display_name") or "")[:200], DEFAULT)
    key = f"{bot}:{_dedupe(name, message.get('message_id'), event)}"
    text = _text(message.get("text")) or _text(message.get("caption"))
    if str(_at(message, "chat", "chat_type") or "PRIVATE").upper() != "PRIVATE":
        return Heard(person, Incoming(key=key, in_group=True)) if text.startswith("/") else None
    basics: Json = {"key": key, "number": _whole(message.get("date")), "text": text}
    if name == "message.image.received" or message.get("photo") or message.get("photo_url"):
        urls = [url for url in (_url(message.get("photo")), _url(message.get("photo_url"))) if url][:1]
        return Heard(person, _pictures(basics, urls))
    if name == "message.text.received" and text:
        return Heard(person, _words(basics))
    return Heard(person, Incoming(**basics, cannot_use=_BOT_KINDS.get(name, "other")))


# ---------------------------------------------------------------- an Official Account


def oa_update(event: Json) -> Update | None:
    """An event, as it came; None for what no person did. Raises KeyError or ValueError for what is none."""
    name = str(event["event_name"])
    if not (name.startswith("user_send_") or name in ("follow", "unfollow")) or name.startswith("user_send_group"):
        return None
    user = _at(event, "sender", "id") or _at(event, "follower", "id") or event.get("user_id")
    if not user:
        raise ValueError("an event belongs to a person")
    message_id = _at(event, "message", "msg_id") or event.get("timestamp")
    # Whoever follows may be greeted; should Zalo not count that as writing, its refusal says so.
    return Update(0, str(user), event, _dedupe(name, message_id, event, str(user)), spoke=name != "unfollow")


def hear_oa(event: Json, bot: str) -> Heard | None:
    update = oa_update(event)
    if update is None:
        return None
    name, message = str(event["event_name"]), _record(event.get("message"))
    person, key = Person(update.chat_id, "", DEFAULT), f"{bot}:{update.dedupe}"
    if name == "unfollow":
        return Heard(person, left="no longer follows")
    if name == "follow":
        return Heard(person, Incoming(key=key, command="start"))
    attachments = [one for one in message.get("attachments") or [] if isinstance(one, dict)]
    text = _text(message.get("text"))
    if name == "user_send_link" and not text:
        text = next((url for one in attachments if (url := _url(_record(one.get("payload"))))), "")
    basics: Json = {"key": key, "number": _whole(event.get("timestamp")), "text": text}
    if point := next((found for one in attachments if (found := _point(one))), None):
        return Heard(person, Incoming(**basics, point=point))
    images = [_url(_record(one.get("payload"))) for one in attachments if one.get("type") == "image"]
    if name == "user_send_image" or images:
        return Heard(person, _pictures(basics, [url for url in images if url]))
    if name in ("user_send_text", "user_send_link") and text:
        if text.startswith(PRESS) and "|" in text and len(text) <= _PRESS_MOST:
            return Heard(person, Incoming(key=key, press=text.removeprefix(PRESS)))
        return Heard(person, _words(basics))
    return Heard(person, Incoming(**basics, cannot_use=_OA_KINDS.get(name, "other")))


# ---------------------------------------------------------------- both


def _words(basics: Json) -> Incoming:
    if command := command_in(basics["text"].strip()):
        return Incoming(**basics, command=command[0], argument=command[1])
    return Incoming(**basics)


def _pictures(basics: Json, urls: list[str]) -> Incoming:
    """Several pictures sent in one go are several events without any mark, so each may be one of an album."""
    if not urls:
        return Incoming(**basics, refused=(Problem("bot.photo_lost", {"name": "1"}),))
    files = tuple(ChannelFile(url, f"{basics['key']}/{number}") for number, url in enumerate(urls))
    return Incoming(**basics, files=files, album=True)


def _dedupe(name: str, number: Any, event: Json, user: str = "") -> str:
    """What an event is known by when it comes again."""
    if not number:
        number = hashlib.sha256(msgspec.json.encode(event, order="deterministic")).hexdigest()
    return f"{name}|{number}" + (f"|{user}" if user else "")


def _record(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _at(thing: Any, *way: str) -> Any:
    for step in way:
        thing = thing.get(step) if isinstance(thing, dict) else None
    return thing


def _text(value: Any) -> str:
    # A NUL is no character to a database; marked like this it is told as unreadable.
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else ""


def _url(value: Any) -> str:
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("url") or value.get("thumbnail") or ""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _whole(value: Any) -> int:
    """Milliseconds since 1970, which come as a number or as text: what messages are ordered by."""
    try:
        number = int(value)
    except (TypeError, ValueError):
        return 0
    return number if 0 <= number < 2**53 else 0


def _point(attachment: Json) -> tuple[float, float] | None:
    """Latitude and longitude, which come as text."""
    pair = _at(attachment, "payload", "coordinates")
    try:
        return float(_at(pair, "latitude")), float(_at(pair, "longitude"))
    except (TypeError, ValueError):
        return None
