"""Following a report: for anybody by its code, for its reporter with the tracking secret."""

import time

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct
from structlog.contextvars import bind_contextvars

from app.accounts.model import Actor
from app.api import examples
from app.api.body import read_body
from app.api.caching import etag_of, is_known, unchanged
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, ETAG, IDEMPOTENCY_KEY, REPORTER, SECRET, call
from app.api.problems import FieldProblem, lang_of, shown
from app.api.send import Text, Uploads, check_count, idempotency_key, store_uploads
from app.api.views import (
    LINKS_CHANGE_EVERY,
    PublicView,
    ReporterView,
    public_view,
    reporter_view,
)
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.i18n import Lang
from app.reports import following
from app.reports import service as reports
from app.reports.model import Form, Rating, Report
from app.reports.service import find
from app.reports.workflow import Act


class MessageBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: Text


class ReasonBody(Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""


class RatingBody(Struct, frozen=True, forbid_unknown_fields=True):
    rating: Rating
    text: str = ""


class PhotosBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Photos alone: those of the form, and ``uploads`` that were sent piece by piece."""

    uploads: Uploads = []


class PhotosView(Struct):
    """What became of the photos, and the report as it is now."""

    photos_refused: list[FieldProblem]
    report: ReporterView


def _etag(ctx: Context, report: Report, viewer: str, lang: Lang) -> str:
    """Changes with everything an answer is made of: the report, the reader, the rules' names, the age of photo
    links."""
    age = time.time() // LINKS_CHANGE_EVERY
    return etag_of(report.report_id, report.last_seq, viewer, lang, ctx.parts.rules.version, age)


async def found(request: Req, code: str) -> Report:
    """The report by its code; from here on the log says which one."""
    report = await find(context(request).parts.pool, code)
    bind_contextvars(report_id=str(report.report_id))
    return report


async def whole(request: Req, code: str) -> Report:
    """The same for whoever is no staff: parts of a report do not exist for them."""
    report = await found(request, code)
    if report.part_of is not None:
        raise NotFound("reports.code_unknown", code=report.code)
    return report


async def reporter(request: Req, report: Report) -> Actor:
    """Whoever has the report's tracking secret. Raises Forbidden."""
    secret = request.headers.get("x-tracking-secret", "")
    return await reports.reporter(context(request).parts.pool, report, secret=secret)


async def _own_view(ctx: Context, report: Report, actor: Actor, lang: Lang) -> ReporterView:
    async with ctx.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
        original = await reports.get(conn, report.duplicate_of) if report.duplicate_of else None
        voices = await following.voices(conn, report)
    agencies = await ctx.agencies.all([report.agency_id])
    return await reporter_view(ctx, case, events, agencies, actor, original.code if original else None, lang, voices)


@get(
    "/reports/{code:str}",
    **call(
        ANYONE,
        "follow",
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
    report = await whole(request, code)
    own = "x-tracking-secret" in request.headers
    actor = await reporter(request, report) if own else None
    etag = _etag(ctx, report, "reporter" if actor else "public", lang)
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache" if actor else "no-cache",
        "Vary": "Accept-Language, X-Tracking-Secret",
    }
    if is_known(request, etag):
        return unchanged(etag, headers)
    if actor:
        return answer(request, await _own_view(ctx, report, actor, lang), headers=headers)
    async with ctx.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
        voices = await following.voices(conn, report)
    agencies = await ctx.agencies.all([report.agency_id])
    return answer(request, await public_view(ctx, case, events, agencies, lang, voices), headers=headers)


async def _act(request: Req, code: str, act: Act, form: Form) -> Response[bytes]:
    """A reporter's act, and the report as it is then."""
    ctx = context(request)
    report = await found(request, code)
    actor = await reporter(request, report)
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
        headers=(SECRET,),
        body=PhotosBody,
        photos=True,
        answer=PhotosView,
        example=(examples.PHOTOS_BODY, examples.PHOTOS),
        errors=(*_NOT_NOW, Invalid("reports.needs_photos", field="photos"), Invalid("photos.not_image", name="a.txt")),
    ),
)
async def add_photos(request: Req, code: FromPath[str]) -> Response[bytes]:
    ctx, lang = context(request), lang_of(request)
    report = await found(request, code)
    actor = await reporter(request, report)
    body, uploads = await read_body(request, PhotosBody, photos=True)
    try:
        check_count(uploads, body.uploads)
        stored, refused = await store_uploads(ctx, uploads, body.uploads)
    finally:
        for upload in uploads:
            upload.close()
    if refused and not stored:
        raise Invalid.many(refused)
    after = await reports.perform(ctx.parts.pool, ctx.parts.rules, actor, report, Act.ADD_PHOTOS, Form(photos=stored))
    return answer(request, PhotosView(shown(refused, lang), await _own_view(ctx, after, actor, lang)))


@post(
    "/reports/{code:str}/messages",
    **call(
        REPORTER,
        "follow",
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


ROUTES = [see_report, add_photos, add_message, withdraw, rate, dispute]
