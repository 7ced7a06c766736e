"""The people's side over HTTP, under ``/sim``: used by ``SimClient`` in tests and by the chat page.

Refusals have the Bot API's form (``ok``, ``error_code``, ``description``). Waiting is done here, never by the
caller's clock: ``wait`` is in seconds, the answer comes as soon as there is something new.
"""

import time
from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from litestar import Response, Router, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from .actor import Actor
from .bot_http import AnyRequest, Sim, read_form
from .core import Simulator
from .files import Upload
from .methods.media import media
from .methods.profile import commands_for, profile_text
from .model import ApiError, Chat, Json, Person
from .samples import sample_photo
from .sim_control import HANDLERS as CONTROL
from .sim_control import LONGEST_WAIT

_ALIVE_SECONDS = 5.0  # how often an idle stream looks whether the bot is still there

LastEventId = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]


class NewPerson(Struct):
    first_name: str
    id: int | None = None
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "vi"


class NewGroup(Struct):
    title: str
    members: list[int]


class Doing(Struct, kw_only=True):
    """``sender`` is needed in groups only: a private chat has one person."""

    sender: int | None = None


class Writing(Doing):
    text: str
    reply_to: int | None = None


class Placing(Doing):
    latitude: float
    longitude: float
    live_period: int | None = None
    horizontal_accuracy: float | None = None
    reply_to: int | None = None
    title: str = ""
    address: str = ""

    def point(self) -> Json:
        names = ("latitude", "longitude", "live_period", "horizontal_accuracy")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class Introducing(Doing):
    person_id: int | None = None
    phone: str | None = None


class Pressing(Doing):
    """A button by its words, or ``data`` made up by hand."""

    button: str = ""
    message_id: int | None = None
    data: str | None = None


class Editing(Doing):
    message_id: int
    change: Json


class Blocking(Doing):
    blocked: bool


def only_our_own_pages(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A page of another site, open in the same browser, must not play the citizens."""
    origin = connection.headers.get("origin")
    if origin and urlsplit(origin).netloc != connection.headers.get("host"):
        raise ApiError(403, "only the chat page and programs may do this")


def person_json(person: Person) -> Json:
    return person.as_user() | {"phone": person.phone}


def changes(sim: Simulator, chat: Chat, since: int) -> Json:
    """What a screen showing this chat must redraw; with ``since=0`` all of it."""
    news = chat.changes(since)
    if not chat.is_group:
        person = sim.person(chat.id)
        news["person"] = person_json(person)
        news["commands"] = commands_for(sim, chat, person)
        news["description"] = profile_text(sim, "description", person)
    else:
        news["commands"] = commands_for(sim, chat, sim.person(min(chat.members)))
    return news


def sent(who: Actor, messages: list[Json]) -> Json:
    """``version`` is the chat's right after the last message: whatever the bot answers is newer."""
    return {"messages": messages, "version": who.chat.version}


@get("/state")
async def state(sim: Sim) -> Json:
    people = [person_json(person) for person in sim.people.values()]
    return {"bot": sim.bot, "people": people, "webhook": sim.updates.info()}


@post("/users")
async def add_person(data: JSONBody[NewPerson], sim: Sim) -> Json:
    details = {"last_name": data.last_name, "username": data.username, "language_code": data.language_code}
    return person_json(sim.add_person(data.first_name, person_id=data.id, **details))


@post("/groups")
async def add_group(data: JSONBody[NewGroup], sim: Sim) -> Json:
    return sim.chat_json(sim.add_group(data.title, data.members))


@post("/chats/{chat_id:int}/upgrade")
async def upgrade_group(chat_id: FromPath[int], sim: Sim) -> Json:
    return sim.chat_json(sim.upgrade_group(sim.chat(chat_id)))


@post("/chats/{chat_id:int}/text")
async def send_text(chat_id: FromPath[int], data: JSONBody[Writing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    return sent(who, [who.text(data.text, reply_to=data.reply_to)])


@post("/chats/{chat_id:int}/files/{kind:str}")
async def send_files(request: AnyRequest, chat_id: FromPath[int], kind: FromPath[str], sim: Sim) -> Json:
    """Multipart: ``file`` once or several times, ``samples`` (names of drawn photos, by comma), caption, duration."""
    fields, files = await read_form(request)
    who = Actor(sim, chat_id, _whole(fields, "sender"))
    names = [name for name in fields.get("samples", "").split(",") if name]
    drawn = [Upload(sample_photo(name), f"{name}.jpg", "image/jpeg") for name in names]
    messages = await who.media(
        kind,
        drawn + files.get("file", []),
        caption=fields.get("caption", ""),
        reply_to=_whole(fields, "reply_to"),
        duration=_whole(fields, "duration") or 1,
    )
    return sent(who, messages)


@post("/uploads/{kind:str}")
async def upload(request: AnyRequest, kind: FromPath[str], sim: Sim) -> Json:
    """Keeps a file without telling anybody; ``content`` is what a message made by hand carries under ``kind``."""
    _, files = await read_form(request)
    if "file" not in files:
        raise ApiError(400, "there is no file in the request")
    return {"content": await media(sim, kind, files["file"][0], {})}


@post("/chats/{chat_id:int}/location")
async def send_location(chat_id: FromPath[int], data: JSONBody[Placing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    return sent(who, [who.location(data.point(), reply_to=data.reply_to)])


@post("/chats/{chat_id:int}/venue")
async def send_venue(chat_id: FromPath[int], data: JSONBody[Placing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    return sent(who, [who.venue(data.point(), data.title, data.address)])


@post("/chats/{chat_id:int}/contact")
async def send_contact(chat_id: FromPath[int], data: JSONBody[Introducing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    return sent(who, [who.contact(data.person_id, data.phone)])


@post("/chats/{chat_id:int}/press")
async def press(chat_id: FromPath[int], data: JSONBody[Pressing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    version = who.chat.version
    if data.data is not None:
        pressed = who.callback(data.message_id or 0, data.data)
    else:
        pressed = who.press(data.button, data.message_id)
    return pressed | {"version": version}


@post("/chats/{chat_id:int}/edit")
async def edit(chat_id: FromPath[int], data: JSONBody[Editing], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    return sent(who, [who.edit(data.message_id, data.change)])


@post("/chats/{chat_id:int}/blocked")
async def block(chat_id: FromPath[int], data: JSONBody[Blocking], sim: Sim) -> Json:
    who = Actor(sim, chat_id, data.sender)
    who.block(data.blocked)
    return sent(who, [])


@get("/chats/{chat_id:int}/messages")
async def messages(chat_id: FromPath[int], sim: Sim, after: FromQuery[int] = 0, wait: FromQuery[float] = 0) -> Json:
    """The chat's changes after version ``after``; waits for the first one up to ``wait`` seconds."""
    chat = sim.chat(chat_id)
    await sim.pulse.until(lambda: chat.version > after, min(wait, LONGEST_WAIT))
    return changes(sim, chat, after)


@get("/events")
async def events(sim: Sim, last_event_id: LastEventId = None) -> ServerSentEvent:
    """Every chat's changes as server-sent events: ``changes`` for a chat, ``bot`` when the bot comes or goes.

    A page that reconnects goes on where it was; after a restart of the simulator ``reset`` comes first.
    """
    epoch, _, version = (last_event_id or "").partition("-")
    since = int(version) if epoch == sim.epoch and version.isdigit() else 0
    return ServerSentEvent(_stream(sim, since, reset=bool(last_event_id) and epoch != sim.epoch))


async def _stream(sim: Simulator, since: int, *, reset: bool) -> AsyncGenerator[ServerSentEventMessage, None]:
    if reset:
        yield ServerSentEventMessage("{}", event="reset")
    shown: bool | None = None

    def news() -> tuple[list[Chat], bool] | None:
        changed = [chat for chat in sim.chats.values() if chat.version > since]
        listening = sim.updates.is_listening(time.monotonic())
        return (changed, listening) if changed or listening != shown else None

    while not sim.pulse.closed:
        if (found := await sim.pulse.until(news, _ALIVE_SECONDS)) is None:
            continue
        changed, shown = found
        lot = [(chat.version, changes(sim, chat, since)) for chat in sorted(changed, key=lambda chat: chat.version)]
        for version, change in lot:
            yield _event("changes", change, f"{sim.epoch}-{version}")
            since = version
        yield _event("bot", {"listening": shown}, f"{sim.epoch}-{since}")


def _event(name: str, data: Json, event_id: str) -> ServerSentEventMessage:
    return ServerSentEventMessage(msgspec.json.encode(data).decode(), event=name, id=event_id)


def _whole(fields: dict[str, str], name: str) -> int | None:
    value = fields.get(name)
    if value is not None and not value.lstrip("-").isdecimal():
        raise ApiError(400, f"{name} must be a whole number")
    return None if value is None else int(value)


@get("/files/{file_id:str}")
async def show_file(file_id: FromPath[str], sim: Sim) -> Response[bytes]:
    file = sim.files.get(file_id)
    # Only what a browser shows as a picture or plays; a document a person sent must not run as a page.
    inline = file.mime_type.split("/")[0] in ("audio", "video") or file.mime_type in ("image/jpeg", "image/png")
    headers = {} if inline else {"Content-Disposition": "attachment"}
    return Response(file.data, media_type=file.mime_type, headers=headers)


PEOPLE = [state, add_person, add_group, upgrade_group, messages, events, show_file, upload]
DOINGS = [send_text, send_files, send_location, send_venue, send_contact, press, edit, block]


def people_router() -> Router:
    """One for each platform: a router belongs to one application only."""
    return Router("/sim", route_handlers=[*PEOPLE, *DOINGS, *CONTROL], guards=[only_our_own_pages])
