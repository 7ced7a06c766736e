"""The wall display as an application of its own: no sign-in, a link that somebody made for it."""

import gzip
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import structlog
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from uuid_utils.compat import uuid7

from app.errors import AppError, NotFound, Unavailable
from app.i18n import LANGS, Lang, t
from app.screens import links
from app.wall.assets import ASSETS
from app.wall.hub import Hub
from app.wall.scenes import Scenes, words_in
from app.wiring import Parts

log = structlog.get_logger(__name__)

Req = Request[Any, Any, Any]
PATH = links.PAGE
_RETRY_MS = 3000
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


def open_to(who: str) -> dict[str, Any]:
    """``anyone``, or ``link``: whoever has a link of the wall, which the handler reads first."""
    return {"opt": {"who": who}, "status_code": 200}


def lang_of(request: Req) -> Lang:
    """Vietnamese unless the address says otherwise: nobody sits at a wall to choose."""
    wanted = request.query_params.get("lang", "")
    return next((lang for lang in LANGS if lang == wanted), "vi")


def _parts(request: Req) -> Parts:
    found = request.app.state.parts
    assert isinstance(found, Parts)
    return found


def _hub(request: Req) -> Hub:
    found = request.app.state.hub
    assert isinstance(found, Hub)
    return found


async def _opened(request: Req, token: str) -> bytes:
    parts = _parts(request)
    async with parts.pool.acquire() as conn:
        return await links.check(conn, parts.settings.secret_key, token)


@get("/{token:str}", **open_to("link"))
async def wall(request: Req, token: FromPath[str]) -> Response[bytes]:
    """The whole wall as it is now; its script keeps it so."""
    await _opened(request, token)
    parts, hub, lang = _parts(request), _hub(request), lang_of(request)
    made = await hub.parts_of(lang)
    province = next(
        (one.province_name for one in parts.gazetteer.communes if one.province_code == parts.rules.province_code), ""
    )
    return _page(
        request,
        "wall.html.j2",
        part=made,
        drawing=await hub.scenes.drawing(),
        version=hub.scenes.version,
        province=province,
    )


@get("/{token:str}/events", **open_to("link"))
async def events(request: Req, token: FromPath[str]) -> ServerSentEvent:
    link = await _opened(request, token)
    hub, lang = _hub(request), lang_of(request)
    hub.check_room()
    await hub.parts_of(lang)  # there is something to show before a screen is told that all is well

    async def said() -> AsyncIterator[ServerSentEventMessage]:
        async for message in hub.messages(link, lang):
            yield ServerSentEventMessage(data=message.data, event=message.event, retry=_RETRY_MS)

    return ServerSentEvent(said(), headers={"Cache-Control": "no-store"})


@get("/static/{version:str}/{name:str}", **open_to("anyone"))
async def asset(request: Req, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    return ASSETS.answer(version, name, request.headers.get("accept-encoding", ""), "wall.link_unknown")


def _page(request: Req, template: str, *, status: int = 200, **params: Any) -> Response[bytes]:
    lang = lang_of(request)
    body = words_in(lang, template, **params).encode()
    headers = {"Content-Language": lang, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = gzip.compress(body, 6), "gzip"
    return Response(body, media_type="text/html", status_code=status, headers=headers)


# ---------------------------------------------------------------- when it cannot be shown


def _told(request: Req, error: AppError) -> Response[Any]:
    lang = lang_of(request)
    said = [t(problem.key, lang, **problem.params) for problem in error.problems]
    return _page(request, "refused.html.j2", status=error.status, said=said, again=error.status >= 500)


def _of_litestar(request: Req, error: HTTPException) -> Response[Any]:
    return _told(request, NotFound("wall.link_unknown")) if error.status_code < 500 else _unexpected(request, error)


def _unexpected(request: Req, error: Exception) -> Response[Any]:
    log.error("page failed", error_id=uuid7().hex, exc_info=error)
    return _told(request, Unavailable("wall.away") if isinstance(error, _AWAY) else AppError("wall.away"))


HANDLERS: dict[int | type[Exception], Any] = {AppError: _told, HTTPException: _of_litestar, Exception: _unexpected}


def wall_app(parts: Parts) -> Litestar:
    """Its ``state.hub`` is closed before the server stops, or the screens would hold it up."""
    return Litestar(
        [wall, events, asset],
        path=PATH,
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        state=State({"parts": parts, "hub": Hub(parts, Scenes(parts))}),
    )
