"""Single sign-on: off to the identity provider and back."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from litestar import Response, get

from app.accounts.entry import Begun
from app.accounts.oidc import AWAY
from app.accounts.store_access import STEP_TIME
from app.console.context import BASE, Req, console, origin_of
from app.console.declare import ANYONE, page
from app.console.entrance import next_of, session_cookie
from app.console.render import go, show
from app.errors import AppError, NotFound, TooMany, Unauthenticated, Unavailable

CALLBACK = f"{BASE}/sso/callback"


def _failed(error: AppError) -> Response[Any]:
    why = "locked" if isinstance(error, TooMany) else error.key.removeprefix("accounts.sso_")
    return go(f"{BASE}/signin?sso={why}")


@get("/sso", **page(ANYONE))
async def leave(request: Req) -> Response[Any]:
    here = console(request)
    if here.provider is None:
        raise NotFound("console.not_found")
    wanted = next_of(request.query_params.get("next"))
    try:
        question = await here.provider.leave(here.parts.pool, wanted, datetime.now(UTC))
    except Unavailable as error:
        return _failed(error)
    # Lax: the browser comes back from another site, and must bring this along.
    cookie = here.set_cookie(here.sso_cookie, question.state, int(AWAY.total_seconds()), same_site="Lax")
    return go(question.address, {"Set-Cookie": cookie})


@get("/sso/callback", **page(ANYONE))
async def come_back(request: Req) -> Response[Any]:
    here, now = console(request), datetime.now(UTC)
    if here.provider is None:
        raise NotFound("console.not_found")
    answer = {name: value for name, value in request.query_params.items() if isinstance(value, str)}
    kept = request.cookies.get(here.sso_cookie, "")
    try:
        opened, wanted = await here.provider.come_back(
            here.parts.pool, here.policy, answer, kept, now, origin_of(request)
        )
    except (Unauthenticated, TooMany, Unavailable) as error:
        return _failed(error)
    if isinstance(opened, Begun):
        cookie = here.set_cookie(here.step_cookie, opened.token, int(STEP_TIME.total_seconds()))
        wanted = f"{BASE}/signin/second?next={quote(wanted, safe='/')}"
    else:
        cookie = session_cookie(request, opened, now)
    # A page that goes on by itself, not a redirect: on a chain that began at another site, browsers keep back the very
    # cookie that is set here.
    return show(request, "sso_back.html.j2", headers={"Set-Cookie": cookie}, onward=wanted)


ROUTES = [leave, come_back]
