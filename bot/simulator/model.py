"""The few things the simulator remembers. Messages and updates stay plain JSON, as the bot will read them."""

from collections import deque
from typing import Any

from msgspec import Struct, field

Json = dict[str, Any]

MESSAGES_KEPT = 500  # a chat: older ones are forgotten, this is a demo and a test twin
NOTICES_KEPT = 20


class ApiError(Exception):
    """A refusal in the Bot API's own form; ``code`` is also the HTTP status, ``retry_after`` is in seconds."""

    def __init__(
        self, code: int, description: str, retry_after: int | None = None, moved_to: int | None = None
    ) -> None:
        super().__init__(description)
        self.moved_to = moved_to
        self.code = code
        self.description = description
        self.retry_after = retry_after

    def as_json(self) -> Json:
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        if self.moved_to is not None:
            answer["parameters"] = {"migrate_to_chat_id": self.moved_to}
        return answer


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


class Person(Struct):
    """Somebody with a Telegram account. ``language_code`` is the language of their Telegram, e.g. ``vi``."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "vi"
    phone: str = ""

    def names(self) -> Json:
        names = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {key: value for key, value in names.items() if value is not None}

    def as_user(self) -> Json:
        user: Json = {"id": self.id, "is_bot": False, **self.names()}
        return user | ({"language_code": self.language_code} if self.language_code else {})


class Chat(Struct):
    """One chat, private or group. ``version`` grows with each change, so a watcher can ask "what is new since"."""

    id: int
    title: str | None = None  # groups only
    members: set[int] = field(default_factory=set)
    started: bool = False  # the person has written at least once: only then may the bot write
    blocked: bool = False  # the person blocked the bot, or the bot was removed from the group
    moved_to: int | None = None  # a group that became a supergroup: its new number
    version: int = 0
    messages: dict[int, Json] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)  # message id -> version; deleted messages stay here
    keyboard: Json | None = None  # the reply keyboard (or force_reply) shown under the input
    under_keyboard: set[int] = field(default_factory=set)  # messages sent with one: Telegram lets nobody edit those
    action: str | None = None  # "typing" and the like, until the bot's next message
    action_version: int = 0
    notices: deque[Json] = field(default_factory=lambda: deque(maxlen=NOTICES_KEPT))

    @property
    def is_group(self) -> bool:
        return self.title is not None

    def changes(self, since: int) -> Json:
        """What a screen must redraw: messages new or edited, ids deleted, and the state around them."""
        touched = [key for key, version in self.changed.items() if version > since]
        return {
            "chat_id": self.id,
            "version": self.version,
            "messages": [
                self.messages[key] | {"version": self.changed[key]} for key in touched if key in self.messages
            ],
            "deleted": [key for key in touched if key not in self.messages],
            "keyboard": self.keyboard,
            "action": self.action if self.action_version > since else None,
            "notices": [notice for notice in self.notices if notice["version"] > since],
            "started": self.started,
            "blocked": self.blocked,
        }

    def trim(self) -> None:
        for key in list(self.changed)[:-MESSAGES_KEPT]:
            del self.changed[key]
            self.messages.pop(key, None)
            self.under_keyboard.discard(key)


class Call(Struct):
    """One call the bot made. ``params`` as sent, JSON parameters decoded, files as ``{name, mime_type, size}``."""

    id: int
    method: str
    params: Json
    chat_id: int | None
    time: float
    status: int = 0  # HTTP status of the answer; 0 while it is being worked on
    description: str | None = None
    result: Any = None


class Fault(Struct):
    """An error to answer instead of doing ``method`` (any case, ``*`` for all; ``download`` is a file download).

    ``times=None`` means until removed; ``chat_id`` limits it to one chat; ``retry_after`` is in seconds.
    """

    method: str
    status: int
    retry_after: int | None = None
    times: int | None = None
    chat_id: int | None = None
    description: str | None = None
    id: int = 0

    def error(self) -> ApiError:
        usual = {
            403: "Forbidden: bot was blocked by the user",
            429: f"Too Many Requests: retry after {self.retry_after or 1}",
            500: "Internal Server Error",
            502: "Bad Gateway",
        }
        retry_after = (self.retry_after or 1) if self.status == 429 else None
        return ApiError(self.status, self.description or usual.get(self.status, "Bad Request"), retry_after)


class Hold(Struct):
    """Keeps back the answer to the next ``times`` calls of ``method``: done and recorded, but not yet answered."""

    method: str
    chat_id: int | None = None
    times: int = 1
    id: int = 0
    caught: list[Call] = []
    released: bool = False


class Delivery(Struct):
    """How a webhook is disturbed: each update twice, the newest waiting update first, or each first with a false proof
    of where it comes from."""

    duplicate: bool = False
    reorder: bool = False
    forge: bool = False


def applies(rule: Fault | Hold, method: str, chat_id: int | None) -> bool:
    return rule.method.lower() in ("*", method.lower()) and rule.chat_id in (None, chat_id)
