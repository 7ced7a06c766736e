"""Sending a report: for anybody, without an account."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from litestar import Response, post
from msgspec import Meta, Struct
from structlog.contextvars import bind_contextvars

from app.api import examples
from app.api.body import read_body
from app.api.context import Context, Req, answer, context
from app.api.declare import ANYONE, IDEMPOTENCY_KEY, call
from app.api.problems import FieldProblem, lang_of, shown
from app.api.views import (
    CommuneView,
    Named,
    PlaceCandidate,
    agency_view,
    candidate_view,
    category_view,
    commune_view,
    links,
)
from app.casefile.words import status_word
from app.errors import Conflict, Invalid, Problem, TooLarge, TooMany
from app.photos import resumable
from app.photos import uploads as photos
from app.photos.model import StoredPhoto
from app.photos.uploads import Upload
from app.reports.model import PHOTOS_MAX, Channel, Contact, NewReport, Place, Report, ReporterKind, Status
from app.reports.receiving import receive

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

Text = Annotated[str, Meta(extra_json_schema={"minLength": 5, "maxLength": 4000})]

Uploads = Annotated[list[str], Meta(extra_json_schema={"maxItems": PHOTOS_MAX})]


class ReportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report. The place is a point (``lat`` and ``lon``, WGS 84), a typed ``address``, or the ``commune_code`` the
    person confirmed; with a point the other two make it more exact. ``consent``: the person agreed to the processing of
    their data. ``answers``: question → answer, to the extra questions of the category (see ``/categories``); in a form
    it is a JSON object. ``uploads``: photos that were sent piece by piece before; in a form with commas. Contact is
    optional and seen by coordinators alone."""

    text: Text
    lat: float | None = None
    lon: float | None = None
    address: Annotated[str, Meta(extra_json_schema={"maxLength": 300})] = ""
    commune_code: str | None = None
    category: str | None = None
    answers: dict[str, str] = {}
    uploads: Uploads = []
    reporter: ReporterKind = "citizen"
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


async def store_uploads(
    ctx: Context, uploads: list[Upload], sent_before: Sequence[str] = ()
) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    """Store what can be stored; a problem for each photo that cannot, by its place in the request. ``sent_before``:
    uploads that came piece by piece."""
    parts = ctx.parts
    stored, problems = await photos.store(parts.pool, parts.objects, parts.lab, ctx.uploads, uploads)
    more, others = await resumable.as_photos(parts.pool, parts.objects, parts.lab, ctx.uploads, sent_before)
    stored = tuple({photo.sha256: photo for photo in (*stored, *more)}.values())
    problems += others
    for problem in problems:
        ctx.metrics.photos_refused.labels(problem.key.partition(".")[2]).inc()
    return stored, problems


def check_count(uploads: list[Upload], sent_before: Sequence[str]) -> None:
    """Raises Invalid for more photos than a report takes at once."""
    if len(uploads) + len(sent_before) > PHOTOS_MAX:
        raise Invalid("reports.photos_many", field="uploads" if sent_before else "photos", most=PHOTOS_MAX)


def idempotency_key(request: Req) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not _KEY.fullmatch(key):
        raise Invalid("api.key_bad", field="Idempotency-Key", most=200)
    return key


def new_report(request: Req, body: ReportBody, channel: Channel, key: tuple[str, str] | None) -> NewReport:
    """What the body says, without its photos. Raises Invalid for a key that is none."""
    return NewReport(
        text=body.text,
        place=Place(body.lat, body.lon, body.address, body.commune_code),
        channel=channel,
        lang=lang_of(request),
        consent=body.consent,
        category=body.category,
        answers=body.answers,
        reporter_kind=body.reporter,
        contact=Contact(body.contact_name, body.contact_phone, body.contact_email),
        key=key,
    )


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
            Invalid("reports.answers_without_category", field="answers"),
            Invalid("reports.question_unknown", field="answers.depth", question="depth"),
            Invalid("reports.answer_unknown", field="answers.water", answer="roof", known="houses, street"),
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
    try:
        check_count(uploads, body.uploads)
        key = idempotency_key(request)
        new = new_report(request, body, "api", ("api", key) if key else None)
        filed, refused = await receive(
            ctx.parts, new, lambda: store_uploads(ctx, uploads, body.uploads), photos=bool(uploads or body.uploads)
        )
    finally:
        for upload in uploads:
            upload.close()
    report, lang = filed.report, lang_of(request)
    bind_contextvars(report_id=str(report.report_id))
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


ROUTES = [send_report]
