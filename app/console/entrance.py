"""Signing in and out, the reader's language, and the first page."""

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app.accounts import service as accounts
from app.console.context import BASE, LANGUAGE_COOKIE, Req, actor, console, session
from app.console.declare import ANYONE, SIGNED_IN, page
from app.console.forms import Form
from app.console.render import go, menu_of, show
from app.console.words import when
from app.errors import AppError, NotFound, TooMany, Unauthenticated
from app.i18n import LANGS

_YEAR = 365 * 24 * 3600
_FORM_SECONDS = 24 * 3600
# Only pages of ours: "//other.example" and "/\other.example" are other people's.
_OURS = re.compile(rf"{BASE}(?:[/?][\x21-\x5b\x5d-\x7e]*)?")


def _next(given: str | None) -> str:
    """Where to go after signing in; the first page when what was asked is no page of ours."""
    return given if given and _OURS.fullmatch(given) and not given.startswith(f"{BASE}/signin") else BASE


@get("/signin", **page(ANYONE))
async def sign_in_page(request: Req) -> Response[Any]:
    wanted = _next(request.query_params.get("next"))
    token = request.cookies.get(console(request).cookie)
    if token and await accounts.session(console(request).parts.pool, token, datetime.now(UTC)):
        return go(wanted)
    return _form(request, wanted=wanted, ended="next" in request.query_params)


def _form(
    request: Req,
    *,
    wanted: str,
    username: str = "",
    missing: tuple[str, ...] = (),
    error: AppError | None = None,
    ended: bool = False,
) -> Response[bytes]:
    until = None
    headers = {}
    if isinstance(error, TooMany):
        seconds = error.problems[0].params["retry_after"]
        until = when(datetime.now(UTC) + timedelta(seconds=seconds))
        headers["Retry-After"] = str(seconds)
    # The same token for all tabs of a browser; the cookie is renewed with it.
    here = console(request)
    token = request.cookies.get(here.form_cookie) or secrets.token_urlsafe(32)
    headers["Set-Cookie"] = here.set_cookie(here.form_cookie, token, _FORM_SECONDS)
    return show(
        request,
        "signin.html.j2",
        status=error.status if error else 422 if missing else 200,
        headers=headers,
        token=token,
        wanted=wanted,
        username=username,
        missing=missing,
        problem=error.problems[0] if error else None,
        until=until,
        ended=ended,
    )


@post("/signin", **page(ANYONE))
async def sign_in(request: Req) -> Response[Any]:
    form: Form = request.state.form
    wanted, username, password = _next(form.fields.get("next")), form.text("username"), form.fields.get("password", "")
    missing = tuple(name for name, given in (("username", username), ("password", password)) if not given)
    if missing:
        return _form(request, wanted=wanted, username=username, missing=missing)
    here, now = console(request), datetime.now(UTC)
    try:
        opened = await accounts.sign_in(here.parts.pool, username, password, now)
    except (Unauthenticated, TooMany) as error:
        return _form(request, wanted=wanted, username=username, error=error)
    seconds = int((opened.expires_at - now).total_seconds())
    return go(wanted, {"Set-Cookie": here.set_cookie(here.cookie, opened.token, seconds)})


@post("/signout", **page(SIGNED_IN))
async def sign_out(request: Req) -> Response[Any]:
    here = console(request)
    await accounts.sign_out(here.parts.pool, session(request).token)
    return go(f"{BASE}/signin", {"Set-Cookie": here.set_cookie(here.cookie, "", 0)})


@get("/language/{wanted:str}", **page(ANYONE))
async def language(request: Req, wanted: FromPath[str]) -> Response[Any]:
    if wanted not in LANGS:
        raise NotFound("console.not_found")
    back = request.query_params.get("next")
    path = back if back and _OURS.fullmatch(back) else BASE
    return go(path, {"Set-Cookie": console(request).set_cookie(LANGUAGE_COOKIE, wanted, _YEAR)})


@get("/", **page(SIGNED_IN))
async def home(request: Req) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        agency = await accounts.agency(conn, session(request).staff.agency_id)
    return show(request, "home.html.j2", agency=agency, entries=menu_of(actor(request)))


ROUTES = [sign_in_page, sign_in, sign_out, language, home]
