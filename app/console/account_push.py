"""The device on which somebody is told what their bell counts, by Web Push; switched on there, off anywhere."""

from typing import Any

from litestar import Response, post

from app import outward
from app.accounts import push_devices
from app.accounts.push_devices import PushDevice
from app.console.account_channels import HERE as BACK
from app.console.context import BASE, Req, console, lang_of, session
from app.console.declare import SIGNED_IN, page
from app.console.render import go
from app.db import transaction
from app.reports.pushing import read_keys

HERE = f"{BASE}/account/push"


@post("/account/push", **page(SIGNED_IN))
async def begin(request: Req) -> Response[Any]:
    """From a script, again at each visit: the address may be another one by then."""
    form = request.state.form
    p256dh, auth = read_keys(form.text("p256dh"), form.text("auth"))
    # The public internet alone: the networks of the settings are for what an administrator typed.
    await outward.check(form.text("address"), field="address")
    device = PushDevice(form.text("address"), p256dh, auth, lang_of(request))
    async with transaction(console(request).parts.pool) as conn:
        await push_devices.keep(conn, session(request).staff.staff_id, device)
    return Response({})


@post("/account/push/off", **page(SIGNED_IN))
async def end(request: Req) -> Response[Any]:
    """By its own script, or from anywhere: it may be lost."""
    address = request.state.form.text("address")
    async with console(request).parts.pool.acquire() as conn:
        await push_devices.end(conn, session(request).staff.staff_id, address)
    return go(BACK)


ROUTES = [begin, end]
