"""A case's files, and the case itself as a file to print."""

from litestar import Response, get
from litestar.params import FromPath
from msgspec import Struct

from app.api.body import read_query
from app.api.context import Context, Req, context, staff
from app.api.declare import CASE_STAFF, call
from app.api.follow import found
from app.api.problems import lang_of
from app.attachments import service as attachments
from app.attachments.model import Attachment
from app.errors import NotFound, Unavailable
from app.papers import service as papers
from app.reports import service as reports


async def find(ctx: Context, request: Req, code: str, attachment_id: str) -> Attachment:
    """The attachment of a case that the caller may see. Raises NotFound."""
    report = reports.visible(staff(request), await found(request, code))
    async with ctx.parts.pool.acquire() as conn:
        files = await attachments.of_report(conn, report.report_id)
    wanted = next((file for file in files if str(file.attachment_id) == attachment_id), None)
    if wanted is None:
        raise NotFound("attachments.not_found")
    return wanted


@get(
    "/reports/{code:str}/attachments/{attachment_id:str}",
    **call(
        CASE_STAFF,
        "case",
        raw="application/octet-stream",
        errors=(NotFound("attachments.not_found"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2")),
    ),
)
async def attachment(request: Req, code: FromPath[str], attachment_id: FromPath[str]) -> Response[bytes]:
    ctx = context(request)
    file = await find(ctx, request, code, attachment_id)
    data = await attachments.read(ctx.parts.objects, file)
    return Response(data, media_type=file.content_type, headers=attachments.download_headers(file.name))


class PrintQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """``notes`` false: a copy to hand out, without anything that staff alone may read."""

    notes: bool = True


@get(
    "/reports/{code:str}/pdf",
    **call(
        CASE_STAFF,
        "case",
        query=PrintQuery,
        raw="application/pdf",
        errors=(Unavailable("papers.not_printed"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2")),
    ),
)
async def case_pdf(request: Req, code: FromPath[str]) -> Response[bytes]:
    ctx, actor, asked = context(request), staff(request), read_query(request, PrintQuery)
    parts, report = ctx.parts, reports.visible(actor, await found(request, code))
    pdf = await papers.print_case(
        parts.pool,
        parts.objects,
        parts.rules,
        parts.gazetteer,
        ctx.agencies,
        actor,
        report,
        lang=lang_of(request),
        notes=asked.notes,
    )
    return Response(pdf, media_type="application/pdf", headers=papers.headers(report, notes=asked.notes))


ROUTES = [attachment, case_pdf]
