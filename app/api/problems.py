"""Every error as RFC 9457 problem details, in the reader's language, from one place."""

from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException
from msgspec import UNSET, Struct, UnsetType
from uuid_utils.compat import uuid7

from app.api.body import Malformed, WrongType
from app.api.declare import PROBLEM
from app.db import AWAY
from app.errors import AppError, NotFound, Problem, TooLarge, TooMany, Unauthenticated, Unavailable
from app.i18n import Lang, catalogue, pick, t
from storage.objects import StoreUnavailable

log = structlog.get_logger(__name__)

_FIELDS = {
    "place.address": "address",
    "place.commune_code": "commune_code",
    "contact.name": "contact_name",
    "contact.phone": "contact_phone",
    "contact.email": "contact_email",
}
"""How the API's bodies, which are flat, name what the slices name."""
_RETRY_SECONDS = 5


class FieldProblem(Struct):
    """One thing that is wrong. ``field`` is the name in the request, ``place`` for lat, lon, address and commune_code
    together, null for the whole request. ``key`` never changes; ``message`` is for people, in their language."""

    field: str | None
    key: str
    message: str


class ProblemDetails(Struct):
    """RFC 9457. ``type`` is ``urn:phananh:`` and the key of the first error. ``error_id`` (500 and 503) is in our
    log."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem]
    error_id: str | UnsetType = UNSET


class MethodNotAllowed(AppError):
    status = 405


class Wrong(AppError):
    """A request so strange that no more can be said."""

    status = 400


_BY_STATUS: dict[int, AppError] = {
    400: Wrong("api.bad_request"),
    404: NotFound("api.not_found"),
    405: MethodNotAllowed("api.method_not_allowed"),
    413: TooLarge("api.body_large", most=130),
    415: WrongType("api.wrong_content_type", takes="application/json"),
}


def lang_of(request: Request[Any, Any, Any]) -> Lang:
    """Accept-Language: Vietnamese unless English is asked for."""
    return pick(request.headers.get("accept-language"))


def _shown(problem: Problem, lang: Lang) -> FieldProblem:
    params = dict(problem.params)
    word = f"reports.status_{params.get('status')}"
    if word in catalogue(lang):
        params["status"] = t(word, lang)
    field = _FIELDS.get(problem.field or "", problem.field)
    return FieldProblem(field, problem.key, t(problem.key, lang, **({"field": field} | params)))


def shown(problems: list[Problem], lang: Lang) -> list[FieldProblem]:
    return [_shown(problem, lang) for problem in problems]


def details(error: AppError, lang: Lang) -> ProblemDetails:
    """What is said about an error, as it stands in the answer."""
    errors = shown(list(error.problems), lang)
    several = t("api.several", lang, count=len(errors)) if len(errors) > 1 else errors[0].message
    return ProblemDetails(
        f"urn:phananh:{error.key}", t(f"api.title_{error.status}", lang), error.status, several, errors
    )


def _answer(request: Request[Any, Any, Any], error: AppError, error_id: str | None = None) -> Response[bytes]:
    lang = lang_of(request)
    said = details(error, lang)
    if error_id:
        said.error_id = error_id
    headers = {"Content-Language": lang, "Vary": "Accept-Language"}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.problems[0].params["retry_after"])
    elif isinstance(error, Unavailable):
        headers["Retry-After"] = str(_RETRY_SECONDS)
    elif isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    elif isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(_methods(request))
    return Response(msgspec.json.encode(said), media_type=PROBLEM, status_code=error.status, headers=headers)


def _methods(request: Request[Any, Any, Any]) -> list[str]:
    """What may be asked of this path, for the Allow header that a 405 must carry."""
    path = request.scope["path"]
    allowed = []
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        try:
            request.app.asgi_router.handle_routing(path=path.rstrip("/") or "/", method=method)
        except HTTPException:
            continue
        allowed.append(method)
    return allowed


def _of_ours(request: Request[Any, Any, Any], error: AppError) -> Response[bytes]:
    return _answer(request, error)


def _of_litestar(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    ours = _BY_STATUS.get(error.status_code)
    return _answer(request, ours) if ours else _unexpected(request, error)


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A fault of ours: the caller gets a number, the log gets the number and what happened."""
    error_id = uuid7().hex
    if isinstance(error, StoreUnavailable):
        ours: AppError = Unavailable("storage.unavailable")
    elif isinstance(error, AWAY):
        ours = Unavailable("api.database_away")
    else:
        ours = AppError("api.broken")
    log.error("request failed", error_id=error_id, exc_info=error)
    return _answer(request, ours, error_id)


HANDLERS: dict[int | type[Exception], Any] = {AppError: _of_ours, HTTPException: _of_litestar, Exception: _unexpected}
__all__ = ["HANDLERS", "FieldProblem", "Malformed", "ProblemDetails", "details", "lang_of", "shown"]
