"""What the handlers of one application share, and how they get at it."""

import asyncio
from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.connection import ASGIConnection
from msgspec import json

from app.accounts.directory import Agencies
from app.accounts.model import Actor
from app.addresses import SIGN_INS, Limiter
from app.api.metrics import Metrics
from app.api.problems import lang_of
from app.photos.uploads import AT_ONCE
from app.wiring import Parts

Req = Request[Any, Any, Any]
BASE = "/api/v1"


class Context:
    """``secure``: the system is reached by HTTPS, so cookies must not leave by anything else. ``limiter`` counts all
    reports of this process, by whichever folder of HTTP they come; ``sign_ins`` passwords and codes that are tried."""

    def __init__(self, parts: Parts, metrics: Metrics, limiter: Limiter) -> None:
        self.parts = parts
        self.metrics = metrics
        self.agencies = Agencies(parts.pool)
        self.limiter = limiter
        self.sign_ins = Limiter(limit=SIGN_INS)
        self.uploads = asyncio.Semaphore(AT_ONCE)
        self.secure = parts.settings.public_url.startswith("https:")
        self.root = parts.settings.public_url + BASE
        self.cookie = "__Host-phananh" if self.secure else "phananh"


def context(connection: ASGIConnection[Any, Any, Any, Any]) -> Context:
    found = connection.app.state.context
    assert isinstance(found, Context)
    return found


def staff(request: Req) -> Actor:
    """The signed-in member of staff; the guard has put them there."""
    actor = request.state.actor
    assert isinstance(actor, Actor)
    return actor


def may_read_all(request: Req) -> bool:
    """Not a program whose key was made for less than reading what its account reads."""
    scopes = getattr(request.state, "scopes", None)
    return scopes is None or "read" in scopes


def answer(request: Req, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """JSON in the reader's language."""
    said = {"Content-Language": lang_of(request), "Vary": "Accept-Language", **(headers or {})}
    return Response(json.encode(value), media_type="application/json", status_code=status, headers=said)
