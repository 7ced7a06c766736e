"""Links that open the wall display: made, listed and revoked."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post

from app.console.context import BASE, Req, actor, console, signature
from app.console.declare import WALL, page
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.i18n.text import nfc
from app.screens import links

HERE = f"{BASE}/wall"
DAYS = (30, 90, 365)


@get("/wall", **page(WALL))
async def wall_links(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(
    request: Req, *, typed: Form | None = None, error: AppError | None = None, made: str = ""
) -> Response[bytes]:
    """``made``: the address of a link that was just made."""
    async with console(request).parts.pool.acquire() as conn:
        kept = await links.listed(conn, actor(request))
    return show(
        request,
        "wall.html.j2",
        status=error.status if error else 200,
        kept=kept,
        now=datetime.now(UTC),
        made=made,
        name=nfc(typed.text("name")) if typed else "",
        chosen=typed.number("days") if typed else DAYS[1],
        choices=DAYS,
        most=links.NAME_MOST,
        problem=error.problems[0] if error else None,
        done=request.query_params.get("done", ""),
    )


@post("/wall", **page(WALL))
async def make(request: Req) -> Response[Any]:
    form: Form = request.state.form
    parts = console(request).parts
    try:
        token = await links.make(
            parts.pool, parts.settings.secret_key, actor(request), form.text("name"), form.number("days"),
            signature(request),
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return await _page(request, typed=form, error=error)
    return await _page(request, typed=form, made=f"{parts.settings.public_url}{links.PAGE}/{token}")


@post("/wall/revoke", **page(WALL, status=303))
async def revoke(request: Req) -> Response[Any]:
    try:
        link_id = UUID(request.state.form.text("link"))
    except ValueError:
        raise NotFound("wall.link_unknown") from None
    await links.revoke(console(request).parts.pool, actor(request), link_id)
    return go(f"{HERE}?done=revoked")


ROUTES = [wall_links, make, revoke]
