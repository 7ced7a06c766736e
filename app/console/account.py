"""Everybody's own account: where one is signed in, the second factor, the password."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from app.accounts import factors, own
from app.accounts.factors import Proposal
from app.console.context import BASE, Req, actor, console, lang_of, session
from app.console.declare import ENTERING, SIGNED_IN, page
from app.console.render import go, show
from app.console.second_factor import grouped, qr
from app.console.words import browser_words
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound, TooMany, Unauthenticated
from app.forms import Form

HERE = f"{BASE}/account"


def _form(request: Req) -> Form:
    form = request.state.form
    assert isinstance(form, Form)
    return form


# ---------------------------------------------------------------- sessions


@get("/account", **page(SIGNED_IN))
async def sessions_page(request: Req) -> Response[bytes]:
    mine, now = session(request), datetime.now(UTC)
    found = await own.sessions(console(request).parts.pool, mine.staff.staff_id, actor(request), now, token=mine.token)
    lang = lang_of(request)
    rows = [(each, browser_words(each.origin, lang)) for each in found]
    return show(request, "account_sessions.html.j2", rows=rows, done=request.query_params.get("done", ""))


@post("/account/end", **page(SIGNED_IN))
async def end(request: Req) -> Response[Any]:
    """One session, or all but this one."""
    pool, mine, wanted = console(request).parts.pool, session(request), _form(request).text("session")
    if wanted == "others":
        await own.end_other_sessions(pool, mine.staff, mine.token)
        return go(f"{HERE}?done=others")
    try:
        await own.end_session(pool, mine.staff.staff_id, UUID(wanted), actor(request))
    except ValueError:
        raise NotFound("accounts.no_such_session") from None
    return go(f"{HERE}?done=one")


# ---------------------------------------------------------------- the second factor


async def _factor_page(
    request: Req, proposal: Proposal | None = None, error: AppError | None = None, doing: str = ""
) -> Response[bytes]:
    """``doing``: the form that ``error`` belongs to."""
    here = console(request)
    return show(
        request,
        "account_factor.html.j2",
        status=error.status if error else 200,
        state=await factors.state(here.parts.pool, here.policy, session(request).staff),
        proposal=proposal,
        qr=qr,
        grouped=grouped,
        problem=error.problems[0] if error else None,
        doing=doing,
        done=request.query_params.get("done", ""),
    )


@get("/account/factor", **page(SIGNED_IN))
async def factor_page(request: Req) -> Response[bytes]:
    return await _factor_page(request)


@post("/account/factor/start", **page(SIGNED_IN, status=200))
async def factor_start(request: Req) -> Response[bytes]:
    here, password = console(request), _form(request).fields.get("password", "")
    try:
        staff, now = session(request).staff, datetime.now(UTC)
        proposal = await factors.start(here.parts.pool, here.policy, staff, password, now)
    except (Unauthenticated, TooMany) as error:
        return await _factor_page(request, error=error, doing="start")
    return await _factor_page(request, proposal)


@post("/account/factor/confirm", **page(SIGNED_IN, status=200))
async def factor_confirm(request: Req) -> Response[bytes]:
    here, staff = console(request), session(request).staff
    try:
        code = _form(request).text("code")
        codes = await factors.confirm(here.parts.pool, here.policy, staff, code, datetime.now(UTC))
    except Unauthenticated as error:
        waiting = await factors.proposal(here.parts.pool, here.policy, staff)
        return await _factor_page(request, waiting, error, "confirm" if waiting else "start")
    return _codes(request, codes)


@post("/account/factor/codes", **page(SIGNED_IN, status=200))
async def factor_codes(request: Req) -> Response[bytes]:
    password = _form(request).fields.get("password", "")
    try:
        codes = await factors.renew_codes(
            console(request).parts.pool, session(request).staff, password, datetime.now(UTC)
        )
    except (Unauthenticated, TooMany, Conflict) as error:
        return await _factor_page(request, error=error, doing="codes")
    return _codes(request, codes)


@post("/account/factor/remove", **page(SIGNED_IN))
async def factor_remove(request: Req) -> Response[Any]:
    here, password = console(request), _form(request).fields.get("password", "")
    try:
        staff, now = session(request).staff, datetime.now(UTC)
        await factors.remove(here.parts.pool, here.policy, staff, password, now)
    except (Unauthenticated, TooMany, Forbidden) as error:
        return await _factor_page(request, error=error, doing="remove")
    return go(f"{HERE}/factor?done=removed")


def _codes(request: Req, codes: list[str]) -> Response[bytes]:
    return show(request, "recovery_codes.html.j2", codes=codes, onward=f"{HERE}/factor")


# ---------------------------------------------------------------- the password


def _password_page(request: Req, error: AppError | None = None) -> Response[bytes]:
    return show(
        request,
        "account_password.html.j2",
        status=error.status if error else 200,
        problem=error.problems[0] if error else None,
        first=session(request).staff.password_temporary,
        done=request.query_params.get("done", ""),
    )


@get("/account/password", **page(ENTERING))
async def password_page(request: Req) -> Response[bytes]:
    return _password_page(request)


@post("/account/password", **page(ENTERING))
async def password(request: Req) -> Response[Any]:
    fields, mine = _form(request).fields, session(request)
    old, new, again = (fields.get(name, "") for name in ("password", "new", "again"))
    try:
        if new != again:
            raise Invalid("console.password_differs", field="again")
        await own.change_password(console(request).parts.pool, mine.staff, old, new, mine.token, datetime.now(UTC))
    except (Unauthenticated, TooMany, Invalid, Conflict) as error:
        return _password_page(request, error)
    return go(f"{HERE}/password?done=changed")


ROUTES = [
    sessions_page,
    end,
    factor_page,
    factor_start,
    factor_confirm,
    factor_codes,
    factor_remove,
    password_page,
    password,
]
