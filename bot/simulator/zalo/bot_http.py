"""A Zalo Bot's side over HTTP: ``/bot<token>/<method>``, and the pictures' addresses."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import httpx
from litestar import HttpMethod, Response, get, route
from litestar.params import FromPath

from ..bot_http import AnyRequest, Sim, check_token, read_params
from ..core import Simulator
from ..dispatch import call, download
from ..files import PHOTO_LIMIT, Upload
from ..methods.media import media
from ..methods.profile import get_me
from ..model import ApiError, Chat, Json, bad
from ..params import Params
from ..text import units
from .events import milliseconds
from .twin import ZaloTwin, ZaloUpdates

TEXT_MOST = 2000
_POLL_MOST = 30


@route("/{bot:str}/{method:str}", http_method=[HttpMethod.GET, HttpMethod.POST])
async def zalo_bot_method(request: AnyRequest, bot: FromPath[str], method: FromPath[str], sim: Sim) -> Response[Any]:
    check_token(sim, bot)
    assert isinstance(sim, ZaloTwin)
    params = named(sim, await read_params(request), "chat_id")
    status, answer = await _unless_gone(request, call(sim, method, params))
    headers = {"Retry-After": str(answer["parameters"]["retry_after"])} if status == 429 else {}
    return Response(answer, status_code=status, headers=headers)


async def _unless_gone(request: AnyRequest, work: Coroutine[Any, Any, tuple[int, Json]]) -> tuple[int, Json]:
    """Nothing is given to a caller that has hung up: what a poll waited for stays for the next one."""
    await request.body()
    working, gone = asyncio.create_task(work), asyncio.create_task(_hung_up(request))
    await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not working.done():
        working.cancel()
        return 499, {"ok": False, "error_code": 499, "description": "Client Closed Request"}
    return working.result()


async def _hung_up(request: AnyRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


@get("/file/{path:path}")
async def zalo_file(path: FromPath[str], sim: Sim) -> Response[bytes]:
    """No token: whoever has the address has the picture, as long as it is kept."""
    stored = await download(sim, path.lstrip("/"))
    return Response(stored.data, media_type=stored.mime_type)


def named(twin: ZaloTwin, params: Params, field: str) -> Params:
    """With the person's number in the place of their address, as faults, holds and calls know them."""
    if params.has(field):
        params.values["chat_id"] = str(twin.person_of(params.text(field)))
    return params


def post(sim: Simulator, chat: Chat, body: Json) -> Json:
    message = sim.add_message(chat, sim.bot, body)
    return {"message_id": f"b{message['message_id']:x}", "date": milliseconds()}


def check_words(text: str) -> None:
    if not text:
        raise bad("text must not be empty")
    if units(text) > TEXT_MOST:
        raise bad("text is too long")


async def picture(sim: Simulator, url: str) -> list[Json]:
    """Fetched from the sender's address, as Zalo does."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            response = (await http.get(url, follow_redirects=True)).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL):
        raise bad("the photo cannot be fetched") from None
    if len(response.content) > PHOTO_LIMIT:
        raise bad("the photo is too large")
    found: list[Json] = await media(sim, "photo", Upload(response.content, "photo.jpg", "image/jpeg"), {})
    return found


async def get_updates(sim: Simulator, params: Params) -> Json | list[Json]:
    """One event as an object, several as a list: both have been seen. Idle: 408."""
    assert isinstance(sim.updates, ZaloUpdates)
    found = await sim.updates.take(min(max(params.whole("timeout"), 0), _POLL_MOST), time.monotonic())
    if not found:
        raise ApiError(408, "Request timeout")
    return found[0] if len(found) == 1 else found


async def send_message(sim: Simulator, params: Params) -> Json:
    chat = sim.reachable(params)
    check_words(params.text("text").strip())
    return post(sim, chat, {"text": params.text("text").strip()})


async def send_photo(sim: Simulator, params: Params) -> Json:
    chat = sim.reachable(params)
    caption = params.text("caption")
    photo = await picture(sim, params.required_text("photo"))
    return post(sim, chat, {"photo": photo} | ({"caption": caption} if caption else {}))


async def send_chat_action(sim: Simulator, params: Params) -> bool:
    chat = sim.reachable(params)
    chat.action, chat.action_version = params.required_text("action"), sim.touch(chat)
    return True


async def set_webhook(sim: Simulator, params: Params) -> Json:
    if not 8 <= len(params.text("secret_token")) <= 256:
        raise bad("secret_token must have from 8 to 256 characters")
    sim.updates.set_webhook(params.required_text("url"), params.text("secret_token"), 1)
    return {"url": params.text("url")}


async def delete_webhook(sim: Simulator, params: Params) -> Json:  # noqa: ARG001 - every method has this shape
    sim.updates.set_webhook("", "", 1)
    return {"url": ""}


async def get_webhook_info(sim: Simulator, params: Params) -> Json:  # noqa: ARG001 - every method has this shape
    return {"url": sim.updates.info()["url"]}


METHODS = {
    "getme": get_me,
    "getupdates": get_updates,
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "sendchataction": send_chat_action,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}
