"""A person as tests play them: what they do, what they read. Comes from ``SimClient.user``."""

import re
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import httpx

from .model import Json

WAIT_SECONDS = 60.0


class SimError(AssertionError):
    """The simulator refused, or what was waited for did not come. ``status`` is the HTTP status, if any."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Wire:
    """Requests to ``/sim``; refusals become ``SimError``."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._http = httpx.AsyncClient(base_url=f"{base_url}/sim/", timeout=90)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        return await self.request("GET", path, params={k: v for k, v in query.items() if v is not None})

    async def post(self, path: str, body: Json) -> Json:
        answer: Json = await self.request("POST", path, json=body)
        return answer

    async def request(self, method: str, path: str, **arguments: Any) -> Any:
        response = await self._http.request(method, path, **arguments)
        answer = response.json()
        if response.is_error:
            raise SimError(answer.get("description", response.text), response.status_code)
        return answer

    async def file(self, file_id: str) -> bytes:
        """The bytes of a file the bot sent."""
        response = await self._http.get(f"files/{file_id}")
        response.raise_for_status()
        return response.content


class Message:
    """One message of a chat. ``raw`` is the Bot API's own JSON of it."""

    def __init__(self, raw: Json) -> None:
        self.raw = raw
        self.id: int = raw["message_id"]
        self.version: int = raw.get("version", 0)  # grows when it is edited
        self.from_bot: bool = raw["from"]["is_bot"]
        self.edited: bool = "edit_date" in raw

    @property
    def text(self) -> str:
        """The text, or the caption, or nothing."""
        return str(self.raw.get("text") or self.raw.get("caption") or "")

    @property
    def buttons(self) -> list[list[str]]:
        """The words on the buttons inside the message, by row."""
        rows = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return [[button["text"] for button in row] for row in rows]

    @property
    def labels(self) -> list[str]:
        return [label for row in self.buttons for label in row]

    def data(self, label: str) -> str:
        """The callback_data of the button with these words."""
        rows = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return next(str(button["callback_data"]) for row in rows for button in row if button["text"] == label)

    def find(self, pattern: str) -> str:
        """The first part of the text that fits a regular expression."""
        found = re.search(pattern, self.text)
        if found is None:
            raise SimError(f"no {pattern} in {self.text!r}")
        return found.group()

    def __repr__(self) -> str:
        kind = next((name for name in ("photo", "document", "location", "voice") if name in self.raw), "")
        return f"<{'bot' if self.from_bot else 'person'} {self.id} {kind}{self.text!r} {self.buttons or ''}>"


Wanted = str | Callable[[Message], bool]


class SimUser:
    """A person in one chat: their private one with the bot, or a group (see ``in_group``)."""

    def __init__(self, sim: Wire, person: Json, chat_id: int | None = None) -> None:
        self.sim = sim
        self.id: int = person["id"]
        self.chat_id = chat_id or self.id
        self.person = person
        self._since = 0
        self._seen: set[int] = set()  # versions of messages that a wait has returned

    def in_group(self, group: Json) -> "SimUser":
        """The same person, speaking and listening in a group of theirs."""
        return SimUser(self.sim, self.person, group["id"])

    # --- doing: each returns the message (or messages) as the bot got it

    async def text(self, text: str, *, reply_to: int | None = None) -> Message:
        return (await self._do("text", text=text, reply_to=reply_to))[0]

    async def photo(self, data: bytes, *, caption: str = "", reply_to: int | None = None) -> Message:
        """A photo as Telegram sends it: scaled down, without EXIF."""
        return (await self._send_files("photo", [(data, "photo.jpg")], caption, reply_to))[0]

    async def album(self, photos: Sequence[bytes], *, caption: str = "", reply_to: int | None = None) -> list[Message]:
        """Two to ten photos in one go: one update each, one media_group_id, the caption on the first."""
        return await self._send_files("photo", [(data, "photo.jpg") for data in photos], caption, reply_to)

    async def document(self, data: bytes, name: str, *, caption: str = "", reply_to: int | None = None) -> Message:
        """A file, byte for byte: a photo sent this way keeps its EXIF."""
        return (await self._send_files("document", [(data, name)], caption, reply_to))[0]

    async def voice(self, data: bytes, *, duration: int = 3, caption: str = "") -> Message:
        return (await self._send_files("voice", [(data, "voice.oga")], caption, None, duration))[0]

    async def video(self, data: bytes, *, duration: int = 3, caption: str = "") -> Message:
        return (await self._send_files("video", [(data, "video.mp4")], caption, None, duration))[0]

    async def location(self, latitude: float, longitude: float, *, live_period: int | None = None) -> Message:
        """A place; with ``live_period`` in seconds a live location, moved on with ``move``."""
        return (await self._do("location", latitude=latitude, longitude=longitude, live_period=live_period))[0]

    async def venue(self, latitude: float, longitude: float, title: str, address: str) -> Message:
        return (await self._do("venue", latitude=latitude, longitude=longitude, title=title, address=address))[0]

    async def contact(self, *, of: "SimUser | None" = None) -> Message:
        """One's own phone number, or somebody else's."""
        return (await self._do("contact", person_id=of.id if of else None))[0]

    async def edit(self, message: Message, text: str) -> Message:
        """Changes the text, or the caption, of one's own message."""
        field = "text" if "text" in message.raw else "caption"
        return (await self._do("edit", message_id=message.id, change={field: text}))[0]

    async def move(self, live: Message, latitude: float, longitude: float) -> Message:
        change = {"latitude": latitude, "longitude": longitude}
        return (await self._do("edit", message_id=live.id, change=change))[0]

    async def press(self, button: str, *, message: Message | None = None) -> Json:
        """Presses a button by its words or a part of them: the newest message's first, then the keyboard's.

        Returns ``query_id``, or ``url`` for a link. Waits for the button to appear.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        version = 0
        while True:
            try:
                answer = await self._post("press", button=button, message_id=message.id if message else None)
            except SimError as refusal:
                left = deadline - time.monotonic()
                if refusal.status != 404 or left <= 0:
                    raise
                version = (await self._changes(version, left))["version"]
            else:
                self._acted(answer["version"])
                return answer

    async def press_data(self, message: Message, data: str) -> Json:
        """A made-up press with any callback_data, as an attacker could send."""
        answer = await self._post("press", message_id=message.id, data=data)
        self._acted(answer["version"])
        return answer

    async def block(self) -> None:
        """Blocks the bot (in a group: removes it)."""
        await self._do("blocked", blocked=True)

    async def unblock(self) -> None:
        await self._do("blocked", blocked=False)

    # --- reading

    async def wait(self, wanted: Wanted = "", timeout: float = WAIT_SECONDS) -> Message:  # noqa: ASYNC109
        """The bot's oldest message, new or newly edited since this person last did something, that fits.

        ``wanted`` is a part of the text or a condition. A message that an earlier wait returned is not returned
        again until it is edited. Fails after ``timeout`` seconds.
        """
        fits = (lambda message: wanted in message.text) if isinstance(wanted, str) else wanted
        deadline = time.monotonic() + timeout
        news = await self._changes(self._since, 0)
        while True:
            fitting = [one for one in _by_version(news) if self._is_news(one) and fits(one)]
            if fitting:
                self._seen.add(fitting[0].version)
                return fitting[0]
            left = deadline - time.monotonic()
            if left <= 0:
                last = "\n  ".join(map(repr, (await self.messages())[-8:])) or "nothing at all"
                raise SimError(f"{wanted!r} did not come within {timeout} s; the chat has:\n  {last}")
            await self._changes(news["version"], left)
            news = await self._changes(self._since, 0)

    async def messages(self) -> list[Message]:
        """Everything in the chat, oldest first."""
        found = [Message(raw) for raw in (await self._changes(0, 0))["messages"]]
        return sorted(found, key=lambda message: message.id)

    async def notice(self, timeout: float = WAIT_SECONDS) -> Json:  # noqa: ASYNC109
        """The bot's answer to this person's last press: ``{"text", "show_alert", "query_id"}``."""
        deadline = time.monotonic() + timeout
        news = await self._changes(self._since, timeout)
        while not news["notices"] and time.monotonic() < deadline:
            await self._changes(news["version"], deadline - time.monotonic())
            news = await self._changes(self._since, 0)
        if not news["notices"]:
            raise SimError(f"no answer to the press within {timeout} s")
        answer: Json = news["notices"][-1]
        return answer

    async def keyboard(self) -> list[list[str]]:
        """The words on the keyboard under the input, by row."""
        rows = ((await self._changes(0, 0))["keyboard"] or {}).get("keyboard", [])
        return [[key["text"] for key in row] for row in rows]

    def _is_news(self, message: Message) -> bool:
        return message.from_bot and message.version > self._since and message.version not in self._seen

    def _acted(self, version: int) -> None:
        self._since = version

    async def _changes(self, after: int, wait: float) -> Json:
        news: Json = await self.sim.get(f"chats/{self.chat_id}/messages", after=after, wait=wait)
        return news

    async def _post(self, verb: str, **body: Any) -> Json:
        sent = {key: value for key, value in body.items() if value is not None}
        return await self.sim.post(f"chats/{self.chat_id}/{verb}", {"sender": self.id, **sent})

    async def _do(self, verb: str, **body: Any) -> list[Message]:
        return self._sent(await self._post(verb, **body))

    async def _send_files(
        self, kind: str, files: list[tuple[bytes, str]], caption: str, reply_to: int | None, duration: int = 1
    ) -> list[Message]:
        fields = {"sender": str(self.id), "caption": caption, "duration": str(duration)}
        answer = await self.sim.request(
            "POST",
            f"chats/{self.chat_id}/files/{kind}",
            data=fields | ({"reply_to": str(reply_to)} if reply_to else {}),
            files=[("file", (name, data)) for data, name in files],
        )
        return self._sent(answer)

    def _sent(self, answer: Json) -> list[Message]:
        self._acted(answer["version"])
        return [Message(raw) for raw in answer["messages"]]


def _by_version(news: Json) -> list[Message]:
    return sorted((Message(raw) for raw in news["messages"]), key=lambda message: message.version)
