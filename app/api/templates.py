"""Response templates, filled in for a case: for programs that let officers write from elsewhere."""

from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from app.api import examples_staff as examples
from app.api.body import read_query
from app.api.context import Req, answer, context, staff
from app.api.declare import CASE_STAFF, call
from app.api.follow import found
from app.api.problems import lang_of
from app.api.views import Named, agency_view
from app.errors import NotFound
from app.i18n import Lang
from app.reports import service as reports
from app.reports.workflow import Act
from app.templates import service as templates


class TemplatesQuery(Struct, frozen=True, forbid_unknown_fields=True):
    act: Act | None = None


class TemplateView(Struct):
    """A template with everything filled in, in the language of the reporter where it has words in it."""

    id: UUID
    act: Act
    title: str
    text: str
    lang: Lang
    agency: Named
    used: int


class TemplatesPage(Struct):
    """For the acts that the caller may do to the case now, most used first."""

    items: list[TemplateView]


@get(
    "/reports/{code:str}/templates",
    **call(
        CASE_STAFF,
        "case",
        query=TemplatesQuery,
        answer=TemplatesPage,
        example=(None, examples.TEMPLATES),
        errors=(NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),),
    ),
)
async def case_templates(request: Req, code: FromPath[str]) -> Response[bytes]:
    ctx, actor = context(request), staff(request)
    report = reports.visible(actor, await found(request, code))
    asked = read_query(request, TemplatesQuery)
    async with ctx.parts.pool.acquire() as conn:
        filled = await templates.offered(conn, ctx.parts.rules, actor, report, asked.act)
    agencies = await ctx.agencies.all({one.agency_id for one in filled})
    items = [
        TemplateView(
            one.template_id,
            one.act,
            one.title,
            one.text,
            one.lang,
            agency_view(agencies, one.agency_id, lang_of(request)),
            one.used,
        )
        for one in filled
    ]
    return answer(request, TemplatesPage(items))


ROUTES = [case_templates]
