"""Photos, documents, videos and voice messages, alone or as albums."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from ..core import Simulator
from ..files import UPLOAD_LIMIT, Upload, photo_sizes
from ..model import ApiError, Json, bad
from ..params import Params
from ..text import check_caption, read_text
from .sending import post

_TYPE_NAMES = {"photo": "Photo", "document": "Document", "voice": "Voice", "video": "Video"}


def caption(params: Params) -> Json:
    text, entities = read_text(params.text("caption"), params.text("parse_mode"), params.json("caption_entities"))
    check_caption(text)
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": entities} if entities else {})


async def media(sim: Simulator, kind: str, source: str | Upload, details: Json) -> Any:
    """The field of a message for these bytes, or for a file sent before, named by its file_id."""
    if isinstance(source, str):
        known = sim.files.get(source)
        if known.kind != kind:
            raise bad(f"can't use file of type {_TYPE_NAMES[known.kind]} as {_TYPE_NAMES[kind]}")
        return known.described
    if kind not in _TYPE_NAMES:
        raise bad(f"unknown kind {kind}: {', '.join(_TYPE_NAMES)}")
    if not source.data:
        raise bad("file must be non-empty")
    if len(source.data) > UPLOAD_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    if kind == "photo":
        return sim.files.add_photo(await asyncio.to_thread(photo_sizes, source.data))
    if kind == "document":
        return sim.files.add_document(source)
    shape = {"width": 1280, "height": 720} if kind == "video" else {}
    usual = {"voice": "audio/ogg", "video": "video/mp4"}[kind]
    return sim.files.add(kind, source, shape | details | {"mime_type": source.mime_type or usual})


def source_of(params: Params, field: str, value: str) -> str | Upload:
    """A file comes as the part named like its parameter, as ``attach://part``, or as a file_id."""
    part = value.removeprefix("attach://") if value.startswith("attach://") else field
    if part in params.files:
        return params.files[part]
    if not value:
        raise bad(f"there is no {field} in the request")
    if value.startswith(("http://", "https://")):
        raise bad("wrong HTTP URL specified")  # the twin fetches nothing from the network
    return value


def _details(kind: str, params: Params) -> Json:
    names = {"voice": ("duration",), "video": ("duration", "width", "height")}.get(kind, ())
    return {name: params.whole(name) for name in names if params.has(name)}


def _sender(kind: str) -> Callable[[Simulator, Params], Awaitable[Json]]:
    async def send(sim: Simulator, params: Params) -> Json:
        chat = sim.reachable(params)
        source = source_of(params, kind, params.text(kind))
        body = {kind: await media(sim, kind, source, _details(kind, params)), **caption(params)}
        return post(sim, chat, params, body)

    return send


async def send_media_group(sim: Simulator, params: Params) -> list[Json]:
    chat = sim.reachable(params)
    items = params.json("media")
    if not isinstance(items, list) or not 2 <= len(items) <= 10:
        raise bad("wrong number of messages to send: an album has from 2 to 10")
    kinds = {item.get("type") for item in items}
    if not (kinds <= {"photo", "video"} or kinds == {"document"}):
        raise bad("can't mix these types of media in an album")
    bodies = []
    for item in items:
        source = source_of(params, "media", str(item.get("media", "")))
        words = caption(Params({key: value for key, value in item.items() if key != "media"}))
        bodies.append({item["type"]: await media(sim, item["type"], source, {}), **words})
    group = {"media_group_id": str(secrets.randbits(53))}
    return [post(sim, chat, params, group | body) for body in bodies]


METHODS = {
    "sendPhoto": _sender("photo"),
    "sendDocument": _sender("document"),
    "sendVideo": _sender("video"),
    "sendVoice": _sender("voice"),
    "sendMediaGroup": send_media_group,
}
