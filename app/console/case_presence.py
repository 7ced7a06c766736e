"""Two people on one case see each other, and see that the case has moved on; colleagues are found for an @."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import json

from app.accounts.onlookers import who_may_see
from app.casefile import presence
from app.console.case_page import reader_of, visible
from app.console.context import Req, actor, console
from app.console.declare import CASES, page
from app.forms import Form


def _json(value: Any) -> Response[bytes]:
    return Response(json.encode(value), media_type="application/json")


@post("/reports/{code:str}/presence", **page(CASES))
async def beat(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``version``: the one that the page shows; ``writing``: "yes" while something is typed; ``gone``: "yes" when it is
    closed. Answers who else is here, and whether the page shows an old version."""
    report, who = await visible(request, code), actor(request)
    form: Form = request.state.form
    assert who.id is not None
    async with console(request).parts.pool.acquire() as conn:
        if form.text("gone") == "yes":
            await presence.leave(conn, report.report_id, who.id)
            return _json({"others": [], "changed": False})
        others = await presence.beat(conn, report.report_id, who.id, writing=form.text("writing") == "yes")
    return _json({"others": others, "changed": form.text("version") != str(report.version)})


@get("/reports/{code:str}/people", **page(CASES))
async def people(request: Req, code: FromPath[str]) -> Response[bytes]:
    """Everybody who may see the case and so can be called into it."""
    report, reader = await visible(request, code), await reader_of(request)
    async with console(request).parts.pool.acquire() as conn:
        found = await who_may_see(conn, report)
    return _json(
        [{"username": one.username, "name": one.full_name, "agency": reader.agency(one.agency_id)} for one in found]
    )


ROUTES = [beat, people]
