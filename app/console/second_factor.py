"""The second step of a sign-in: the code of the second factor, or setting one up where the role must have one."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import segno
from litestar import Response, get, post
from markupsafe import Markup

from app.accounts import entry, factors
from app.accounts.entry import Begun
from app.accounts.factors import Proposal
from app.console.context import BASE, Req, console, form_token, origin_of
from app.console.declare import ANYONE, page
from app.console.entrance import entered, next_of, session_cookie
from app.console.render import go, show
from app.errors import AppError, TooMany, Unauthenticated
from app.forms import Form


def qr(proposal: Proposal, title: str) -> Markup:
    """The secret as a picture for an authenticator app."""
    made = segno.make(proposal.address, error="m", micro=False)
    return Markup(made.svg_inline(border=4, light="#fff", title=title, omitsize=True))  # noqa: S704  # drawn by the library


def grouped(secret: str) -> str:
    """In groups of four, to be typed."""
    return " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))


async def _begun(request: Req, now: datetime) -> Begun | None:
    token = request.cookies.get(console(request).step_cookie)
    found = await entry.waiting(console(request).parts.pool, token, now) if token else None
    return found[0] if found else None


async def _page(request: Req, begun: Begun, wanted: str, error: AppError | None = None) -> Response[bytes]:
    here = console(request)
    proposal = await factors.proposed(here.parts.pool, here.policy, begun.staff) if begun.needs == "set_up" else None
    token, cookie = form_token(request)
    headers = {"Set-Cookie": cookie}
    if isinstance(error, TooMany):
        headers["Retry-After"] = str(error.problems[0].params["retry_after"])
    return show(
        request,
        "second_factor.html.j2",
        status=error.status if error else 200,
        headers=headers,
        token=token,
        wanted=wanted,
        username=begun.staff.username,
        proposal=proposal,
        qr=qr,
        grouped=grouped,
        problem=error.problems[0] if error else None,
    )


def _anew(wanted: str) -> Response[Any]:
    return go(f"{BASE}/signin?over=1&next={quote(wanted, safe='/')}")


@get("/signin/second", **page(ANYONE))
async def second_page(request: Req) -> Response[Any]:
    begun, wanted = await _begun(request, datetime.now(UTC)), next_of(request.query_params.get("next"))
    return await _page(request, begun, wanted) if begun else _anew(wanted)


@post("/signin/second", **page(ANYONE))
async def second(request: Req) -> Response[Any]:
    form: Form = request.state.form
    here, now, wanted = console(request), datetime.now(UTC), next_of(form.fields.get("next"))
    begun, code = await _begun(request, now), form.text("code")
    if begun is None:
        return _anew(wanted)
    pool, policy, origin = here.parts.pool, here.policy, origin_of(request)
    try:
        if begun.needs == "code":
            opened = await entry.finish(pool, policy, begun.token, code, now, origin)
            return entered(request, opened, wanted, now)
        opened, codes = await entry.finish_set_up(pool, policy, begun.token, code, now, origin)
    except (Unauthenticated, TooMany) as error:
        return _anew(wanted) if error.key == "accounts.sign_in_over" else await _page(request, begun, wanted, error)
    headers = {"Set-Cookie": session_cookie(request, opened, now)}
    return show(request, "recovery_codes.html.j2", headers=headers, codes=codes, onward=wanted)


ROUTES = [second_page, second]
