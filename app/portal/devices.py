"""My reports on this device, and how they come to another one or into a chat, without an account."""

from litestar import Response, get, post

from app.accounts import bots
from app.errors import AppError, Forbidden, Invalid
from app.forms import read_form
from app.portal.context import Req, from_here, go, lang_of, open_to, portal, site_policy
from app.portal.hearing import hear
from app.portal.mine import keeping_all
from app.portal.own_list import listed, own
from app.portal.render import show
from app.posters.links import telegram_link
from app.reports import devices

HERE = "/mine"
_TAKE = f"{HERE}/take"


@get(HERE, **open_to("anyone"))
async def mine_page(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(request: Req, error: AppError | None = None) -> Response[bytes]:
    lang = lang_of(request)
    return show(
        lang,
        "mine.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request),
        here=HERE,
        mine=await listed(request, lang),
        hear=hear(request),
        added="added" in request.query_params,
        minutes=devices.MINUTES,
        problem=error.problems[0] if error else None,
    )


@post(f"{HERE}/move", **open_to("secret"))
async def move(request: Req) -> Response[bytes]:
    """A code for what is proved to be this browser's own. It is on this page alone: a fresh look makes another."""
    from_here(request)
    here, lang = portal(request), lang_of(request)
    here.limiter.take(request)
    parts, reports = here.parts, [report.report_id for report in await own(request)]
    if not reports:
        raise Forbidden("devices.nothing")
    async with parts.pool.acquire() as conn:
        code = await devices.offer(conn, parts.settings.secret_key, reports)
        bot = await bots.name(conn, "telegram")
    if parts.settings.simulated:
        chat = f"http://127.0.0.1:{parts.settings.simulator_port}/?start={code}"
    else:
        chat = telegram_link(bot, code) if bot else ""
    return show(
        lang,
        "move.html.j2",
        headers=site_policy(request),
        here=HERE,
        code=code,
        count=len(reports[: devices.MOST]),
        link=f"{parts.settings.public_url}{_TAKE}?code={code}",
        chat=chat,
        minutes=devices.MINUTES,
    )


@post(f"{HERE}/cancel", **open_to("link"))
async def cancel(request: Req) -> Response[bytes]:
    """The code was shown to the wrong person."""
    from_here(request)
    parts, form = portal(request).parts, await read_form(request)
    async with parts.pool.acquire() as conn:
        await devices.cancel(conn, parts.settings.secret_key, form.text("code"))
    return go(HERE)


@get(_TAKE, **open_to("link"))
async def take_page(request: Req) -> Response[bytes]:
    """Asks first: a chat that looks at a link beforehand must not use it up."""
    here, code = portal(request), request.query_params.get("code", "")
    here.limiter.take(request)
    try:
        async with here.parts.pool.acquire() as conn:
            reports = await devices.look(conn, here.parts.settings.secret_key, code)
    except Invalid as error:
        return await _page(request, error)
    lang = lang_of(request)
    return show(
        lang,
        "take.html.j2",
        headers=site_policy(request),
        here=HERE,
        code=devices.read_code(code),
        count=len(reports),
    )


@post(_TAKE, **open_to("link"))
async def take(request: Req) -> Response[bytes]:
    from_here(request)
    here, form = portal(request), await read_form(request)
    here.limiter.take(request)
    key = here.parts.settings.secret_key
    try:
        async with here.parts.pool.acquire() as conn:
            found = await devices.secrets_of(conn, key, await devices.take(conn, key, form.text("code")))
    except Invalid as error:
        return await _page(request, error)
    return go(f"{HERE}?added=1", keeping_all(request, found))


ROUTES = [mine_page, move, cancel, take_page, take]
