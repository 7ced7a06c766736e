"""When a page cannot be shown: in words, with a way on."""

from typing import Any
from urllib.parse import quote

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from uuid_utils.compat import uuid7

from app.console.context import BASE, Req, lang_of
from app.console.guard import PasswordFirst
from app.console.render import go, show
from app.db import AWAY
from app.errors import AppError, NotFound, TooMany, Unauthenticated, Unavailable
from app.i18n import t

log = structlog.get_logger(__name__)


class NotHere(AppError):
    """This page is only shown, or only takes a form."""

    status = 405


_BY_STATUS: dict[int, AppError] = {404: NotFound("console.not_found"), 405: NotHere("console.not_so")}


def _page(request: Req, error: AppError, error_id: str = "") -> Response[bytes]:
    lang = lang_of(request)
    said = [t(problem.key, lang, **({"field": problem.field} | problem.params)) for problem in error.problems]
    headers = {}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.problems[0].params["retry_after"])
    title = f"console.failed_{error.status}"
    return show(
        request, "failure.html.j2", status=error.status, headers=headers, title=title, said=said, error_id=error_id
    )


def _of_ours(request: Req, error: AppError) -> Any:
    if isinstance(error, Unauthenticated | PasswordFirst) and "hx-request" in request.headers:
        # A piece of a page was asked for: the whole page is to be loaded anew, which then leads to where it must.
        return Response(b"", status_code=error.status, headers={"HX-Refresh": "true"})
    if isinstance(error, Unauthenticated) and request.method in ("GET", "HEAD"):
        return go(f"{BASE}/signin?next={quote(_asked(request), safe='/')}")
    if isinstance(error, PasswordFirst):
        return go(f"{BASE}/account/password")
    return _page(request, error)


def _asked(request: Req) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return request.url.path + (f"?{query}" if query else "")


def _of_litestar(request: Req, error: HTTPException) -> Any:
    ours = _BY_STATUS.get(error.status_code)
    return _page(request, ours) if ours else _unexpected(request, error)


def _unexpected(request: Req, error: Exception) -> Any:
    """A fault of ours: the reader gets a number, the log gets the number and what happened."""
    error_id = uuid7().hex
    log.error("page failed", error_id=error_id, exc_info=error)
    ours = Unavailable("console.database_away") if isinstance(error, AWAY) else AppError("console.broken")
    return _page(request, ours, error_id)


HANDLERS: dict[int | type[Exception], Any] = {AppError: _of_ours, HTTPException: _of_litestar, Exception: _unexpected}
