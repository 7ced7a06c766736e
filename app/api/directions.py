"""Leaders' directions: for the leader who gave them and the agencies that report back."""

from datetime import UTC, datetime
from uuid import UUID

from litestar import Response, get
from msgspec import Struct

from app.accounts import service as accounts
from app.api import examples_staff as examples
from app.api.body import read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import CASE_STAFF, call
from app.api.problems import lang_of
from app.api.views import Named, agency_view
from app.casefile.words import status_word
from app.reports.model import Status
from app.worklist import directions as worklist


class DirectionsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    state: worklist.State = "open"
    mine: bool = False


class DirectionView(Struct):
    """A direction on a report. ``direction`` is what report_back and lift_direction name; ``answer``: what the agency
    reported, or why it was taken back; ``on_time`` is null while it is open."""

    direction: UUID
    code: str
    status: Status
    status_word: str
    agency: Named
    given_at: datetime
    given_by: Named | None
    due_at: datetime
    text: str
    state: worklist.State
    ended_at: datetime | None
    ended_by: Named | None
    on_time: bool | None
    answer: str


class DirectionsPage(Struct):
    """At most 200: open ones soonest deadline first, ended ones newest first."""

    items: list[DirectionView]


@get(
    "/directions",
    **call(CASE_STAFF, "case", query=DirectionsQuery, answer=DirectionsPage, example=(None, examples.DIRECTIONS)),
)
async def directions(request: Req) -> Response[bytes]:
    ctx, actor, lang = context(request), staff(request), lang_of(request)
    asked, now = read_query(request, DirectionsQuery), datetime.now(UTC)
    by = actor.id if asked.mine else None
    found = await worklist.directions(ctx.parts.pool, actor, asked.state, now, by=by)
    people = {person for one in found for person in (one.given_by, one.ended_by) if person}
    async with ctx.parts.pool.acquire() as conn:
        names = await accounts.staff_names(conn, people)
    agencies = await ctx.agencies.all({one.agency_id for one in found})

    def person(staff_id: UUID | None) -> Named | None:
        return Named(str(staff_id), names.get(staff_id, "")) if staff_id else None

    items = [
        DirectionView(
            one.direction_id,
            one.code,
            Status(one.status),
            status_word(one.status, lang),
            agency_view(agencies, one.agency_id, lang),
            one.given_at,
            person(one.given_by),
            one.due_at,
            one.words,
            one.state(now),
            one.ended_at,
            person(one.ended_by),
            one.on_time,
            one.answer,
        )
        for one in found
    ]
    return answer(request, DirectionsPage(items))


ROUTES = [directions]
