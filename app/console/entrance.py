"""Signing in and out, the reader's language, and the first page."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from litestar import Response, get, post
from litestar.params import FromPath

from app.accounts import entry
from app.accounts import service as accounts
from app.accounts.model import Role, Session
from app.accounts.store_access import STEP_TIME
from app.console.context import (
    BASE,
    LANGUAGE_COOKIE,
    Req,
    actor,
    console,
    form_token,
    origin_of,
    session,
)
from app.console.declare import ANYONE, ENTERING, QUEUE, SIGNED_IN, page
from app.console.render import go, menu_of, show
from app.console.words import when
from app.errors import AppError, NotFound, TooMany, Unauthenticated
from app.forms import Form
from app.i18n import LANGS

_Ended = Literal["", "next", "over"]  # nothing ended; the session; a sign-in between its two steps
_SSO_SAID = {name: f"accounts.sso_{name}" for name in ("over", "refused", "unknown", "away", "locked")}
_YEAR = 365 * 24 * 3600
# Only pages of ours: "//other.example" and "/\other.example" are other people's.
_OURS = re.compile(rf"{BASE}(?:[/?][\x21-\x5b\x5d-\x7e]*)?")


def next_of(given: str | None) -> str:
    """Where to go after signing in; the first page when what was asked is no page of ours."""
    return given if given and _OURS.fullmatch(given) and not given.startswith(f"{BASE}/signin") else BASE


@get("/signin", **page(ANYONE))
async def sign_in_page(request: Req) -> Response[Any]:
    wanted = next_of(request.query_params.get("next"))
    token = request.cookies.get(console(request).cookie)
    if token and await accounts.session(console(request).parts.pool, token, datetime.now(UTC)):
        return go(wanted)
    ended: _Ended = "over" if "over" in request.query_params else "next" if "next" in request.query_params else ""
    return _form(request, wanted=wanted, ended=ended)


def _form(
    request: Req,
    *,
    wanted: str,
    username: str = "",
    missing: tuple[str, ...] = (),
    error: AppError | None = None,
    ended: _Ended = "",
) -> Response[bytes]:
    until = None
    headers = {}
    if isinstance(error, TooMany):
        seconds = error.problems[0].params["retry_after"]
        until = when(datetime.now(UTC) + timedelta(seconds=seconds))
        headers["Retry-After"] = str(seconds)
    token, headers["Set-Cookie"] = form_token(request)
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
        sso=here.provider.oidc.name if (here := console(request)).provider else "",
        sso_said=_SSO_SAID.get(request.query_params.get("sso", ""), ""),
        ended=ended,
    )


@post("/signin", **page(ANYONE))
async def sign_in(request: Req) -> Response[Any]:
    form: Form = request.state.form
    wanted, username, password = (
        next_of(form.fields.get("next")),
        form.text("username"),
        form.fields.get("password", ""),
    )
    missing = tuple(name for name, given in (("username", username), ("password", password)) if not given)
    if missing:
        return _form(request, wanted=wanted, username=username, missing=missing)
    here, now = console(request), datetime.now(UTC)
    try:
        here.sign_ins.take(request)
        opened = await entry.begin(here.parts.pool, here.policy, username, password, now, origin_of(request))
    except (Unauthenticated, TooMany) as error:
        return _form(request, wanted=wanted, username=username, error=error)
    return entered(request, opened, wanted, now)


def entered(request: Req, opened: Session | entry.Begun, wanted: str, now: datetime) -> Response[Any]:
    """On to the page that was asked for, or to the second factor."""
    here = console(request)
    if isinstance(opened, entry.Begun):
        cookie = here.set_cookie(here.step_cookie, opened.token, int(STEP_TIME.total_seconds()))
        return go(f"{BASE}/signin/second?next={quote(wanted, safe='/')}", {"Set-Cookie": cookie})
    return go(wanted, {"Set-Cookie": session_cookie(request, opened, now)})


def session_cookie(request: Req, opened: Session, now: datetime) -> str:
    here = console(request)
    return here.set_cookie(here.cookie, opened.token, int((opened.expires_at - now).total_seconds()))


@post("/signout", **page(ENTERING))
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
async def home(request: Req) -> Response[Any]:
    """Leaders begin with the figures, whoever else has a queue with that."""
    if actor(request).role is Role.LEADER:
        return go(f"{BASE}/dashboard")
    if QUEUE.includes(actor(request)):
        return go(f"{BASE}/queue")
    async with console(request).parts.pool.acquire() as conn:
        agency = await accounts.agency(conn, session(request).staff.agency_id)
    return show(request, "home.html.j2", agency=agency, entries=menu_of(actor(request)))


ROUTES = [sign_in_page, sign_in, sign_out, language, home]
