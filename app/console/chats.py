"""One's own chats: a code that links one, which are linked, and ending a link."""

from typing import Any

from litestar import Response, get, post

from app.accounts import chats
from app.console.context import BASE, Req, actor, console, session
from app.console.declare import SIGNED_IN, page
from app.console.render import go, show
from app.forms import Form

HERE = f"{BASE}/chats"


async def _page(request: Req, code: str = "", until: Any = None) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        linked = await chats.chats_of(conn, session(request).staff.staff_id)
    minutes = int(chats.CODE_LIVES.total_seconds() // 60)
    return show(request, "chats.html.j2", linked=linked, code=code, until=until, minutes=minutes)


@get("/chats", **page(SIGNED_IN))
async def my_chats(request: Req) -> Response[bytes]:
    return await _page(request)


@post("/chats", **page(SIGNED_IN))
async def make_code(request: Req) -> Response[bytes]:
    """Shown this once; asking again makes another and ends this one."""
    code, until = await chats.make_code(console(request).parts.pool, session(request).staff.staff_id, actor(request))
    return await _page(request, code, until)


@post("/chats/unlink", **page(SIGNED_IN))
async def unlink(request: Req) -> Response[Any]:
    form: Form = request.state.form
    channel, user_id = form.text("channel"), form.text("user_id")
    await chats.unlink(console(request).parts.pool, channel, user_id, actor(request))
    return go(HERE)


ROUTES = [my_chats, make_code, unlink]
