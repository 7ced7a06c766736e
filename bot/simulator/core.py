"""The simulator itself, without HTTP: state, people, chats, messages, faults."""

import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any, TypeVar

from .files import FileStore
from .model import ApiError, Call, Chat, Fault, Hold, Json, Person, applies, bad
from .params import Params
from .pulse import Pulse
from .text import find_entities
from .updates import Updates

CALLS_KEPT = 5_000
QUERIES_KEPT = 1_000
T = TypeVar("T")

_TOKEN = re.compile(r"\d+:[\w-]+")


class Simulator:
    """One bot and the people who talk to it. ``kind`` is the channel's name, ``prefix`` where it is served.

    ``dispatch.call`` is what the bot does; ``actor.Actor`` is what a person does. Ids of updates and messages start
    at the present second, so that a restart never repeats those a bot has already written down.
    """

    kind = "telegram"
    prefix = ""

    def __init__(self, token: str, *, username: str = "phananh_bot", name: str = "Phản ánh hiện trường") -> None:
        if not _TOKEN.fullmatch(token):
            raise ValueError("a bot token looks like 123456:ABC-def")
        first_id = int(time.time())
        self.token = token
        self.bot: Json = {
            "id": int(token.split(":")[0]),
            "is_bot": True,
            "first_name": name,
            "username": username,
        }
        self.epoch = secrets.token_hex(4)  # tells a page that was open before a restart to start over
        self.pulse = Pulse()
        self.files = FileStore()
        self.updates = Updates(first_id, self.pulse)
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.methods: dict[str, Any] = {}  # another platform's, by small letters; empty: Telegram's
        self.faults: list[Fault] = []
        self.holds: dict[int, Hold] = {}
        self.queries: dict[str, int] = {}  # unanswered callback query id -> chat id
        self.profile: dict[tuple[str, str], str] = {}  # (what, language) -> text
        self.commands: dict[tuple[str, str], list[Json]] = {}  # (scope, language) -> commands
        self.menu_buttons: dict[int, Json] = {}  # by chat id, 0 for the default
        self._message_ids = count(first_id)
        self._person_ids = count(700_000_001)
        self.numbers = count(1)  # ids of calls, faults and holds
        self._versions = count(1)

    # --- people and chats

    def add_person(self, first_name: str, *, person_id: int | None = None, **details: str | None) -> Person:
        """Somebody new with a private chat. ``details``: last_name, username, language_code."""
        person = Person(person_id or next(self._person_ids), first_name, **details)  # type: ignore[arg-type]  # str | None each
        person.phone = f"+84{900_000_000 + person.id % 100_000_000}"
        if person.id in self.people:
            raise ApiError(409, f"person {person.id} exists")
        self.people[person.id] = person
        self.chats[person.id] = Chat(person.id, members={person.id})
        self.touch(self.chats[person.id])
        return person

    def add_group(self, title: str, members: list[int], *, chat_id: int | None = None) -> Chat:
        """A group with the bot and these people in it; the bot learns that it was added, unless ``chat_id`` says that
        it is one from before."""
        founder = self.person(members[0])
        number = chat_id or -1_000_000_000_000 - next(self._person_ids)
        chat = Chat(number, title, set(members), started=True)
        self.chats[chat.id] = chat
        if chat_id is None:
            self.member_changed(chat, founder, "left", "member")
            self.add_message(chat, founder.as_user(), {"new_chat_members": [self.bot]}, tell_bot=True)
        self.touch(chat)
        return chat

    def upgrade_group(self, old: Chat) -> Chat:
        """The group becomes a supergroup under another number; both say so."""
        founder = self.person(min(old.members))
        new = Chat(-1_000_000_000_000 - next(self._person_ids), old.title, set(old.members), started=True)
        self.chats[new.id] = new
        old.moved_to = new.id
        self.add_message(old, founder.as_user(), {"migrate_to_chat_id": new.id}, tell_bot=True)
        self.add_message(new, founder.as_user(), {"migrate_from_chat_id": old.id}, tell_bot=True)
        return new

    def person(self, person_id: int) -> Person:
        if person_id not in self.people:
            raise ApiError(404, f"no person {person_id}")
        return self.people[person_id]

    def chat(self, chat_id: int) -> Chat:
        if chat_id not in self.chats:
            raise ApiError(404, f"no chat {chat_id}")
        return self.chats[chat_id]

    def reachable(self, params: Params) -> Chat:
        """The chat a call is about, if the bot may write there."""
        if not params.text("chat_id"):
            raise bad("chat_id is empty")
        chat = self.chats.get(params.chat_id() or 0)
        if chat is None:
            raise bad("chat not found")
        if chat.moved_to is not None:
            raise ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", moved_to=chat.moved_to)
        if chat.blocked:
            why = "kicked from the supergroup chat" if chat.is_group else "blocked by the user"
            raise ApiError(403, f"Forbidden: bot was {why}")
        if not chat.started:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def chat_json(self, chat: Chat) -> Json:
        if chat.is_group:
            return {"id": chat.id, "type": "supergroup", "title": chat.title}
        return {"id": chat.id, "type": "private", **self.people[chat.id].names()}

    def member_changed(self, chat: Chat, by: Person, old: str, new: str) -> None:
        """Tells the bot that it was blocked, unblocked, added or removed."""
        change = {"chat": self.chat_json(chat), "from": by.as_user(), "date": int(time.time())}
        states = {
            key: {"status": status, "user": self.bot} | ({"until_date": 0} if status == "kicked" else {})
            for key, status in (("old_chat_member", old), ("new_chat_member", new))
        }
        self.updates.put("my_chat_member", change | states)

    # --- messages

    def add_message(
        self, chat: Chat, sender: Json, body: Json, *, reply_to: int | None = None, tell_bot: bool = False
    ) -> Json:
        """Puts a message into a chat; ``tell_bot`` also queues the update, if the bot may read it."""
        message: Json = {
            "message_id": next(self._message_ids),
            "from": sender,
            "chat": self.chat_json(chat),
            "date": int(time.time()),
            **body,
        }
        if reply_to is not None:
            if reply_to not in chat.messages:
                raise bad("message to be replied not found")
            quoted = chat.messages[reply_to]
            message["reply_to_message"] = {k: v for k, v in quoted.items() if k != "reply_to_message"}
        chat.messages[message["message_id"]] = message
        if sender["is_bot"]:
            chat.action = None
        self.touch(chat, message["message_id"])
        chat.trim()
        if tell_bot and self.may_read(chat, message):
            self.updates.put("message", message)
        return message

    def may_read(self, chat: Chat, message: Json) -> bool:
        """Privacy mode: in a group a bot sees commands, replies to itself, mentions and service messages only."""
        if not chat.is_group or message.keys() & {"new_chat_members", "migrate_to_chat_id", "migrate_from_chat_id"}:
            return True
        text = message.get("text") or message.get("caption") or ""
        replied = message.get("reply_to_message", {}).get("from", {})
        own_name = f"@{self.bot['username']}".lower()
        command = text.split(maxsplit=1)[0].lower() if text.startswith("/") else ""
        addressed = bool(command) and ("@" not in command or command.endswith(own_name))
        mentioned = any(found["type"] == "mention" and own_name in text.lower() for found in find_entities(text))
        return addressed or mentioned or replied.get("id") == self.bot["id"]

    def touch(self, chat: Chat, message_id: int | None = None) -> int:
        """Marks a chat, and maybe one message of it, as changed; returns the new version."""
        chat.version = next(self._versions)
        if message_id is not None:
            chat.changed.pop(message_id, None)
            chat.changed[message_id] = chat.version
        self.pulse.fire()
        return chat.version

    # --- what tests ask for

    def fail_if_asked(self, method: str, chat_id: int | None) -> None:
        """Raises the first fault set for this method and chat, and counts it."""
        for fault in self.faults:
            if applies(fault, method, chat_id):
                if fault.times is not None:
                    fault.times -= 1
                    self.faults = [one for one in self.faults if one.times != 0]
                raise fault.error()

    def set_fault(self, fault: Fault) -> Fault:
        fault.id = next(self.numbers)
        self.faults.append(fault)
        return fault

    def set_hold(self, hold: Hold) -> Hold:
        hold.id = next(self.numbers)
        self.holds[hold.id] = hold
        return hold

    def release(self, hold: Hold) -> None:
        """Lets the answers go that ``hold`` kept, and catches no more."""
        hold.released = True
        self.holds.pop(hold.id, None)
        self.pulse.fire()

    async def wait_for(self, read: Callable[[], T], timeout: float = 5.0) -> T:  # noqa: ASYNC109 - see Pulse
        """``read()`` as soon as it is truthy; TimeoutError after ``timeout`` seconds."""
        value = await self.pulse.until(read, timeout)
        if not value:
            raise TimeoutError(f"nothing like it within {timeout} s")
        return value
