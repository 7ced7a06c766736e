"""The HTTP server: every route, one place for errors, one guard at the door."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.types import ASGIApp

from app.api import follow, lookups, operations, reference, send, session, staff
from app.api.addresses import HOUSE_NETWORKS
from app.api.context import BASE, Context
from app.api.guard import admit
from app.api.metrics import Metrics
from app.api.operations import Probe
from app.api.problems import HANDLERS
from app.api.shell import Shell
from app.settings import Settings
from app.wiring import Parts, open_parts

_FINISH_SECONDS = 15
"""What a stopping server gives requests that it has taken, less than the supervisor gives the process."""


def litestar_app(parts: Parts, metrics: Metrics) -> Litestar:
    """The application without its shell."""
    ctx = Context(parts, metrics)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        await ctx.agencies.all()
        yield

    public = Router(BASE, route_handlers=[*send.ROUTES, *follow.ROUTES, *lookups.ROUTES])
    for_staff = Router(f"{BASE}/staff", route_handlers=[*session.ROUTES, *staff.ROUTES])
    app = Litestar(
        [public, for_staff, *operations.ROUTES, *reference.ROUTES],
        guards=[admit],
        exception_handlers=HANDLERS,
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        state=State({"context": ctx, "probe": Probe(ctx)}),
    )
    reference.describe(app, parts.settings.public_url)
    return app


def create_app(parts: Parts) -> ASGIApp:
    """The whole ASGI application over the given parts."""
    metrics = Metrics()
    secure = parts.settings.public_url.startswith("https:")
    return Shell(litestar_app(parts, metrics), metrics, secure=secure)


def server(parts: Parts, *, host: str, port: int) -> uvicorn.Server:
    """A server to ``serve()``; it stops by itself on SIGTERM and SIGINT once it has finished what it took."""
    config = uvicorn.Config(
        create_app(parts),
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=list(HOUSE_NETWORKS),
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    return uvicorn.Server(config)


async def serve(settings: Settings) -> None:
    """Serve until told to stop."""
    async with open_parts(settings) as parts:
        await server(parts, host=settings.host, port=settings.port).serve()
