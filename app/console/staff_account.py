"""One account, as an account manager sees and changes it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from app.accounts import factors, identities, oversight, own, people
from app.accounts import service as accounts
from app.accounts.model import Staff
from app.console.context import Req, actor, console, lang_of
from app.console.declare import ACCOUNTS, page
from app.console.render import go, show
from app.console.staff_common import HERE, Typed, agencies_of, choices_of, known_of, role_word
from app.console.staff_record import told
from app.console.words import browser_words
from app.errors import AppError, Conflict, Invalid, NotFound, Problem
from app.forms import Form

_EVENTS = 10
_TOKEN_DAYS = (30, 90, 365)


async def _staff(request: Req, account: str) -> Staff:
    try:
        found = await accounts.staff_of(console(request).parts.pool, UUID(account))
    except ValueError:
        found = None
    if found is None:
        raise NotFound("accounts.no_such_staff")
    return found


async def _page(
    request: Req,
    staff: Staff,
    *,
    typed: Typed | None = None,
    error: AppError | None = None,
    doing: str = "",
    **more: Any,
) -> Response[bytes]:
    """``doing``: the form that ``error`` belongs to."""
    here, by, lang, now = console(request), actor(request), lang_of(request), datetime.now(UTC)
    pool = here.parts.pool
    problems: tuple[Problem, ...] = error.problems if error else ()
    happened, older = await oversight.events(pool, oversight.Wanted(staff_id=staff.staff_id), by, _EVENTS)
    choices = choices_of(request, await agencies_of(request))
    sessions = [(s, browser_words(s.origin, lang)) for s in await own.sessions(pool, staff.staff_id, by, now)]
    return show(
        request,
        "staff_account.html.j2",
        status=error.status if error else 200,
        staff=staff,
        myself=staff.staff_id == by.id,
        role=role_word(staff.role, lang),
        typed=typed or Typed.of(staff),
        choices=choices,
        problems={problem.field: problem for problem in problems} if doing == "save" else {},
        token_problem=problems[0] if doing == "token" else None,
        problem=problems[0] if doing == "act" else None,
        factor=await factors.state(pool, here.policy, staff),
        sessions=sessions,
        tokens=await accounts.list_tokens(pool, staff.staff_id, by),
        identities=await identities.of_staff(pool, staff.staff_id, by),
        events=[told(request, each) for each in happened],
        older=older,
        days=_TOKEN_DAYS,
        now=now,
        new=False,
        done=request.query_params.get("done", ""),
        **{"new_token": "", **more},
    )


def _back(staff: Staff, done: str) -> Response[Any]:
    return go(f"{HERE}/account/{staff.staff_id}?done={done}")


@get("/staff/account/{account:str}", **page(ACCOUNTS))
async def account_page(request: Req, account: FromPath[str]) -> Response[bytes]:
    return await _page(request, await _staff(request, account))


@post("/staff/account/{account:str}", **page(ACCOUNTS))
async def save(request: Req, account: FromPath[str]) -> Response[Any]:
    staff, typed = await _staff(request, account), Typed.from_form(request.state.form)
    wanted = typed.wanted().cleaned()
    known = known_of(choices_of(request, await agencies_of(request)))
    # The user name stays; and an agency that has been closed since is no mistake of whoever corrects the name.
    settled = {"username"} | ({"agency_id"} if wanted.agency_id == staff.agency_id else set())
    found = [*wanted.problems(), *known.problems(wanted.agency_id, wanted.limits)]
    try:
        if problems := [problem for problem in found if problem.field not in settled]:
            raise Invalid.many(problems)
        await people.update_staff(console(request).parts.pool, staff.staff_id, wanted, actor(request))
    except (Invalid, Conflict) as error:
        return await _page(request, staff, typed=typed, error=error, doing="save")
    return _back(staff, "saved")


@post("/staff/account/{account:str}/reset", **page(ACCOUNTS, status=200))
async def reset(request: Req, account: FromPath[str]) -> Response[Any]:
    """A new password, shown once; the second factor goes as well when that is asked for."""
    staff, form = await _staff(request, account), request.state.form
    factor = form.text("factor") == "yes"
    password = await accounts.reset_password(
        console(request).parts.pool, staff.staff_id, None, actor(request), temporary=True, factor=factor
    )
    return show(
        request,
        "staff_password.html.j2",
        username=staff.username,
        full_name=staff.full_name,
        password=password,
        onward=f"{HERE}/account/{staff.staff_id}",
        new=False,
        factor_gone=factor,
    )


@post("/staff/account/{account:str}/factor", **page(ACCOUNTS))
async def factor_reset(request: Req, account: FromPath[str]) -> Response[Any]:
    staff = await _staff(request, account)
    await factors.reset(console(request).parts.pool, staff.staff_id, actor(request))
    return _back(staff, "factor")


@post("/staff/account/{account:str}/switch", **page(ACCOUNTS))
async def switch(request: Req, account: FromPath[str]) -> Response[Any]:
    staff, wanted = await _staff(request, account), request.state.form.text("to")
    if wanted not in ("on", "off"):
        return _back(staff, "")
    act = accounts.enable if wanted == "on" else accounts.disable
    try:
        await act(console(request).parts.pool, staff.staff_id, actor(request))
    except Conflict as error:
        return await _page(request, staff, error=error, doing="act")
    return _back(staff, wanted)


@post("/staff/account/{account:str}/end", **page(ACCOUNTS))
async def end(request: Req, account: FromPath[str]) -> Response[Any]:
    """One session, or all."""
    staff, pool, wanted = (
        await _staff(request, account),
        console(request).parts.pool,
        request.state.form.text("session"),
    )
    if wanted == "all":
        await accounts.sign_out_everywhere(pool, staff.staff_id, actor(request))
        return _back(staff, "ended")
    try:
        await own.end_session(pool, staff.staff_id, UUID(wanted), actor(request))
    except ValueError:
        raise NotFound("accounts.no_such_session") from None
    return _back(staff, "ended")


@post("/staff/account/{account:str}/token", **page(ACCOUNTS, status=200))
async def make_token(request: Req, account: FromPath[str]) -> Response[Any]:
    staff, form = await _staff(request, account), request.state.form
    assert isinstance(form, Form)
    days = next((each for each in _TOKEN_DAYS if str(each) == form.text("days")), None)
    ends = datetime.now(UTC) + timedelta(days=days) if days else None
    scopes = form.ticked.get("scope", [])
    pool, by = console(request).parts.pool, actor(request)
    try:
        token = await accounts.create_token(pool, staff.staff_id, form.text("name"), scopes, ends, by)
    except (Invalid, Conflict) as error:
        return await _page(request, staff, error=error, doing="token")
    return await _page(request, staff, new_token=token)


@post("/staff/account/{account:str}/token/revoke", **page(ACCOUNTS))
async def revoke_token(request: Req, account: FromPath[str]) -> Response[Any]:
    staff = await _staff(request, account)
    try:
        await accounts.revoke_token(console(request).parts.pool, UUID(request.state.form.text("token")), actor(request))
    except ValueError:
        raise NotFound("accounts.no_such_token") from None
    return _back(staff, "revoked")


@post("/staff/account/{account:str}/unlink", **page(ACCOUNTS))
async def unlink(request: Req, account: FromPath[str]) -> Response[Any]:
    """Let go of who the person is at the identity provider."""
    staff = await _staff(request, account)
    await identities.unlink(console(request).parts.pool, staff.staff_id, actor(request))
    return _back(staff, "unlinked")


ROUTES = [account_page, save, reset, factor_reset, switch, end, make_token, revoke_token, unlink]
