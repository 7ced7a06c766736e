"""Around the whole application: a request id, one log line, one measurement and the safety headers on every answer,
and, where what one address sends is counted, how much of it is left.

It stands outside the framework, so what the framework itself refuses (404, 405, a broken request line) is treated
alike."""

import re
import time
from collections.abc import Mapping
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars
from uuid_utils.compat import uuid7

from app.addresses import noted
from app.api.metrics import Metrics

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_SAFETY = {
    b"content-security-policy": b"default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # An address may hold a report's code or a photo's signature.
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"no-store",
}
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Shell:
    """Wraps an application. ``secure``: it is reached by HTTPS only."""

    def __init__(self, app: ASGIApp, metrics: Metrics, *, secure: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._safety = [*_SAFETY.items(), *([_HSTS] if secure else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                allowance = noted(scope)
                more = allowance.headers(status) if allowance else {}
                message["headers"] = self._dress(list(message["headers"]), more, request_id)
            await send(message)

        began = time.perf_counter()
        clear_contextvars()
        bind_contextvars(request_id=request_id.decode())
        try:
            await self._app(scope, receive, dressed)
        except Exception:
            # The answer had begun already; all that is left is to say so and cut the connection.
            log.exception("answer cut short")
            raise
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _dress(
        self, headers: list[tuple[bytes, bytes]], more: Mapping[bytes, bytes], request_id: bytes
    ) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in headers}
        added = [(n, v) for n, v in (*self._safety, *more.items()) if n not in given]
        return [*headers, *added, (b"x-request-id", request_id)]

    def _note(self, scope: Any, status: int, seconds: float) -> None:
        route = scope.get("path_template") or "(none)"
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        self._metrics.requests.labels(method, route, status).observe(seconds)
        say = log.debug if route in _PROBES else log.info
        say("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _request_id(scope: Any) -> bytes:
    """The caller's, when it looks like one and so cannot be anything personal or forged into the log; else a new
    one."""
    given: bytes = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given if _REQUEST_ID.fullmatch(given) else uuid7().hex.encode()
