"""A report's page: what anybody may see of it by its code; for its reporter, everything, and what they may do now.

Who holds the tracking secret is the reporter: it comes in the personal link (``k``), or in the cookie of the browser
that sent the report. A form carries it as a field, so no foreign page can act for anybody by their cookie.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct
from structlog.contextvars import bind_contextvars

from app.accounts.model import Actor, Agency
from app.casefile.told import PUBLIC, REPORTER
from app.casefile.words import agency_name, category_name, sentence, status_word, when
from app.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from app.forms import Form, read_form, whole
from app.history import service as history
from app.history.model import Event
from app.i18n import Lang
from app.photos import uploads as photos
from app.photos.service import own_url
from app.portal import share
from app.portal.context import Req, go, lang_of, open_to, portal, site_policy
from app.portal.hearing import Hear, hear
from app.portal.mine import forgetting, keeping, mine
from app.portal.own_list import is_reporter, listed
from app.portal.render import show
from app.portal.share import Shared
from app.reports import following, publication, pushing
from app.reports import service as reports
from app.reports.model import PHOTOS_MAX, TEXT_MAX, Picture, Rating, Report, Status
from app.reports.model import Form as Said
from app.reports.service import Case
from app.reports.workflow import Act, acts_for

_PHOTOS = "/api/v1/photos"
ACTS = (Act.ADD_INFO, Act.ADD_PHOTOS, Act.RATE, Act.DISPUTE, Act.WITHDRAW)
"""What a reporter does on the page."""
_STEPS = ("sent", "with_agency", "result", "done")


class Step(Struct, frozen=True):
    """One thing that happened, in words; ``text``: what was said on the occasion."""

    at: datetime
    what: str
    text: str


class Photo(Struct, frozen=True):
    small: str
    large: str
    stage: str
    at: datetime


class Shown(Struct, frozen=True):
    """A report as its reader may see it. Of a private one a stranger sees code and status alone: the rest is empty.
    ``reached``: how many of the four steps are done."""

    report: Report
    own: bool
    status: str
    reached: int
    category: str = ""
    place: str = ""
    agency: str = ""
    words: str = ""
    result: str = ""
    question: str = ""
    before: list[Photo] = []
    after: list[Photo] = []
    steps: list[Step] = []
    voices: int = 0
    acts: tuple[Act, ...] = ()
    shared: Shared | None = None
    hear: Hear | None = None


# ---------------------------------------------------------------- finding


@get("/track", **open_to("anyone"))
async def track(request: Req) -> Response[bytes]:
    """Find a report by its code; and those that were sent from this browser."""
    code = request.query_params.get("code", "")
    if not code.strip():
        return await _track(request)
    try:
        report = await reports.find_whole(portal(request).parts.pool, code)
    except NotFound as error:
        return await _track(request, code, error)
    return go(f"/r/{report.code}")


async def _track(request: Req, code: str = "", error: AppError | None = None) -> Response[bytes]:
    lang = lang_of(request)
    return show(
        lang,
        "track.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request),
        here="/track",
        code=code[:40],
        problem=error.problems[0] if error else None,
        mine=await listed(request, lang),
    )


@post("/track/forget", **open_to("anyone"))
async def forget(request: Req) -> Response[bytes]:
    """This browser is somebody else's from now on. The reports themselves stay, and so do their personal links."""
    return go("/mine", forgetting(request))


# ---------------------------------------------------------------- the page


@get("/r/{code:str}", **open_to("anyone"))
async def report_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    report = await _found(request, code)
    if report.code != code:
        return go(f"/r/{report.code}?{request.scope['query_string'].decode('ascii', 'ignore')}")
    linked = request.query_params.get("k", "")
    secret = linked or mine(request).get(report.code, "")
    actor = await is_reporter(request, report, secret) if secret else None
    if linked and actor is None:
        raise Forbidden("web.link_wrong")
    headers = keeping(request, report.code, linked) if linked else {}
    return await _page(request, report, actor, secret if actor else "", headers=headers)


async def _found(request: Req, code: str) -> Report:
    report = await reports.find_whole(portal(request).parts.pool, code)
    bind_contextvars(report_id=str(report.report_id))
    return report


async def _page(
    request: Req,
    report: Report,
    actor: Actor | None,
    secret: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Form | None = None,
    error: AppError | None = None,
) -> Response[bytes]:
    here, lang = portal(request), lang_of(request)
    params = request.query_params
    refused = params.get("refused", "")
    return show(
        lang,
        "report.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request) | dict(headers or {}),
        here=f"/r/{report.code}",
        seen=await _shown(request, report, actor, lang),
        secret=secret,
        link=f"{here.parts.settings.public_url}/r/{report.code}?k={secret}" if secret else "",
        sent="sent" in params and actor is not None,
        refused=whole(refused, 2) or 0,
        said=form.text("text") if form else "",
        tried=form.text("act") if form else "",
        problem=error.problems[0] if error else None,
        key=(form.text("key") if form else "") or uuid4().hex,
        photos_most=PHOTOS_MAX,
        text_most=TEXT_MAX,
        ratings=list(Rating),
        when=when,
    )


async def _shown(request: Req, report: Report, actor: Actor | None, lang: Lang) -> Shown:
    here = portal(request)
    status, reached = status_word(report.status, lang), _reached(report)
    if report.visibility == "private" and actor is None:
        return Shown(report, False, status, reached)
    async with here.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
        voices = await following.voices(conn, report)
        chats = await pushing.in_chat(conn, [report]) if actor else ()
    agencies = await here.agencies.all([report.agency_id])
    category = category_name(here.parts.rules, report.category, lang)
    agency = agency_name(agencies, report.agency_id, lang)
    shared = await share.shared(request, report, case, lang)
    if actor is None:
        place = report.commune_name
        known = Shown(report, False, status, reached, category, place, agency, voices=voices, shared=shared)
        return _to_anybody(request, case, events, agencies, lang, known)
    said = [m for m in case.messages if m.visibility != "staff"]
    words = {str(m.message_id): m.body for m in said}
    results = [m.body for m in said if m.kind == "resolution"]
    questions = [m.body for m in said if m.kind == "question"]
    return Shown(
        report,
        True,
        status,
        reached,
        category,
        ", ".join(part for part in (report.address, report.commune_name) if part),
        agency,
        report.body,
        results[-1] if results and report.resolved_at else "",
        questions[-1] if questions and report.status is Status.AWAITING_INFO else "",
        *_photos(request, (p for p in case.pictures if p.added_by != "follower")),
        _steps(events, REPORTER, words, agencies, lang),
        voices,
        tuple(act for act in acts_for(actor, report) if act in ACTS),
        shared,
        None if report.ended_at else hear(request, in_chat=bool(chats)),
    )


def _to_anybody(
    request: Req, case: Case, events: list[Event], agencies: Mapping[str, Agency], lang: Lang, shown: Shown
) -> Shown:
    report = case.report
    published = publication.is_public(report)
    said = [m for m in case.messages if published and m.visibility == "public"]
    words = {str(m.message_id): publication.words_of(m, case.public, lang) for m in said}
    results = [words[str(m.message_id)] for m in said if m.kind == "resolution"]
    pictures = publication.pictures_of(report, case.pictures, case.public) if published else []
    before, after = _photos(request, pictures)
    return Shown(
        report,
        False,
        shown.status,
        shown.reached,
        shown.category,
        shown.place,
        shown.agency,
        publication.text_of(report, case.public, lang) if published else "",
        results[-1] if results and report.resolved_at else "",
        "",
        before,
        after,
        _steps(events, PUBLIC, words, agencies, lang),
        shown.voices,
        shared=shown.shared,
    )


def _reached(report: Report) -> int:
    if report.ended_at is not None:
        return len(_STEPS)
    if report.status is Status.RESOLVED:
        return 3
    return 2 if report.assigned_at is not None else 1


def _photos(request: Req, pictures: Any) -> tuple[list[Photo], list[Photo]]:
    """Before and after."""
    secret = portal(request).parts.settings.secret_key

    def link(picture: Picture) -> Photo:
        small, large = (own_url(secret, _PHOTOS, picture.sha256, size) for size in ("small", "large"))
        return Photo(small, large, picture.stage, picture.at)

    shown = [link(picture) for picture in pictures]
    return [one for one in shown if one.stage != "after"], [one for one in shown if one.stage == "after"]


def _steps(
    events: list[Event], kinds: frozenset[Any], words: Mapping[str, str], agencies: Mapping[str, Agency], lang: Lang
) -> list[Step]:
    """The newest first."""
    return [
        Step(event.at, sentence(event, agencies, lang), words.get(event.data.get("message_id", ""), ""))
        for event in reversed(events)
        if event.kind in kinds
    ]


# ---------------------------------------------------------------- the reporter's acts


@post("/r/{code:str}", **open_to("secret"))
async def act(request: Req, code: FromPath[str]) -> Response[bytes]:
    report = await _found(request, code)
    form = await read_form(request, uploads=True)
    try:
        secret = form.text("k")
        actor = await reports.reporter(portal(request).parts.pool, report, secret=secret)
        try:
            await _perform(request, report, actor, form)
        except (Conflict, Invalid) as error:
            report = await _found(request, code)
            return await _page(request, report, actor, secret, form=form, error=error)
    finally:
        form.close()
    return go(f"/r/{report.code}?k={secret}")


async def _perform(request: Req, report: Report, actor: Actor, form: Form) -> None:
    here = portal(request)
    wanted = next((each for each in ACTS if each == form.text("act")), None)
    if wanted is None:
        raise Invalid("console.form_broken", field="act")
    stored: Any = ()
    uploads = form.uploaded(photos.PHOTOS)
    if wanted is Act.ADD_PHOTOS and uploads:
        stored, refused = await photos.store(
            here.parts.pool, here.parts.objects, here.parts.lab, here.uploads, uploads[:PHOTOS_MAX]
        )
        if refused and not stored:
            raise Invalid.many(refused)
    rating = next((each for each in Rating if each == form.text("rating")), None)
    text = form.text("text")
    said = Said(
        text=text,
        photos=stored,
        rating=rating if wanted is Act.RATE else None,
        client_key=(form.text("key") or None) if text else None,
    )
    await reports.perform(here.parts.pool, here.parts.rules, actor, report, wanted, said)


ROUTES = [track, forget, report_page, act]
