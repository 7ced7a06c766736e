"""By which ways somebody hears of warnings, mentions and directions; within what their agency wants."""

from typing import Any

from litestar import Response, get, post

from app.accounts import push_devices
from app.casefile.words import when
from app.console.context import BASE, Req, console, session
from app.console.declare import SIGNED_IN, page
from app.console.render import go, show
from app.escalation import service as escalation
from app.escalation.model import WAYS
from app.notify.smtp import mail_sender
from app.notify.vapid import public_key

HERE = f"{BASE}/account/channels"


@get("/account/channels", **page(SIGNED_IN))
async def channels_page(request: Req) -> Response[bytes]:
    parts = console(request).parts
    async with parts.pool.acquire() as conn:
        own = await escalation.own_ways(conn, session(request).staff)
        device = await push_devices.of(conn, session(request).staff.staff_id)
    return show(
        request,
        "account_channels.html.j2",
        own=own,
        ways=WAYS,
        mail_on=mail_sender(parts.settings) is not None,
        device=device,
        push_key=public_key(parts.settings.secret_key),
        when=when,
        done=request.query_params.get("done", ""),
    )


@post("/account/channels", **page(SIGNED_IN))
async def choose(request: Req) -> Response[Any]:
    wanted = request.state.form.ticked.get("ways", [])
    async with console(request).parts.pool.acquire() as conn:
        await escalation.choose_ways(conn, session(request).staff.staff_id, wanted)
    return go(f"{HERE}?done=saved")


ROUTES = [channels_page, choose]
