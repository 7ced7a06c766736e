"""The HTTP server: every route, one place for errors, one guard at the door."""

import gc
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from app.addresses import HOUSE_NETWORKS, Limiter
from app.api import (
    exports,
    feed,
    follow,
    lookups,
    my_chats,
    near,
    notices,
    operations,
    public,
    push,
    reference,
    send,
    session,
    staff,
    stats,
    suggest,
    tus,
)
from app.api.context import BASE, Context
from app.api.guard import admit
from app.api.metrics import Metrics
from app.api.operations import Probe
from app.api.problems import HANDLERS
from app.api.shell import Shell
from app.console.app import console_app
from app.console.context import BASE as CONSOLE
from app.open311.app import PATHS as OPEN311
from app.open311.app import open311_app
from app.portal.app import PATHS, portal_app
from app.settings import Settings
from app.upkeep.service import alive
from app.wall.app import PATH as WALL
from app.wall.app import wall_app
from app.wall.hub import Hub
from app.wiring import Parts, open_parts

_FINISH_SECONDS = 15
"""What a stopping server gives requests that it has taken, less than the supervisor gives the process."""


def litestar_app(parts: Parts, metrics: Metrics, limiter: Limiter | None = None) -> Litestar:
    """The API without its shell."""
    ctx = Context(parts, metrics, limiter or Limiter())

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await ctx.agencies.all()
        yield

    for_all = Router(
        BASE,
        route_handlers=[
            *suggest.ROUTES,
            *near.ROUTES,
            *send.ROUTES,
            *tus.ROUTES,
            *follow.ROUTES,
            *push.ROUTES,
            *lookups.ROUTES,
            *public.ROUTES,
            *feed.ROUTES,
            *stats.ROUTES,
            *exports.ROUTES,
        ],
    )
    for_staff = Router(
        f"{BASE}/staff", route_handlers=[*session.ROUTES, *my_chats.ROUTES, *notices.ROUTES, *staff.ROUTES]
    )
    app = Litestar(
        [for_all, for_staff, *operations.ROUTES, *reference.ROUTES],
        guards=[admit],
        exception_handlers=HANDLERS,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        state=State({"context": ctx, "probe": Probe(ctx)}),
    )
    app.state.description = reference.Description(app, parts.settings.public_url)
    return app


def create_app(parts: Parts, wall: Litestar | None = None) -> ASGIApp:
    """The whole ASGI application over the given parts: the API, Open311, staff's and citizens' pages and the wall
    display behind one shell."""
    metrics, limiter = Metrics(), Limiter()
    api = litestar_app(parts, metrics, limiter)
    ctx: Context = api.state.context
    console = console_app(parts, cookie=ctx.cookie, secure=ctx.secure, sign_ins=ctx.sign_ins)
    portal = portal_app(parts, limiter, secure=ctx.secure)
    pages = {CONSOLE: console, WALL: wall or wall_app(parts), **dict.fromkeys(PATHS, portal)}
    pages |= dict.fromkeys(OPEN311, open311_app(parts, limiter))
    pages |= {_first(route.path): api for route in api.routes}
    return Shell(_by_path(pages, api, portal), metrics, secure=ctx.secure)


def _first(path: str) -> str:
    return "/" + "".join(path.split("/")[1:2]) if path.strip("/") else path


def _by_path(pages: Mapping[str, ASGIApp], api: ASGIApp, portal: ASGIApp) -> ASGIApp:
    """Each application has its own guard, its own kind of errors and its own unknown addresses. What belongs to none is
    answered to a browser with a page, to a program with a problem document."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == ScopeType.HTTP else ""
        found = pages.get(_first(path))
        if found is None:
            headers = dict(scope.get("headers", ()))
            found = portal if b"text/html" in headers.get(b"accept", b"") else api
        await found(scope, receive, send)

    return app


class _Server(uvicorn.Server):
    """Lets go of the wall's screens before it waits for answers to end: theirs have no end."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def server(parts: Parts, *, host: str, port: int) -> uvicorn.Server:
    """A server to ``serve()``; it stops by itself on SIGTERM and SIGINT once it has finished what it took."""
    wall = wall_app(parts)
    config = uvicorn.Config(
        create_app(parts, wall),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(HOUSE_NETWORKS),
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    return _Server(config, wall.state.hub)


async def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    async with open_parts(settings) as parts, alive(parts.pool, "api"):
        # Rules and places stay as long as the process: looking through them for garbage cost a tenth of each request.
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        await server(parts, host=settings.host, port=settings.port).serve()
