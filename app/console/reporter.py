"""The person behind a report, for coordinators: who it is, said once and recorded; whether new reports are refused."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from app.console.case_page import visible
from app.console.context import BASE, Req, actor, console
from app.console.declare import DESK, LOOKS, page
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid
from app.forms import Form
from app.reports import blocking
from app.reports import service as reports
from app.reports.blocking import Block
from app.reports.codes import read_code
from app.reports.model import Contact, Report
from app.worklist import oversight


@get("/reports/{code:str}/reporter", **page(DESK))
async def reporter_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _page(request, await visible(request, code))


@post("/reports/{code:str}/reporter", **page(DESK))
async def reveal(request: Req, code: FromPath[str]) -> Response[bytes]:
    """Who it is: on this one page, which nothing keeps. Loading it again is another look, with the reason again."""
    report, form, parts = await visible(request, code), request.state.form, console(request).parts
    try:
        who = await reports.view_identity(parts.pool, parts.rules, actor(request), report, form.text("reason"))
    except Invalid as error:
        return await _page(request, report, form, error, "reveal")
    return await _page(request, report, who=who)


@post("/reports/{code:str}/reporter/block", **page(DESK))
async def block(request: Req, code: FromPath[str]) -> Response[Any]:
    """Refuse the person's new reports from now on."""
    return await _switch(request, code, blocking.block)


@post("/reports/{code:str}/reporter/unblock", **page(DESK))
async def unblock(request: Req, code: FromPath[str]) -> Response[Any]:
    """Take the person's new reports again."""
    return await _switch(request, code, blocking.unblock)


async def _switch(request: Req, code: str, verb: Callable[..., Awaitable[Block]]) -> Response[Any]:
    report, form, parts = await visible(request, code), request.state.form, console(request).parts
    try:
        await verb(parts.pool, parts.rules, actor(request), report, form.text("reason"))
    except (Conflict, Invalid) as error:
        return await _page(request, report, form, error, "block")
    return go(f"{BASE}/desk/blocked" if form.text("next") == "blocked" else f"{BASE}/reports/{report.code}/reporter")


async def _page(
    request: Req,
    report: Report,
    form: Form | None = None,
    error: AppError | None = None,
    where: str = "",
    who: Contact | None = None,
) -> Response[bytes]:
    parts, reader = console(request).parts, actor(request)
    state = await blocking.state(parts.pool, reader, report)
    async with parts.pool.acquire() as conn:
        looks = await oversight.looks(conn, reader, report.code)
    return show(
        request,
        "reporter.html.j2",
        status=error.status if error else 200,
        report=report,
        state=state,
        looks=looks,
        who=who,
        reason=form.text("reason") if form else "",
        problem=error.problems[0] if error else None,
        where=where,
    )


@get("/desk/blocked", **page(DESK))
async def blocked(request: Req) -> Response[bytes]:
    async with console(request).parts.pool.acquire() as conn:
        found = await oversight.blocked(conn, actor(request))
    return show(request, "desk_blocked.html.j2", blocked=found)


@get("/looks", **page(LOOKS))
async def looks_page(request: Req) -> Response[bytes]:
    asked = request.query_params
    typed = asked.get("code", "").strip()
    code = read_code(typed) if typed else None
    async with console(request).parts.pool.acquire() as conn:
        wrong = bool(typed) and code is None
        found = [] if wrong else await oversight.looks(conn, actor(request), code, _before(asked.get("before", "")))
    more = len(found) == oversight.MOST and code is None
    return show(
        request,
        "looks.html.j2",
        looks=found,
        typed=typed,
        wrong=wrong,
        next=found[-1].at.isoformat() if more else None,
        desk=DESK.includes(actor(request)),
    )


def _before(typed: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(typed) if typed else None
    except ValueError:
        return None
    return at if at and at.tzinfo else None


ROUTES = [reporter_page, reveal, block, unblock, blocked, looks_page]
