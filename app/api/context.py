"""What the handlers of one application share, and how they get at it."""

import asyncio
import time
from collections.abc import Collection, Mapping
from typing import Any

from litestar import Request, Response
from litestar.connection import ASGIConnection
from msgspec import json

from app.accounts import service as accounts
from app.accounts.model import Actor, Agency
from app.api.addresses import Limiter
from app.api.metrics import Metrics
from app.api.problems import lang_of
from app.db import Pool
from app.wiring import Parts

Req = Request[Any, Any, Any]
BASE = "/api/v1"
_UPLOADS_AT_ONCE = 4
"""Requests whose photos are in memory at the same time; the photo lab is the narrow place anyway."""


class Agencies:
    """Agency names without a statement for each request: read at the start, again after a minute."""

    def __init__(self, pool: Pool, fresh_seconds: float = 60) -> None:
        self._pool = pool
        self._fresh = fresh_seconds
        self._read_at = float("-inf")
        self._by_id: dict[str, Agency] = {}

    async def all(self, needed: Collection[str] = ()) -> dict[str, Agency]:
        """By id; certain to be fresh where one of ``needed`` was not known."""
        now = time.monotonic()
        if now - self._read_at > self._fresh or any(each not in self._by_id for each in needed):
            async with self._pool.acquire() as conn:
                self._by_id = {agency.agency_id: agency for agency in await accounts.agencies(conn)}
            self._read_at = now
        return self._by_id


class Context:
    """``secure``: the system is reached by HTTPS, so cookies must not leave by anything else."""

    def __init__(self, parts: Parts, metrics: Metrics) -> None:
        self.parts = parts
        self.metrics = metrics
        self.agencies = Agencies(parts.pool)
        self.limiter = Limiter()
        self.uploads = asyncio.Semaphore(_UPLOADS_AT_ONCE)
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


def answer(request: Req, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """JSON in the reader's language."""
    said = {"Content-Language": lang_of(request), "Vary": "Accept-Language", **(headers or {})}
    return Response(json.encode(value), media_type="application/json", status_code=status, headers=said)
