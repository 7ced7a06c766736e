"""Leaders' directions: a leader sees what came of theirs, an agency what it has to report on, the coordinators all."""

from datetime import UTC, datetime
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Role
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import QUEUE, page
from app.console.render import show
from app.console.words import Teller
from app.i18n import Lang, t
from app.worklist import directions as worklist

HERE = f"{BASE}/directions"


class Row(Struct, frozen=True):
    """A direction in words. ``left``: how long until its deadline, or since."""

    given: worklist.Given
    state: worklist.State
    category: str
    agency: str
    by: str
    ended_by: str
    left: str


def left(due: datetime, now: datetime, lang: Lang) -> str:
    """ "còn 3 ngày", "quá hạn 5 giờ": in whole days from two on, else in hours, at least one."""
    hours = max(1, round(abs((due - now).total_seconds()) / 3600))
    late = "late" if due < now else "left"
    if hours >= 48:
        return t(f"directions.{late}_days", lang, days=hours // 24)
    return t(f"directions.{late}_hours", lang, hours=hours)


@get("/directions", **page(QUEUE))
async def directions(request: Req) -> Response[bytes]:
    parts, lang, reader, now = console(request).parts, lang_of(request), actor(request), datetime.now(UTC)
    wanted = request.query_params.get("state", "")
    state: worklist.State = next((each for each in worklist.STATES if each == wanted), "open")
    leads = reader.role is Role.LEADER
    everybody = not leads or request.query_params.get("by", "") == "all"
    by: UUID | None = None if everybody else reader.id
    found = await worklist.directions(parts.pool, reader, state, now, by=by)
    people = {person for one in found for person in (one.given_by, one.ended_by) if person}
    async with parts.pool.acquire() as conn:
        names = await accounts.staff_names(conn, people)
        agencies = await accounts.agency_names(conn, sorted({one.agency_id for one in found}), lang)
    teller = Teller(parts.rules, parts.gazetteer, lang)
    rows = [
        Row(
            one,
            one.state(now),
            teller.category(one.category),
            agencies.get(one.agency_id, one.agency_id),
            names.get(one.given_by, "") if one.given_by else "",
            names.get(one.ended_by, "") if one.ended_by else "",
            left(one.due_at, now, lang),
        )
        for one in found
    ]
    return show(
        request,
        "directions.html.j2",
        rows=rows,
        state=state,
        states=worklist.STATES,
        leads=leads,
        everybody=everybody,
        says="leader" if leads else "coordinator" if reader.sees_all else "agency",
        most=worklist.MOST,
    )


ROUTES = [directions]
