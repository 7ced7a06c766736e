"""Filters of the queue kept by name: beside the queue with their counts, and a page to order, share and delete them."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Response, get, post
from msgspec import Struct

from app.console.context import BASE, Req, actor, console
from app.console.declare import QUEUE, page
from app.console.queue_asked import Asked, asked, filter_of
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.worklist import saved
from app.worklist import service as worklist
from app.worklist.model import MANY
from app.worklist.saved import Saved

HERE = f"{BASE}/queue/saved"


class Kept(Struct, frozen=True):
    """A saved filter and, where it was counted, how much it finds."""

    saved: Saved
    path: str
    count: int | None = None


async def kept_of(request: Req) -> list[Kept]:
    async with console(request).parts.pool.acquire() as conn:
        found = await saved.of_person(conn, actor(request))
    return [Kept(one, f"{BASE}/queue?{one.query}") for one in found]


@get("/queue/saved/counts", **page(QUEUE))
async def counts(request: Req) -> Response[bytes]:
    """The same list with counts, loaded when the page stands."""
    reader, now, parts = actor(request), datetime.now(UTC), console(request).parts
    kept = await kept_of(request)
    filters = [filter_of(asked_of(one.saved, request), reader, now) for one in kept]
    found = await worklist.counts(parts.pool, reader, filters)
    counted = [Kept(one.saved, one.path, count) for one, count in zip(kept, found, strict=True)]
    return show(request, "queue_saved_list.html.j2", kept=counted, saved_here=HERE, counted=True, many=MANY)


def asked_of(one: Saved, request: Req) -> Asked:
    return asked(dict(parse_qsl(one.query)), actor(request))


# ---------------------------------------------------------------- the page


async def _page(request: Req, error: AppError | None = None) -> Response[bytes]:
    status = error.status if error else 200
    return show(
        request, "queue_saved.html.j2", status=status, kept=await kept_of(request), saved_here=HERE,
        problem=error.problems[0] if error else None,
    )  # fmt: skip


@get("/queue/saved", **page(QUEUE))
async def saved_page(request: Req) -> Response[bytes]:
    return await _page(request)


@post("/queue/saved", **page(QUEUE))
async def save(request: Req) -> Response[Any]:
    """What is kept is what the page would ask for, not what was sent: nothing strange stays in it."""
    form: Form = request.state.form
    reader = actor(request)
    wanted = asked(dict(parse_qsl(form.fields.get("query", "")[:4000])), reader)
    name, shared = form.text("name"), "shared" in form.fields
    try:
        filter_of(wanted, reader, datetime.now(UTC))
        await saved.save(console(request).parts.pool, reader, name, wanted.query(), shared=shared)
    except (Invalid, Conflict) as error:
        return await _page(request, error)
    return go(f"{BASE}/queue?{wanted.query()}")


def _id(request: Req) -> UUID:
    form: Form = request.state.form
    try:
        return UUID(form.text("id"))
    except ValueError:
        raise NotFound("queue.saved_gone") from None


@post("/queue/saved/delete", **page(QUEUE))
async def delete(request: Req) -> Response[Any]:
    await saved.delete(console(request).parts.pool, actor(request), _id(request))
    return go(HERE)


@post("/queue/saved/share", **page(QUEUE))
async def share(request: Req) -> Response[Any]:
    form: Form = request.state.form
    await saved.share(console(request).parts.pool, actor(request), _id(request), shared=form.text("shared") == "yes")
    return go(HERE)


@post("/queue/saved/up", **page(QUEUE))
async def up(request: Req) -> Response[Any]:
    await saved.move_up(console(request).parts.pool, actor(request), _id(request))
    return go(HERE)


ROUTES = [counts, saved_page, save, delete, share, up]
