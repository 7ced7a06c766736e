"""Whom a case may be given to, for programs that hand out work."""

from datetime import date
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from app.api import examples_staff as examples
from app.api.context import Req, answer, context, staff
from app.api.declare import CASE_STAFF, call
from app.api.follow import found
from app.errors import NotFound
from app.reports import colleagues
from app.reports import service as reports
from app.reports.workflow import Act, acts_for


class ColleagueView(Struct):
    """``id`` is what give names. ``away_until``: the last day of absence of somebody who is away today, ``deputy`` who
    stands in then."""

    id: UUID
    name: str
    open_cases: int
    away_until: date | None
    deputy: str


class ColleaguesPage(Struct):
    """Whoever is away comes last, else who has least; nobody where the caller cannot give this case now."""

    items: list[ColleagueView]


@get(
    "/reports/{code:str}/colleagues",
    **call(
        CASE_STAFF,
        "case",
        answer=ColleaguesPage,
        example=(None, examples.COLLEAGUES),
        errors=(NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),),
    ),
)
async def case_colleagues(request: Req, code: FromPath[str]) -> Response[bytes]:
    actor = staff(request)
    report = reports.visible(actor, await found(request, code))
    items = []
    if Act.GIVE in acts_for(actor, report):
        async with context(request).parts.pool.acquire() as conn:
            items = [
                ColleagueView(one.staff_id, one.name, one.open_cases, one.away_until, one.deputy)
                for one in await colleagues.of_report(conn, report)
            ]
    return answer(request, ColleaguesPage(items))


ROUTES = [case_colleagues]
