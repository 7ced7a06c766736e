"""A Telegram update becomes what the dialogue understands."""

from typing import Any

import msgspec
import telegram
from telegram import ChatMember, Message, Update
from telegram.constants import ChatType

from app.i18n import pick
from bot.conversation import channel as conversation
from bot.conversation.channel import Heard, Person
from bot.conversation.model import NO_PHOTO, ChannelFile, Incoming, command_in

ALLOWED_UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]

_OUT = (ChatMember.LEFT, ChatMember.BANNED)


def arrived(raw: dict[str, Any]) -> conversation.Update:
    """An update, as it came, with the chat whose order it belongs to. Raises KeyError or ValueError for what is none.

    However odd the rest of it may be, it is taken: reading it is another step, which may fail without harm.
    """
    update_id = raw["update_id"]
    if not isinstance(update_id, int) or not 0 <= update_id < 2**63:
        raise ValueError("an update's number is a whole one")
    said = next((raw[kind] for kind in ALLOWED_UPDATES if kind in raw), None)
    ways = (("chat", "id"), ("message", "chat", "id"), ("from", "id"))
    chat_id = next((found for way in ways if (found := _at(said, *way)) is not None), 0)
    return conversation.Update(update_id, str(chat_id), raw)


def _at(thing: Any, *way: str) -> Any:
    for step in way:
        thing = thing.get(step) if isinstance(thing, dict) else None
    return thing


def hear(update: Update, bot: str) -> Heard | None:
    """Who did what; None when there is nothing to say to it, such as a group's own talk or a moving live location."""
    user, chat = update.effective_user, update.effective_chat
    if user is None or chat is None or (user.is_bot and update.my_chat_member is None):
        return None
    person = Person(str(user.id), user.full_name[:200], pick(user.language_code))
    key = f"{bot}:{update.update_id}"
    if chat.type != ChatType.PRIVATE:
        return _in_group(update, person, key, (chat.title or "")[:200], our_id=bot.rpartition(":")[2])
    if update.my_chat_member is not None:
        left = update.my_chat_member.new_chat_member.status in _OUT
        return Heard(person, left="blocked by the person" if left else "")
    if query := update.callback_query:
        pressed = query.message.message_id if query.message else 0
        return Heard(person, Incoming(key=key, press=query.data or "?", pressed=pressed), press_id=query.id)
    message = update.effective_message
    incoming = _incoming(message, key, edited=update.edited_message is not None) if message else None
    return Heard(person, incoming) if incoming else None


def _in_group(update: Update, person: Person, key: str, title: str, our_id: str) -> Heard | None:
    """We were added or removed, the group got another number, or somebody means us: by a command, a button, a reply."""
    basics: dict[str, Any] = {"in_group": True, "group": title}
    if member := update.my_chat_member:
        was_out, is_out = (m.status in _OUT for m in (member.old_chat_member, member.new_chat_member))
        if is_out:
            return Heard(person, left="removed from the group", in_group=True)
        return Heard(person, Incoming(key=key, **basics), in_group=True) if was_out else None
    if query := update.callback_query:
        pressed = query.message.message_id if query.message else 0
        incoming = Incoming(key=key, press=query.data or "?", pressed=pressed, **basics)
        return Heard(person, incoming, press_id=query.id, in_group=True)
    message = update.message
    if message is None:
        return None
    if message.migrate_to_chat_id:
        return Heard(person, in_group=True, moved_to=str(message.migrate_to_chat_id))
    ours = message.reply_to_message
    to_us = ours is not None and ours.from_user is not None and str(ours.from_user.id) == our_id
    if not to_us and not (message.text or "").startswith("/"):
        return None
    found = _incoming(message, key, edited=False)
    return Heard(person, msgspec.structs.replace(found, **basics), in_group=True) if found else None


def _incoming(message: Message, key: str, *, edited: bool) -> Incoming | None:
    # A NUL is no character to a database; marked like this it is told as unreadable.
    text = (message.text or message.caption or "").replace("\x00", "\ufffd")
    basics: dict[str, Any] = {"key": key, "number": message.message_id, "text": text, "reply_to": _replied(message)}
    if edited:
        return None if message.location else Incoming(**basics, edited=True)
    if files := _pictures(message):
        return Incoming(**basics, files=files, album=message.media_group_id is not None)
    if place := message.venue or message.location:
        return Incoming(**basics, **_place(place))
    if contact := message.contact:
        own = message.from_user is not None and contact.user_id == message.from_user.id
        return Incoming(**basics, phone=contact.phone_number) if own else Incoming(**basics, foreign_contact=True)
    if kind := _no_photo(message):
        return Incoming(**basics, cannot_use=kind)
    if not text:
        return None
    if command := command_in(text):
        return Incoming(**basics, command=command[0], argument=command[1])
    return Incoming(**basics)


def _replied(message: Message) -> str:
    """What we said in the message this one replies to."""
    ours = message.reply_to_message
    if ours is None or ours.from_user is None or not ours.from_user.is_bot:
        return ""
    return ours.text or ours.caption or ""


def _place(place: telegram.Venue | telegram.Location) -> dict[str, Any]:
    if isinstance(place, telegram.Venue):
        name = ", ".join(part for part in (place.title, place.address) if part)
        return {"point": (place.location.latitude, place.location.longitude), "venue": name}
    return {"point": (place.latitude, place.longitude)}


def _pictures(message: Message) -> tuple[ChannelFile, ...]:
    """The largest size of a photo, or a picture sent as a file, which keeps what the camera wrote into it."""
    if message.photo:
        best = message.photo[-1]
        return (ChannelFile(best.file_id, best.file_unique_id, best.file_size),)
    document = message.document
    if document and not message.animation and (document.mime_type or _UNKNOWN).startswith(("image/", _UNKNOWN)):
        name = (document.file_name or "")[:60].replace("\x00", "")
        return (ChannelFile(document.file_id, document.file_unique_id, document.file_size, name),)
    return ()


_UNKNOWN = "application/octet-stream"


def _no_photo(message: Message) -> NO_PHOTO | None:
    if message.voice or message.audio:
        return "voice"
    if message.video or message.video_note or message.animation:
        return "video"
    if document := message.document:
        return "video" if (document.mime_type or "").startswith("video/") else "file"
    if message.sticker:
        return "sticker"
    return "other" if message.effective_attachment is not None else None
