"""This browser hears of its reports by Web Push: of all that were sent from it, as long as it says so.

The script of the page (``static/hear.js``) says so when somebody presses the button, and again at each visit and after
each report, for only the server knows which reports a browser has. What is said here is proved by the cookie, as in
"my reports".
"""

from typing import Any

from litestar import Response, post
from msgspec import Struct

from app import outward
from app.errors import Forbidden
from app.forms import read_form
from app.notify.vapid import public_key
from app.portal.context import Req, from_here, lang_of, open_to, portal
from app.portal.own_list import own
from app.reports import pushing
from app.reports.pushing import Device

HERE = "/mine/push"


class Hear(Struct, frozen=True):
    """What the button needs. ``key``: that the browser subscribes with; ``in_chat``: a chat hears of the report that is
    shown, so there is nothing to press."""

    key: str
    in_chat: bool


def hear(request: Req, *, in_chat: bool = False) -> Hear:
    return Hear(public_key(portal(request).parts.settings.secret_key), in_chat)


@post(HERE, **open_to("secret"))
async def begin(request: Req) -> Response[Any]:
    """``codes``: of which reports this browser hears now."""
    from_here(request)
    here, form = portal(request), await read_form(request)
    here.limiter.take(request)
    address = form.text("address")
    keys = pushing.read_keys(form.text("p256dh"), form.text("auth"))
    await outward.check(address, field="address")
    reports = await own(request)
    if not reports:
        raise Forbidden("devices.nothing")
    told = await pushing.register(here.parts.pool, reports, Device(address, keys), lang_of(request))
    return Response({"codes": [report.code for report in told]})


@post(f"{HERE}/off", **open_to("link"))
async def end(request: Req) -> Response[Any]:
    """Its address is forgotten; whoever knows it is this browser."""
    from_here(request)
    here, form = portal(request), await read_form(request)
    here.limiter.take(request)
    await pushing.end(here.parts.pool, form.text("address"))
    return Response({})


ROUTES = [begin, end]
