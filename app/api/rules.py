"""How well the rules send: for those who look after them."""

from datetime import UTC, datetime, timedelta

from litestar import Response, get
from msgspec import Struct

from app.api import examples_staff as examples
from app.api.body import read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import RULE_READER, call
from app.api.problems import lang_of
from app.api.views import Named, agency_view
from app.stats.misrouted import misrouted as find
from app.stats.model import slot_of

_USUALLY = timedelta(days=90)


class MisroutedQuery(Struct, frozen=True, forbid_unknown_fields=True):
    since: datetime | None = None


class EndedUpView(Struct):
    """So many reports are with this agency now; with the operations centre: nobody has been found yet."""

    agency: Named
    reports: int


class MisroutedRule(Struct):
    """A rule and how often it chose the wrong agency. ``wrong``: returned, transferred, or with another agency now;
    ``reclassified``: of those, where category or place was corrected; ``share``: wrong of decided, 0 to 1."""

    rule: str
    decided: int
    returned: int
    transferred: int
    wrong: int
    reclassified: int
    share: float
    ended_up: list[EndedUpView]


class MisroutedPage(Struct):
    """Rules that have decided reports since then (the half day in which what was asked for lies), those with most wrong
    ones first."""

    since: datetime
    rules: list[MisroutedRule]


@get(
    "/rules/misrouted",
    **call(RULE_READER, "case", query=MisroutedQuery, answer=MisroutedPage, example=(None, examples.MISROUTED)),
)
async def misrouted(request: Req) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    since = slot_of(read_query(request, MisroutedQuery).since or datetime.now(UTC) - _USUALLY)
    found = await find(ctx.parts.pool, staff(request), ctx.parts.rules.coordinator_id, since)
    agencies = await ctx.agencies.all({end.agency_id for one in found for end in one.ended_up})
    rules = [
        MisroutedRule(
            one.rule_id,
            one.decided,
            one.returned,
            one.transferred,
            one.wrong,
            one.reclassified,
            one.share,
            [EndedUpView(agency_view(agencies, end.agency_id, lang), end.reports) for end in one.ended_up],
        )
        for one in found
    ]
    return answer(request, MisroutedPage(since, rules))


ROUTES = [misrouted]
