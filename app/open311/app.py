"""Open311 GeoReport v2 as one application: a translation of what the slices do, for programs that speak it."""

import re
from collections.abc import Awaitable, Callable

from litestar import Litestar, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from app.accounts.directory import Agencies
from app.addresses import Limiter
from app.errors import NotFound
from app.open311 import requests, sending, services
from app.open311.context import BASE, TRIAL, Open311, Req, call_of
from app.open311.failures import HANDLERS, MethodNotAllowed, format_of
from app.wiring import Parts

PATHS = ("/open311",)
"""Whatever lies below is answered here."""

Handler = Callable[..., Awaitable[Response[bytes]]]
CALLS: dict[str, dict[str, Handler]] = {
    "discovery": {"GET": services.discovery},
    "services": {"GET": services.services},
    "services/([^/]+)": {"GET": services.definition},
    "requests": {"GET": requests.requests, "POST": sending.send_request},
    "requests/([^/]+)": {"GET": requests.request},
    "tokens/([^/]+)": {"GET": requests.token},
    "servicerequestupdates": {"GET": requests.updates, "POST": sending.send_update},
}
"""What may be called, by the path without its suffix. Everything may be read by anybody; every POST takes a key."""


async def _called(request: Req, path: str, *, trial: bool) -> Response[bytes]:
    name, dot, suffix = path.strip("/").rpartition(".")
    form = format_of(path)
    if not dot or suffix not in ("xml", "json"):
        raise NotFound("open311.no_format")
    for pattern, handlers in CALLS.items():
        if found := re.fullmatch(pattern, name):
            handler = handlers.get(request.method)
            if handler is None:
                raise MethodNotAllowed("open311.method_not_allowed", allowed=", ".join(handlers))
            return await handler(call_of(request, form, trial=trial), *found.groups())
    raise NotFound("open311.no_call")


@get(f"{BASE}/{{path:path}}", name="open311")
async def read(request: Req, path: FromPath[str]) -> Response[bytes]:
    return await _called(request, path, trial=False)


@post(f"{BASE}/{{path:path}}", status_code=200)
async def send(request: Req, path: FromPath[str]) -> Response[bytes]:
    return await _called(request, path, trial=False)


@get(f"{TRIAL}/{{path:path}}")
async def read_trial(request: Req, path: FromPath[str]) -> Response[bytes]:
    return await _called(request, path, trial=True)


@post(f"{TRIAL}/{{path:path}}", status_code=200)
async def send_trial(request: Req, path: FromPath[str]) -> Response[bytes]:
    return await _called(request, path, trial=True)


def open311_app(parts: Parts, limiter: Limiter) -> Litestar:
    """``limiter`` counts what one address sends."""
    return Litestar(
        [read, send, read_trial, send_trial],
        exception_handlers=HANDLERS,
        openapi_config=None,
        logging_config=None,
        state=State({"open311": Open311(parts, limiter, Agencies(parts.pool))}),
    )
