"""Reports that coordinators take on the telephone."""

from datetime import datetime

from litestar import Response, post
from msgspec import Struct
from structlog.contextvars import bind_contextvars

from app.api import examples, examples_staff
from app.api.body import read_body
from app.api.context import Req, answer, context, staff
from app.api.declare import COORDINATOR, IDEMPOTENCY_KEY, call
from app.api.problems import FieldProblem, lang_of, shown
from app.api.send import ReportBody, check_count, idempotency_key, new_report, store_uploads
from app.api.views import Named, agency_view
from app.casefile.words import status_word
from app.errors import Conflict, Invalid
from app.reports import hotline
from app.reports.model import Status


class HotlineView(Struct):
    """A report taken on the telephone. Its tracking secret stays with nobody: callers ask by the code."""

    code: str
    status: Status
    status_word: str
    agency: Named
    due_at: datetime
    photos_refused: list[FieldProblem]


@post(
    "/reports",
    **call(
        COORDINATOR,
        "case",
        status=201,
        headers=(IDEMPOTENCY_KEY,),
        body=ReportBody,
        photos=True,
        answer=HotlineView,
        example=(examples.REPORT, examples_staff.HOTLINE),
        errors=(
            Invalid("reports.text_short", field="text", least=5),
            Invalid("reports.place_missing", field="place"),
            Invalid("reports.consent_missing", field="consent"),
            Conflict("reports.key_reused", field="Idempotency-Key"),
        ),
    ),
)
async def take_call(request: Req) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    body, uploads = await read_body(request, ReportBody, photos=True)
    try:
        check_count(uploads, body.uploads)
        call = new_report(request, body, "hotline", None)
        taken = await hotline.take_call(
            ctx.parts,
            staff(request),
            call,
            idempotency_key(request),
            lambda: store_uploads(ctx, uploads, body.uploads),
            photos=bool(uploads or body.uploads),
        )
    finally:
        for upload in uploads:
            upload.close()
    report, refused = taken.filed.report, taken.refused
    bind_contextvars(report_id=str(report.report_id))
    agency = agency_view(await ctx.agencies.all([report.agency_id]), report.agency_id, lang)
    word = status_word(report.status, lang)
    view = HotlineView(report.code, report.status, word, agency, report.due_at, shown(refused, lang))
    return answer(request, view, 201)
