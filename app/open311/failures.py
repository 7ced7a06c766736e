"""Errors as the protocol wants them: a list of codes and descriptions, in the format that was asked for."""

from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException
from uuid_utils.compat import uuid7

from app.db import AWAY
from app.errors import AppError, NotFound, TooMany, Unavailable
from app.i18n import pick, t
from app.open311.context import Format, Req, answer

log = structlog.get_logger(__name__)

_KEPT = frozenset({403, 404, 405, 413, 429, 500, 503})
_RETRY_SECONDS = 5


class MethodNotAllowed(AppError):
    status = 405


def format_of(path: str) -> Format:
    return "json" if path.rstrip("/").endswith(".json") else "xml"


def _status(error: AppError) -> int:
    """A key that is missing or wrong is 403, and everything without a number of its own 400."""
    if error.status == 401:
        return 403
    return error.status if error.status in _KEPT else 400


def _told(request: Req, error: AppError) -> Response[Any]:
    lang, status = pick(request.headers.get("accept-language")), _status(error)
    said = []
    for problem in error.problems:
        words = t(problem.key, lang, **({"field": problem.field} | problem.params))
        where = f"{problem.field}: " if problem.field and problem.field not in words else ""
        said.append({"code": status, "description": where + words})
    response = answer(format_of(request.scope["path"]), lang, "errors", "error", said, status=status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.problems[0].params["retry_after"])
    elif isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    elif isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = error.problems[0].params["allowed"]
    return response


def _of_litestar(request: Req, error: HTTPException) -> Response[Any]:
    if error.status_code == 404:
        return _told(request, NotFound("open311.no_call"))
    if error.status_code == 405:
        return _told(request, MethodNotAllowed("open311.method_not_allowed", allowed="GET, POST"))
    return _unexpected(request, error)


def _unexpected(request: Req, error: Exception) -> Response[Any]:
    """A fault of ours: the caller gets a number, the log gets the number and what happened."""
    error_id = uuid7().hex
    log.error("open311 call failed", error_id=error_id, exc_info=error)
    ours = Unavailable("open311.away") if isinstance(error, AWAY) else AppError("open311.broken", id=error_id)
    return _told(request, ours)


HANDLERS: dict[int | type[Exception], Any] = {AppError: _told, HTTPException: _of_litestar, Exception: _unexpected}
