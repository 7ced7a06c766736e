"""Handling reports: the queue, the case, the acts; for members of staff and their programs."""

from datetime import UTC, datetime
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.api import (
    attachments,
    calls,
    colleagues,
    directions,
    examples_staff,
    partner_reports,
    partners,
    reporter,
    rules,
    templates,
    webhooks,
)
from app.api.body import read_body, read_query
from app.api.case import case_view, queue_items
from app.api.case_shapes import CaseView, QueuePage
from app.api.context import Context, Req, answer, context, staff
from app.api.declare import CASE_STAFF, COORDINATOR, IDEMPOTENCY_KEY, call
from app.api.follow import found
from app.api.problems import FieldProblem, lang_of, shown
from app.api.publish import PublicBody, public_copy
from app.api.send import idempotency_key, store_uploads
from app.attachments import uploads as papers
from app.attachments.model import StoredFile
from app.casefile.words import status_word
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.photos import service as photos
from app.photos.sniff import CONTENT_TYPES, sniff
from app.photos.uploads import FILES, PHOTOS, Upload
from app.places.gazetteer import Gazetteer
from app.places.model import Commune
from app.reports import service as reports
from app.reports.model import Contact, Form, NewPart, Report, Status, Urgency
from app.reports.tags import tidy
from app.reports.workflow import Act, check
from app.worklist import service as worklist
from app.worklist.model import PAGE, Filter

_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}


class QueueQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """All conditions must hold."""

    status: tuple[str, ...] = ()
    category: str | None = None
    commune: str | None = None
    agency: str | None = None
    assignee: str | None = None
    tag: str | None = None
    overdue: bool = False
    extension: bool = False
    q: str = ""
    cursor: str | None = None
    limit: int = PAGE


class PartBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One agency's share: ``text`` null gives it the report's own words, ``agency`` null lets the rules choose."""

    category: str
    text: str | None = None
    agency: str | None = None


class ActBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``version`` is the one the caller saw: if somebody was faster, that is a conflict and nothing is done. What else
    an act needs: ``text`` for ask, return, transfer, progress, resolve, set_urgency, reopen, reject, unmerge, direct,
    report_back, lift_direction, note and the three acts on extensions; ``days`` (working days) or ``due`` for
    ask_extension, for direct (by when to report back), and for grant_extension where it is to be another deadline than
    the one asked for; ``direction`` for report_back and lift_direction where several are open; ``agency`` for assign,
    transfer; ``category``, ``commune`` (its code) or both for reclassify; ``urgency`` for set_urgency; ``target`` (a
    report's code) for merge; a photo or a PDF for resolve; ``files`` for attach; ``attachment`` (its id) and ``text``
    for detach; ``public`` for publish where words or photos are to be others than the originals; ``tags`` for tag: all
    that the report is to have; ``colleague`` (a staff id, see the case's colleagues) for give."""

    version: int
    text: str = ""
    agency: str | None = None
    category: str | None = None
    commune: str | None = None
    urgency: Urgency | None = None
    days: int | None = None
    due: datetime | None = None
    target: str | None = None
    direction: UUID | None = None
    attachment: UUID | None = None
    public: PublicBody | None = None
    parts: list[PartBody] = []
    tags: tuple[str, ...] | None = None
    colleague: UUID | None = None


class ActView(Struct):
    """What came of the act. ``case`` is null when the case has gone to where the caller does not see it;
    ``photos_refused``: photos and files that were not taken."""

    code: str
    version: int
    status: Status
    status_word: str
    photos_refused: list[FieldProblem]
    case: CaseView | None


class IdentityBody(Struct, frozen=True, forbid_unknown_fields=True):
    reason: str


class IdentityView(Struct):
    """Who reported it, as far as they told."""

    name: str
    phone: str
    email: str


async def _visible(request: Req, code: str) -> Report:
    return reports.visible(staff(request), await found(request, code))


@get(
    "/queue",
    **call(
        CASE_STAFF,
        "case",
        query=QueueQuery,
        answer=QueuePage,
        example=(None, examples_staff.QUEUE),
        errors=(
            Invalid("worklist.status_unknown", field="status", status="open"),
            Invalid("worklist.cursor_wrong", field="cursor"),
            Invalid("worklist.limit_wrong", field="limit", most=200),
        ),
    ),
)
async def queue(request: Req) -> Response[bytes]:
    ctx, actor, asked = context(request), staff(request), read_query(request, QueueQuery)
    wanted = Filter(
        statuses=asked.status,
        category=asked.category,
        commune_code=asked.commune,
        agency_id=asked.agency,
        assignee_id=_assignee(asked.assignee, actor.id),
        overdue_at=datetime.now(UTC) if asked.overdue else None,
        extension_wanted=asked.extension,
        tag=next(iter(tidy([asked.tag or ""])), None),
        text=asked.q,
    )
    page = await worklist.queue(ctx.parts.pool, actor, wanted, asked.cursor, asked.limit)
    async with ctx.parts.pool.acquire() as conn:
        names = await accounts.staff_names(conn, {row.assignee_id for row in page.rows if row.assignee_id})
    agencies = await ctx.agencies.all({row.agency_id for row in page.rows})
    items = await queue_items(ctx, page.rows, agencies, names, lang_of(request))
    return answer(request, QueuePage(items, page.next))


def _assignee(asked: str | None, own: UUID | None) -> UUID | None:
    if asked == "me":
        return own
    try:
        return UUID(asked) if asked else None
    except ValueError:
        raise Invalid("api.wrong_value", field="assignee") from None


@get(
    "/reports/{code:str}",
    **call(
        CASE_STAFF,
        "case",
        answer=CaseView,
        example=(None, examples_staff.CASE),
        errors=(NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),),
    ),
)
async def see_case(request: Req, code: FromPath[str]) -> Response[bytes]:
    report = await _visible(request, code)
    return answer(request, await case_view(context(request), staff(request), report, lang_of(request)))


@post(
    "/reports/{code:str}/acts/{act:str}",
    **call(
        CASE_STAFF,
        "case",
        headers=(IDEMPOTENCY_KEY,),
        body=ActBody,
        photos=True,
        files=True,
        answer=ActView,
        example=(examples_staff.ACT_BODY, examples_staff.ACT),
        errors=(
            Conflict("reports.changed_meanwhile", version=4),
            Conflict("reports.act_not_now", status="closed"),
            Conflict("reports.competence_dispute"),
            Forbidden("reports.act_not_yours"),
            Invalid("reports.needs_text", field="text"),
            Invalid("reports.needs_proof", field="proof"),
            Invalid("reports.needs_matter", field="matter"),
            Invalid("attachments.unsupported", field="files[0]", name="bien-ban.docx"),
            Conflict("attachments.proof_stands"),
            Conflict("reports.no_doubts"),
            Forbidden("reports.not_in_your_hands"),
            Invalid("reports.colleague_disabled", field="colleague", name="Trần Thị Bích"),
            Invalid("reports.extension_early", field="due"),
            Conflict("reports.no_extension_asked"),
            Conflict("reports.no_direction_open"),
            Conflict("reports.parts_open", count=2),
            Conflict("reports.is_part"),
            Invalid("reports.needs_direction", field="direction", count=2),
            Invalid("reports.commune_unknown", field="commune", code="99999"),
            NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),
            NotFound("api.no_such_act"),
        ),
    ),
)
async def do_act(request: Req, code: FromPath[str], act: FromPath[str]) -> Response[bytes]:
    ctx, actor, lang, key = context(request), staff(request), lang_of(request), idempotency_key(request)
    report = await found(request, code)
    after = await reports.done_already(ctx.parts.pool, actor, report, key) if key else None
    refused: list[Problem] = []
    if after is None:
        after, refused = await _act(request, reports.visible(actor, report), act, key)
    seen = actor.may_see(after)
    case = await case_view(ctx, actor, after, lang) if seen else None
    word = status_word(after.status, lang)
    return answer(request, ActView(after.code, after.version, after.status, word, shown(refused, lang), case))


async def _act(request: Req, report: Report, act: str, key: str | None) -> tuple[Report, list[Problem]]:
    """The report afterwards, and what is wrong with those photos and files that were not taken."""
    ctx, actor = context(request), staff(request)
    if act not in list(Act):
        raise NotFound("api.no_such_act")
    body, uploads = await read_body(request, ActBody, photos=True, files=True)
    try:
        if uploads:
            check(Act(act), actor, report)  # before any photo is worked on
        stored, refused = await store_uploads(ctx, [upload for upload in uploads if upload.field == PHOTOS])
        files, wrong = await _store_files(ctx, [upload for upload in uploads if upload.field == FILES])
        refused += wrong
    finally:
        for upload in uploads:
            upload.close()
    if refused and not stored and not files:
        raise Invalid.many(refused)
    if body.due is not None and body.due.tzinfo is None:
        raise Invalid("api.want_time_zone", field="due")
    public = None
    if act == Act.PUBLISH and body.public is not None:
        check(Act.PUBLISH, actor, report)
        public = await public_copy(ctx, report, body.public)
    parts = ctx.parts
    form = Form(
        text=body.text,
        agency_id=body.agency,
        category=body.category,
        commune=_commune(parts.gazetteer, body.commune),
        urgency=body.urgency,
        days=body.days,
        due=body.due,
        target=body.target,
        direction=body.direction,
        public=public,
        parts=tuple(NewPart(part.category, part.text or "", part.agency) for part in body.parts),
        photos=stored,
        files=files,
        attachment=body.attachment,
        tags=body.tags,
        colleague=body.colleague,
        client_key=key,
    )
    return await reports.perform(parts.pool, parts.rules, actor, report, Act(act), form, version=body.version), refused


async def _store_files(ctx: Context, uploads: list[Upload]) -> tuple[tuple[StoredFile, ...], list[Problem]]:
    parts = ctx.parts
    return await papers.store(parts.pool, parts.objects, parts.lab, ctx.uploads, uploads)


def _commune(gazetteer: Gazetteer, code: str | None) -> Commune | None:
    found = gazetteer.commune(code) if code is not None else None
    if code is not None and found is None:
        raise Invalid("reports.commune_unknown", field="commune", code=code[:20])
    return found


@post(
    "/reports/{code:str}/identity",
    **call(
        COORDINATOR,
        "case",
        body=IdentityBody,
        answer=IdentityView,
        example=(examples_staff.IDENTITY_BODY, examples_staff.IDENTITY),
        errors=(Invalid("reports.needs_text", field="reason"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2")),
    ),
)
async def see_identity(request: Req, code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, IdentityBody)
    parts, report = context(request).parts, await _visible(request, code)
    who: Contact = await reports.view_identity(parts.pool, parts.rules, staff(request), report, body.reason)
    return answer(request, IdentityView(who.name, who.phone, who.email))


@get(
    "/reports/{code:str}/photos/{photo_id:str}/original",
    **call(
        CASE_STAFF,
        "case",
        raw="application/octet-stream",
        errors=(NotFound("photos.not_found"), NotFound("reports.code_unknown", code="PA-7K3M-9QX2")),
    ),
)
async def original(request: Req, code: FromPath[str], photo_id: FromPath[str]) -> Response[bytes]:
    parts, report = context(request).parts, await _visible(request, code)
    async with parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
    sha256 = next((p.sha256 for p in case.pictures if str(p.photo_id) == photo_id), None)
    if sha256 is None:
        raise NotFound("photos.not_found")
    data = await photos.read_original(parts.objects, sha256)
    kind = CONTENT_TYPES[sniff(data)]
    name = f"{report.code}-{sha256[:8]}.{_EXTENSIONS[kind]}"
    return Response(data, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


ROUTES = [
    queue,
    see_case,
    do_act,
    see_identity,
    original,
    *attachments.ROUTES,
    calls.take_call,
    *reporter.ROUTES,
    *rules.ROUTES,
    *directions.ROUTES,
    *templates.ROUTES,
    *colleagues.ROUTES,
    *partners.ROUTES,
    *partner_reports.ROUTES,
    *webhooks.ROUTES,
]
