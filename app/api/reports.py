"""Sending a report and following it: for anybody, without an account."""

import hashlib
import re
import time
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Meta, Struct
from structlog.contextvars import bind_contextvars

from app.accounts.model import Actor
from app.api import examples
from app.api.body import Upload, read_body
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, ETAG, IDEMPOTENCY_KEY, REPORTER, SECRET, call
from app.api.problems import FieldProblem, lang_of, shown
from app.api.views import (
    CommuneView,
    Named,
    PlaceCandidate,
    PublicView,
    ReporterView,
    agency_view,
    candidate_view,
    category_view,
    commune_view,
    links,
    public_view,
    reporter_view,
    status_word,
)
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem, TooLarge, TooMany
from app.history import service as history
from app.i18n import Lang
from app.photos import service as photos
from app.photos.model import MAX_BYTES, StoredPhoto
from app.reports import service as reports
from app.reports.intake import check, file_report
from app.reports.model import Channel, Contact, Filed, Form, NewReport, Place, Rating, Report, Status
from app.reports.service import find
from app.reports.workflow import Act

_LINKS_CHANGE_EVERY = 900
"""Seconds; photo links in an answer are good for at least as long, so an answer's ETag changes as often."""
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

Text = Annotated[str, Meta(extra_json_schema={"minLength": 5, "maxLength": 4000})]


class ReportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report. The place is a point (``lat`` and ``lon``, WGS 84), a typed ``address``, or the ``commune_code`` the
    person confirmed; with a point the other two make it more exact. ``consent``: the person agreed to the processing of
    their data. Contact is optional and seen by coordinators alone."""

    text: Text
    lat: float | None = None
    lon: float | None = None
    address: Annotated[str, Meta(extra_json_schema={"maxLength": 300})] = ""
    commune_code: Annotated[str | None, Meta(description="Five digits.")] = None
    category: Annotated[str | None, Meta(description="An id from /categories; left out, the words decide.")] = None
    contact_name: str = ""
    contact_phone: str = ""
    contact_email: str = ""
    consent: bool = False


class FiledView(Struct):
    """The report is in. ``tracking_secret`` is told this once; with it the reporter sees and does more. Photos that
    could not be taken are in ``photos_refused``, each with the reason; the report stands without them."""

    code: str
    tracking_secret: str
    status: Status
    status_word: str
    category: Named
    commune: CommuneView | None
    place_approximate: bool
    place_candidates: Annotated[list[PlaceCandidate], Meta(description="Up to three, when the place is approximate.")]
    agency: Named
    deadline: Annotated[datetime, Meta(description="By when the agency has to answer.")]
    photos_refused: list[FieldProblem]
    links: dict[str, str]


class MessageBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Text


class ReasonBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(description="The reason; may be left out.")] = ""


class RatingBody(Struct, frozen=True, forbid_unknown_fields=True):
    rating: Rating
    text: Annotated[str, Meta(description="Why; may be left out.")] = ""


class NoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Photos alone."""


class PhotosView(Struct):
    """What became of the photos, and the report as it is now."""

    photos_refused: list[FieldProblem]
    report: ReporterView


async def store_uploads(ctx: Context, uploads: list[Upload]) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    """Store what can be stored; a problem for each photo that cannot, by its place in the request."""
    if not uploads:
        return (), []
    problems, files, places = [], [], []
    async with ctx.uploads:
        for at, upload in enumerate(uploads):
            name = upload.name or str(at + 1)
            if upload.too_large:
                size = {"size": f"{upload.size / 2**20:.1f}", "limit": MAX_BYTES >> 20, "name": name}
                problems.append(Problem("photos.too_large", size, f"photos[{at}]"))
            else:
                files.append((name, await upload.read()))
                places.append(f"photos[{at}]")
        stored, refused = await photos.store_photos(ctx.parts.pool, ctx.parts.objects, ctx.parts.lab, files)
    in_request = {f"photos[{i}]": place for i, place in enumerate(places)}
    problems += [msgspec.structs.replace(p, field=in_request[p.field or ""]) for p in refused]
    for problem in problems:
        ctx.metrics.photos_refused.labels(problem.key.partition(".")[2]).inc()
    return tuple(stored), problems


def idempotency_key(request: Req) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid("api.key_bad", field="Idempotency-Key", most=200)
    return key


async def take_in(
    request: Req, body: ReportBody, uploads: list[Upload], channel: Channel, scope: str
) -> tuple[Filed, list[Problem]]:
    """File a report that came by HTTP, whoever sent it."""
    ctx = context(request)
    parts = ctx.parts
    try:
        key = idempotency_key(request)
        new = NewReport(
            text=body.text,
            place=Place(body.lat, body.lon, body.address, body.commune_code),
            channel=channel,
            lang=lang_of(request),
            consent=body.consent,
            category=body.category,
            contact=Contact(body.contact_name, body.contact_phone, body.contact_email),
            key=(scope, key) if key else None,
        )
        check(parts.rules, parts.gazetteer, new)
        stored, refused = await store_uploads(ctx, uploads)
    finally:
        for upload in uploads:
            upload.close()
    new = msgspec.structs.replace(new, photos=stored)
    filed = await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, new)
    bind_contextvars(report_id=str(filed.report.report_id))
    if not filed.replayed:
        ctx.metrics.intakes.labels(channel).inc()
    return filed, refused


def candidates(ctx: Context, report: Report) -> list[PlaceCandidate]:
    """The communes that may be meant, for the person to pick from; none when the place is certain."""
    if not report.place_approximate:
        return []
    gazetteer, home = ctx.parts.gazetteer, ctx.parts.rules.province_code
    if report.lat is not None and report.lon is not None:
        found = gazetteer.locate(report.lat, report.lon).candidates
    else:
        found = gazetteer.search(report.address, default_province_code=home)
    return [candidate_view(candidate) for candidate in found]


@post(
    "/reports",
    **call(
        ANYONE,
        "report",
        "Takes JSON, or multipart/form-data with up to six photos (JPEG, PNG, WebP or HEIC, 20 MB each) in parts "
        "named `photos`. A photo that cannot be used never loses the report: it is named in `photos_refused`. "
        "Everything wrong with the fields is told at once. Write down `code` and `tracking_secret`.",
        status=201,
        headers=(IDEMPOTENCY_KEY,),
        body=ReportBody,
        photos=True,
        answer=FiledView,
        example=(examples.REPORT, examples.FILED),
        errors=(
            Invalid("reports.text_short", field="text", least=5),
            Invalid("reports.place_missing", field="place"),
            Invalid("reports.consent_missing", field="consent"),
            Invalid("places.point_abroad", field="place", lat="48.8566", lon="2.3522"),
            Invalid("places.point_swapped", field="place", lat="9.1769", lon="105.15"),
            Invalid("reports.category_unknown", field="category", category="duong-xa"),
            Invalid("reports.photos_many", field="photos", most=6),
            Conflict("reports.key_reused", field="Idempotency-Key"),
            TooLarge("api.body_large", most=130),
            TooMany("api.too_many_reports", retry_after=1),
        ),
    ),
)
async def send_report(request: Req) -> Response[bytes]:
    ctx = context(request)
    ctx.limiter.take(request)
    body, uploads = await read_body(request, ReportBody, photos=True)
    filed, refused = await take_in(request, body, uploads, "api", "api")
    report, lang = filed.report, lang_of(request)
    agencies = await ctx.agencies.all([report.agency_id])
    view = FiledView(
        report.code,
        filed.secret,
        report.status,
        status_word(report.status, lang),
        category_view(ctx.parts.rules, report.category, lang),
        commune_view(report.commune_code, report.commune_name),
        report.place_approximate,
        candidates(ctx, report),
        agency_view(agencies, report.agency_id, lang),
        report.due_at,
        shown(refused, lang),
        links(ctx, report),
    )
    headers = {"Location": view.links["self"]} | ({"Idempotency-Replayed": "true"} if filed.replayed else {})
    return answer(request, view, 201, headers)


def _etag(ctx: Context, report: Report, viewer: str, lang: Lang) -> str:
    """Changes with everything an answer is made of: the report, the reader, the rules' names, the age of photo
    links."""
    age = int(time.time() // _LINKS_CHANGE_EVERY)
    said = f"{report.report_id} {report.version} {viewer} {lang} {ctx.parts.rules.version} {age}"
    return f'"{hashlib.sha256(said.encode()).hexdigest()[:20]}"'


async def found(request: Req, code: str) -> Report:
    """The report by its code; from here on the log says which one."""
    report = await find(context(request).parts.pool, code)
    bind_contextvars(report_id=str(report.report_id))
    return report


async def _reporter(request: Req, report: Report) -> Actor:
    secret = request.headers.get("x-tracking-secret", "")
    return await reports.reporter(context(request).parts.pool, report, secret=secret)


async def _own_view(ctx: Context, report: Report, actor: Actor, lang: Lang) -> ReporterView:
    async with ctx.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
        original = await reports.get(conn, report.duplicate_of) if report.duplicate_of else None
    agencies = await ctx.agencies.all([report.agency_id])
    return await reporter_view(ctx, case, events, agencies, actor, original.code if original else None, lang)


@get(
    "/reports/{code:str}",
    **call(
        ANYONE,
        "follow",
        "Without a secret: what anybody may see. With `X-Tracking-Secret`: the reporter's own view, with everything "
        "said and what the reporter may do now. Ask again with `If-None-Match` to spare the body.",
        headers=(SECRET, ETAG),
        answer=PublicView | ReporterView,
        example=(None, examples.REPORTER_VIEW),
        errors=(
            NotFound("reports.code_wrong", code="PA-1234-5678"),
            NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),
            Forbidden("reports.not_reporter"),
        ),
    ),
)
async def see_report(request: Req, code: FromPath[str]) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    report = await found(request, code)
    own = "x-tracking-secret" in request.headers
    actor = await _reporter(request, report) if own else None
    etag = _etag(ctx, report, "reporter" if actor else "public", lang)
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache" if actor else "no-cache",
        "Vary": "Accept-Language, X-Tracking-Secret",
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    if actor:
        return answer(request, await _own_view(ctx, report, actor, lang), headers=headers)
    async with ctx.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
    agencies = await ctx.agencies.all([report.agency_id])
    return answer(request, await public_view(ctx, case, events, agencies, lang), headers=headers)


async def _act(request: Req, code: str, act: Act, form: Form) -> Response[bytes]:
    """A reporter's act, and the report as it is then."""
    ctx = context(request)
    report = await found(request, code)
    actor = await _reporter(request, report)
    after = await reports.perform(ctx.parts.pool, ctx.parts.rules, actor, report, act, form)
    return answer(request, await _own_view(ctx, after, actor, lang_of(request)))


_NOT_NOW = (
    Conflict("reports.act_not_now", status="closed"),
    Forbidden("reports.not_reporter"),
    NotFound("reports.code_unknown", code="PA-7K3M-9QX2"),
)


@post(
    "/reports/{code:str}/photos",
    **call(
        REPORTER,
        "follow",
        "Up to six photos to a report that is still open, as multipart/form-data in parts named `photos`.",
        headers=(SECRET,),
        body=NoBody,
        photos=True,
        answer=PhotosView,
        example=(None, examples.PHOTOS),
        errors=(*_NOT_NOW, Invalid("reports.needs_photos", field="photos"), Invalid("photos.not_image", name="a.txt")),
    ),
)
async def add_photos(request: Req, code: FromPath[str]) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    report = await found(request, code)
    actor = await _reporter(request, report)
    _, uploads = await read_body(request, NoBody, photos=True)
    stored, refused = await store_uploads(ctx, uploads)
    if refused and not stored:
        raise Invalid.many(refused)
    after = await reports.perform(ctx.parts.pool, ctx.parts.rules, actor, report, Act.ADD_PHOTOS, Form(photos=stored))
    return answer(request, PhotosView(shown(refused, lang), await _own_view(ctx, after, actor, lang)))


@post(
    "/reports/{code:str}/messages",
    **call(
        REPORTER,
        "follow",
        "While the agency waits for an answer, this is the answer and the clock runs on.",
        headers=(SECRET, IDEMPOTENCY_KEY),
        body=MessageBody,
        answer=ReporterView,
        example=(examples.MESSAGE, examples.REPORTER_VIEW),
        errors=(*_NOT_NOW, Invalid("reports.needs_text", field="text")),
    ),
)
async def add_message(request: Req, code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, MessageBody)
    return await _act(request, code, Act.ADD_INFO, Form(text=body.text, client_key=idempotency_key(request)))


@post(
    "/reports/{code:str}/withdraw",
    **call(
        REPORTER,
        "follow",
        "Possible until work begins. Saying it again changes nothing.",
        headers=(SECRET,),
        body=ReasonBody,
        answer=ReporterView,
        example=(examples.WITHDRAW, examples.REPORTER_VIEW),
        errors=_NOT_NOW,
    ),
)
async def withdraw(request: Req, code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, ReasonBody)
    return await _act(request, code, Act.WITHDRAW, Form(text=body.text))


@post(
    "/reports/{code:str}/rating",
    **call(
        REPORTER,
        "follow",
        "`satisfied` and `acceptable` confirm the result and close the report; `dissatisfied` leaves it open for a "
        "dispute.",
        headers=(SECRET, IDEMPOTENCY_KEY),
        body=RatingBody,
        answer=ReporterView,
        example=(examples.RATING, examples.REPORTER_VIEW),
        errors=_NOT_NOW,
    ),
)
async def rate(request: Req, code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, RatingBody)
    form = Form(text=body.text, rating=body.rating, client_key=idempotency_key(request) if body.text else None)
    return await _act(request, code, Act.RATE, form)


@post(
    "/reports/{code:str}/dispute",
    **call(
        REPORTER,
        "follow",
        "Says why the matter is not solved. Work begins again under the eye of the supervising agency.",
        headers=(SECRET, IDEMPOTENCY_KEY),
        body=MessageBody,
        answer=ReporterView,
        example=(examples.DISPUTE, examples.REPORTER_VIEW),
        errors=(*_NOT_NOW, Invalid("reports.needs_text", field="text")),
    ),
)
async def dispute(request: Req, code: FromPath[str]) -> Response[bytes]:
    body, _ = await read_body(request, MessageBody)
    return await _act(request, code, Act.DISPUTE, Form(text=body.text, client_key=idempotency_key(request)))


ROUTES = [send_report, see_report, add_photos, add_message, withdraw, rate, dispute]
