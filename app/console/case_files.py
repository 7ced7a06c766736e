"""Files of a case, put in by a form on its page and taken out with a reason; and the case as a file to print."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from app.attachments import uploads
from app.attachments.model import AT_ONCE
from app.console.case_page import address, context, policy, visible
from app.console.context import Req, actor, console, lang_of
from app.console.declare import CASES, page
from app.console.files_view import files
from app.console.render import go, show
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Problem
from app.papers import service as papers
from app.photos.uploads import FILES
from app.reports import service as reports
from app.reports.model import Form, Report
from app.reports.workflow import Act, check


async def _again(request: Req, report: Report, error: AppError, kept: str) -> object:
    """The page once more, with what was wrong beside the form and nothing typed lost."""
    shown = await context(request, report)
    shown["files"] = files(shown["case"], shown["reader"], actor(request), error.problems, kept)
    return show(request, "case.html.j2", status=error.status, headers=policy(request), **shown)


@post("/reports/{code:str}/attachments", **page(CASES, status=303, uploads=True))
async def attach(request: Req, code: FromPath[str]) -> object:
    here, who, form = console(request), actor(request), request.state.form
    parts, words = here.parts, form.text("text")
    report = await visible(request, code)
    try:
        check(Act.ATTACH, who, report)  # before any file is looked at
        sent = form.uploaded(FILES)
        if len(sent) > AT_ONCE:
            raise Invalid("attachments.many", field="files", most=AT_ONCE)
        stored, refused = await uploads.store(parts.pool, parts.objects, parts.lab, here.uploads, sent)
        if refused:
            # All or none: whoever chose three files means all three, and sees here which one to replace.
            raise Invalid.many(refused)
        wanted = Form(text=words, files=stored, client_key=_key(who.id, form.fields.get("key", "")))
        await reports.perform(parts.pool, parts.rules, who, report, Act.ATTACH, wanted)
    except (Invalid, Conflict, Forbidden) as error:
        return await _again(request, report, error, words)
    finally:
        form.close()
    return go(f"{address(report.code)}#files")


@post("/reports/{code:str}/attachments/{attachment_id:str}/remove", **page(CASES, status=303))
async def remove(request: Req, code: FromPath[str], attachment_id: FromPath[str]) -> object:
    parts, who, form = console(request).parts, actor(request), request.state.form
    report = await visible(request, code)
    try:
        wanted = Form(text=form.text("reason"), attachment=_uuid(attachment_id))
        await reports.perform(parts.pool, parts.rules, who, report, Act.DETACH, wanted)
    except (Invalid, Conflict, Forbidden) as error:
        named = [Problem("papers.reason_missing", field=p.field) if p.field == "text" else p for p in error.problems]
        error.problems = tuple(named)
        return await _again(request, report, error, "")
    return go(f"{address(report.code)}#files")


def _key(staff_id: UUID | None, given: str) -> str | None:
    return f"files:{staff_id}:{given}" if given.isalnum() and len(given) <= 64 else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("attachments.not_found") from None


@get("/reports/{code:str}/pdf", **page(CASES))
async def case_pdf(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``?notes=0``: a copy to hand out."""
    here, report = console(request), await visible(request, code)
    parts, notes = here.parts, request.query_params.get("notes", "1") != "0"
    pdf = await papers.print_case(
        parts.pool,
        parts.objects,
        parts.rules,
        parts.gazetteer,
        here.agencies,
        actor(request),
        report,
        lang=lang_of(request),
        notes=notes,
    )
    return Response(pdf, media_type="application/pdf", headers=papers.headers(report, notes=notes))


ROUTES = [attach, remove, case_pdf]
