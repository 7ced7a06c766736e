"""Files of figures: ordering one of the question in the address, one's own with how far they are, what each was made
from."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from app.accounts import service as accounts
from app.console.context import Req, actor, console, lang_of
from app.console.dashboard_asked import KINDS, Look, Pairs, chosen, look
from app.console.dashboard_head import head
from app.console.declare import STATS, page
from app.console.exports_view import HERE, kinds, shown
from app.console.queue_rows import choices_of
from app.console.render import go, show
from app.db import transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.exports import service as exports
from app.exports.model import Export
from app.forms import Form
from app.i18n import t
from app.stats import store as stats_store
from app.stats.asked import asked
from app.stats.names import names
from app.stats.rights import narrowed

_PERIOD_FORM = ("kind", "on", "from", "to")


@get("/exports", **page(STATS))
async def exports_page(request: Req) -> Response[Any]:
    now, pairs = datetime.now(UTC), list(request.query_params.multi_items())
    try:
        period = chosen(dict(pairs))
        if period is not None:
            rest = [pair for pair in pairs if pair[0] not in _PERIOD_FORM]
            return go(f"{HERE}?{look(rest, now).at(period)}")
        return await _page(request, look(pairs, now), now)
    except Invalid as error:
        return await _page(request, look([], now), now, error)


async def _page(request: Req, wanted: Look, now: datetime, error: AppError | None = None) -> Response[bytes]:
    parts, lang, reader = console(request).parts, lang_of(request), actor(request)
    narrowed(reader, wanted.asked)  # what is none of the reader's business is not offered either
    async with parts.pool.acquire() as conn:
        known = await names(conn, parts.rules, parts.gazetteer)
        read_at = (await stats_store.state(conn)).read_at
        mine = await exports.mine(conn, reader)
    problem = t(error.key, lang, **error.problems[0].params) if error else ""
    return show(
        request,
        "exports.html.j2",
        status=error.status if error else 200,
        problem=problem,
        here=HERE,
        wanted=wanted,
        head=head(wanted, known, read_at, now, lang, HERE),
        choices=choices_of(request, reader, ""),
        state="read",
        kinds=[(kind, t(f"dashboard.kind_{kind}", lang)) for kind in KINDS],
        formats=kinds(lang),
        files=[shown(one, known, lang) for one in mine],
        over=False,
    )


@get("/exports/mine", **page(STATS, quiet=True))
async def mine(request: Req) -> Response[bytes]:
    """How far one's own files are, for the open page."""
    parts, lang = console(request).parts, lang_of(request)
    async with parts.pool.acquire() as conn:
        known = await names(conn, parts.rules, parts.gazetteer)
        files = [shown(one, known, lang) for one in await exports.mine(conn, actor(request))]
    return show(request, "exports_mine.html.j2", files=files, over=not any(one.export.underway for one in files))


@post("/exports", **page(STATS, status=200))
async def order(request: Req) -> Response[Any]:
    form: Form = request.state.form
    now, pairs = datetime.now(UTC), _pairs(form)
    try:
        async with transaction(console(request).parts.pool) as conn:
            question = asked(pairs, now)
            done = await exports.order(conn, actor(request), question, form.text("format"), lang_of(request), now=now)
    except (Invalid, Conflict) as error:
        try:
            wanted = look(pairs, now)
        except Invalid:
            wanted = look([], now)
        return await _page(request, wanted, now, error)
    return go(f"{HERE}/{done.export_id}")


def _pairs(form: Form) -> Pairs:
    """The question as the page's hidden fields have it."""
    several = {name: form.ticked.get(name) or [form.fields[name]] for name in form.fields}
    return [(name, value) for name, values in several.items() if name not in ("csrf", "format") for value in values]


# ---------------------------------------------------------------- one file


def id_of(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise NotFound("exports.gone") from None


async def own(request: Req, typed: str) -> Export:
    """Raises NotFound."""
    async with console(request).parts.pool.acquire() as conn:
        return await exports.get(conn, actor(request), id_of(typed))


@get("/exports/{wanted:str}", **page(STATS))
async def one(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    return await _one(request, await own(request, wanted), "exports_one.html.j2")


@get("/exports/{wanted:str}/state", **page(STATS, quiet=True))
async def state(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    """How far it is, for the open page."""
    return await _one(request, await own(request, wanted), "exports_file.html.j2")


async def _one(request: Req, export: Export, template: str) -> Response[bytes]:
    parts, lang = console(request).parts, lang_of(request)
    async with parts.pool.acquire() as conn:
        known = await names(conn, parts.rules, parts.gazetteer)
        by = (await accounts.staff_names(conn, [export.staff_id])).get(export.staff_id, "")
    try:
        exports.check_covered(actor(request), export)
        covered = True
    except Forbidden:
        covered = False
    return show(
        request,
        template,
        file=shown(export, known, lang),
        by=by,
        covered=covered,
        question=dict(parse_qsl(export.query)),
    )


@post("/exports/{wanted:str}/cancel", **page(STATS))
async def cancel(request: Req, wanted: FromPath[str]) -> Response[Any]:
    async with console(request).parts.pool.acquire() as conn:
        await exports.cancel(conn, actor(request), id_of(wanted))
    return go(f"{HERE}/{wanted}")


@post("/exports/{wanted:str}/again", **page(STATS))
async def again(request: Req, wanted: FromPath[str]) -> Response[Any]:
    await exports.again(console(request).parts.pool, actor(request), id_of(wanted))
    return go(f"{HERE}/{wanted}")


@post("/exports/{wanted:str}/delete", **page(STATS))
async def delete(request: Req, wanted: FromPath[str]) -> Response[Any]:
    async with console(request).parts.pool.acquire() as conn:
        await exports.delete(conn, actor(request), id_of(wanted))
    return go(HERE)


ROUTES = [exports_page, mine, order, one, state, cancel, again, delete]
