"""What a person in a chat does: write, send, press, edit, block. Each verb tells the bot by an update."""

import secrets
import time
from itertools import islice

from .core import QUERIES_KEPT, Simulator
from .files import Upload
from .markup import DATA_LIMIT
from .methods.media import media
from .methods.sending import place
from .model import ApiError, Chat, Json
from .params import Params
from .text import check_caption, check_text, trim
from .web_app import opened


class Actor:
    """A person at work in one chat: their private one with the bot, or a group they belong to.

    Verbs return the message as the bot gets it; ``ApiError`` 409 while this person blocks the bot.
    """

    def __init__(self, sim: Simulator, chat_id: int, person_id: int | None = None) -> None:
        self.sim = sim
        self.chat: Chat = sim.chat(chat_id)
        self.person = sim.person(chat_id if person_id is None else person_id)
        if self.person.id not in self.chat.members:
            raise ApiError(403, f"person {self.person.id} is not in chat {chat_id}")

    def text(self, text: str, *, reply_to: int | None = None) -> Json:
        words, entities = trim(text, [])
        check_text(words)
        return self._send({"text": words} | ({"entities": entities} if entities else {}), reply_to)

    async def media(
        self, kind: str, files: list[Upload], *, caption: str = "", reply_to: int | None = None, duration: int = 1
    ) -> list[Json]:
        """A photo, document, voice or video; several become an album: one update each, caption on the first."""
        if not files or len(files) > 10:
            raise ApiError(400, "send from 1 to 10 files")
        details = {"duration": duration} if kind in ("voice", "video") else {}
        contents = [await media(self.sim, kind, file, details) for file in files]
        words, entities = trim(caption, [])
        check_caption(words)
        body = {"media_group_id": str(secrets.randbits(53))} if len(files) > 1 else {}
        first = ({"caption": words} if words else {}) | ({"caption_entities": entities} if entities else {})
        return [
            self._send({**body, kind: content, **({} if number else first)}, reply_to)
            for number, content in enumerate(contents)
        ]

    def location(self, point: Json, *, reply_to: int | None = None) -> Json:
        """``point``: latitude, longitude; ``live_period`` in seconds makes it a live location, see ``edit``."""
        return self._send({"location": place(Params(point))}, reply_to)

    def venue(self, point: Json, title: str, address: str) -> Json:
        location = place(Params(point))
        return self._send({"venue": {"location": location, "title": title, "address": address}, "location": location})

    def contact(self, person_id: int | None = None, phone: str | None = None) -> Json:
        """Their own number, or another person's; only one's own carries this person's ``user_id``."""
        whose = self.sim.person(person_id or self.person.id)
        return self._send(
            {"contact": {"phone_number": phone or whose.phone, "user_id": whose.id, **_name(whose.names())}}
        )

    def edit(self, message_id: int, change: Json) -> Json:
        """Changes one's own message: ``text``, ``caption``, or ``latitude``/``longitude`` of a live location."""
        self._check_may_write()
        old = self.chat.messages.get(message_id)
        if old is None or old["from"]["id"] != self.person.id:
            raise ApiError(404, f"no message {message_id} of this person")
        new = old | {"edit_date": int(time.time())}
        if "latitude" in change:
            if "live_period" not in old.get("location", {}):
                raise ApiError(400, "only a live location moves")
            new["location"] = place(Params(old["location"] | change))
        else:
            for field, marks in (("text", "entities"), ("caption", "caption_entities")):
                if field in change:
                    new[field], new[marks] = trim(str(change[field]), [])
                    (check_text if field == "text" else check_caption)(new[field])
        self.chat.messages[message_id] = new
        self.sim.touch(self.chat, message_id)
        if self.sim.may_read(self.chat, new):
            self.sim.updates.put("edited_message", new)
        return new

    def press(self, label: str, message_id: int | None = None) -> Json:
        """Presses a button by its words: the newest message's first, then the keyboard under the input.

        The exact words win over a part of them ("Gửi" finds "✅ Gửi"). Returns ``{"query_id"}`` for a button with
        data, ``{"url"}`` for a link, ``{"web_app"}`` for a page with what it is told, ``{"message"}`` for a key.
        404 lists the buttons there are.
        """
        self._check_may_write()
        inline = [
            (button, message)
            for message in reversed(self.chat.messages.values())
            if message_id in (None, message["message_id"])
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in row
        ]
        keyboard = (self.chat.keyboard or {}).get("keyboard", []) if message_id is None else []
        keys: list[tuple[Json, Json | None]] = [(key, None) for row in keyboard for key in row]
        everything = [*inline, *keys]
        fitting = [one for one in everything if one[0]["text"].strip() == label.strip()]
        fitting = fitting or [one for one in everything if label.strip().lower() in one[0]["text"].lower()]
        if not fitting:
            labels = ", ".join(f"“{button['text']}”" for button, _ in everything) or "none"
            raise ApiError(404, f"no button “{label}”; there are: {labels}")
        button, message = fitting[0]
        return self._press_key(button) if message is None else self.press_inline(button, message)

    def press_inline(self, button: Json, message: Json) -> Json:
        if "web_app" in button:
            return {"web_app": opened(self.sim, self.person, button["web_app"]["url"])}
        if "callback_data" not in button:
            return {"url": button.get("url", "")}
        query_id = str(secrets.randbits(62))
        self.sim.queries[query_id] = self.chat.id
        for oldest in list(islice(self.sim.queries, max(len(self.sim.queries) - QUERIES_KEPT, 0))):
            del self.sim.queries[oldest]
        query = {
            "id": query_id,
            "from": self.person.as_user(),
            "message": message,
            "chat_instance": str(self.chat.id * 7_919),
            "data": button["callback_data"],
        }
        self.sim.updates.put("callback_query", query)
        return {"query_id": query_id}

    def callback(self, message_id: int, data: str) -> Json:
        """A press made up by hand, as an attacker or an old client could send it."""
        message = self.chat.messages.get(message_id)
        if message is None or len(data.encode()) > DATA_LIMIT:
            raise ApiError(400, "no such message, or data too long")
        return self.press_inline({"callback_data": data}, message)

    def block(self, blocked: bool) -> None:
        """Blocks or unblocks the bot; in a group, removes it or takes it back."""
        if blocked == self.chat.blocked:
            return
        self.chat.blocked = blocked
        old, new = ("member", "kicked") if blocked else ("kicked", "member")
        self.sim.member_changed(self.chat, self.person, old, new)
        self.sim.touch(self.chat)

    def _send(self, body: Json, reply_to: int | None = None) -> Json:
        self._check_may_write()
        self.chat.started = True
        if (self.chat.keyboard or {}).get("one_time_keyboard") or (self.chat.keyboard or {}).get("force_reply"):
            self.chat.keyboard = None
        return self.sim.add_message(self.chat, self.person.as_user(), body, reply_to=reply_to, tell_bot=True)

    def _check_may_write(self) -> None:
        if self.chat.blocked and not self.chat.is_group:
            raise ApiError(409, "this person blocks the bot")

    def _press_key(self, key: Json) -> Json:
        if key.get("request_contact"):
            return {"message": self.contact()}
        if key.get("request_location"):
            raise ApiError(409, f"“{key['text']}” asks for a place: send a location")
        return {"message": self.text(key["text"])}


def _name(names: Json) -> Json:
    return {key: value for key, value in names.items() if key != "username"}
