"""When a page cannot be shown: in words, with what to do next; to a script, the words alone."""

from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from uuid_utils.compat import uuid7

from app.db import AWAY
from app.errors import AppError, NotFound, Unavailable
from app.i18n import Lang, t
from app.pins import PAGE
from app.portal.context import Req, lang_of, policy, site_policy
from app.portal.render import show

log = structlog.get_logger(__name__)


class NotSo(AppError):
    """Not by this method."""

    status = 405


_BY_STATUS: dict[int, AppError] = {404: NotFound("portal.not_found"), 405: NotSo("portal.not_found")}


def words_of(error: AppError, lang: Lang) -> list[str]:
    return [t(problem.key, lang, **problem.params) for problem in error.problems]


def told(request: Req, error: AppError, lang: Lang | None = None) -> Response[Any]:
    lang = lang or getattr(request.state, "lang", None) or lang_of(request)
    said = words_of(error, lang)
    if "application/json" in request.headers.get("accept", ""):
        return Response({"problem": " ".join(said)}, status_code=error.status)
    title = "portal.broken_title" if error.status >= 500 else "portal.refused_title"
    # The map for a chat is a frame of Telegram's, and so is what it says when it cannot be shown; nothing else is.
    headers = policy(request) if request.url.path.startswith(f"{PAGE}/") else site_policy(request)
    return show(lang, "failure.html.j2", status=error.status, headers=headers, title=title, said=said, here="")


def _of_ours(request: Req, error: AppError) -> Response[Any]:
    return told(request, error)


def _of_litestar(request: Req, error: HTTPException) -> Response[Any]:
    ours = _BY_STATUS.get(error.status_code)
    return told(request, ours) if ours else _unexpected(request, error)


def _unexpected(request: Req, error: Exception) -> Response[Any]:
    log.error("page failed", error_id=uuid7().hex, exc_info=error)
    return told(request, Unavailable("portal.away") if isinstance(error, AWAY) else AppError("portal.broken"))


HANDLERS: dict[int | type[Exception], Any] = {AppError: _of_ours, HTTPException: _of_litestar, Exception: _unexpected}
