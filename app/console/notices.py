"""What concerns oneself: warnings, mentions, directions, cases given to one; opened one by one, or all read at once."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.casefile.words import category_name
from app.console.context import BASE, Req, console, lang_of, session
from app.console.declare import SIGNED_IN, page
from app.console.render import go, show
from app.errors import NotFound
from app.escalation import notices
from app.escalation.model import Notice
from app.i18n import t

HERE = f"{BASE}/notices"
_GRAVE = ("_100", "disputed")


class Row(Struct, frozen=True):
    """A notice in words. ``grave``: it is late already."""

    notice: Notice
    says: str
    category: str
    grave: bool


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@get("/notices", **page(SIGNED_IN))
async def notices_page(request: Req) -> Response[bytes]:
    query, lang, rules = request.query_params, lang_of(request), console(request).parts.rules
    everything, before = query.get("show") == "all", _uuid(query.get("before", ""))
    async with console(request).parts.pool.acquire() as conn:
        found = await notices.page(conn, session(request).staff.staff_id, before, everything=everything)
    rows = [
        Row(one, t(f"officers.{one.kind}", lang), category_name(rules, one.category, lang), one.kind.endswith(_GRAVE))
        for one in found.notices
    ]
    return show(
        request,
        "notices.html.j2",
        rows=rows,
        everything=everything,
        first=before is None,
        next=found.next,
        newest=found.notices[0].notice_id if found.notices else None,
        done=query.get("done", ""),
    )


@get("/notices/{wanted:str}", **page(SIGNED_IN, status=303))
async def open_notice(request: Req, wanted: FromPath[str]) -> Response[Any]:
    """It is read with this, and its case is what is seen next. A link, so that it opens in another tab as well."""
    notice_id = _uuid(wanted)
    if notice_id is None:
        raise NotFound("escalation.notice_gone")
    async with console(request).parts.pool.acquire() as conn:
        code, path = await notices.opened(conn, session(request).staff.staff_id, notice_id)
    return go(path or f"{BASE}/reports/{code}")


@post("/notices/read", **page(SIGNED_IN))
async def all_read(request: Req) -> Response[Any]:
    newest = _uuid(request.state.form.text("newest"))
    if newest is not None:
        async with console(request).parts.pool.acquire() as conn:
            await notices.all_read(conn, session(request).staff.staff_id, newest)
    return go(f"{HERE}?done=read")


ROUTES = [notices_page, open_notice, all_read]
