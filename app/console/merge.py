"""Merging a report into another one of the same matter, and taking the two apart again: both beside each other, what
will happen in words, and only what was seen is done."""

from datetime import datetime
from typing import Literal
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts.model import Actor
from app.casefile.words import category_name, status_word
from app.console.case_page import visible
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.publish import PHOTOS
from app.console.render import go, show
from app.db import Conn
from app.errors import AppError, Conflict, Invalid
from app.i18n import Lang
from app.photos.service import own_url
from app.places.geo import distance_m
from app.reports import codes, following, near
from app.reports import service as reports
from app.reports.alike import Fingerprint, words_alike
from app.reports.model import Form, Report, Status
from app.reports.near import Sought
from app.reports.service import Case
from app.reports.workflow import ENDED, Act, check
from app.wiring import Parts

_MOST = 8
_SHOWN = 4


class Side(Struct, frozen=True):
    """One of the two reports. ``voices``: people behind it."""

    report: Report
    category: str
    status: str
    agency: str
    photos: tuple[str, ...]
    more_photos: int
    voices: int


class Between(Struct, frozen=True):
    """What speaks for one matter, and against it. ``metres`` None: one of them has no point."""

    metres: int | None
    minutes: int
    words: int
    same_photo: bool
    same_category: bool
    sooner: bool
    """The report that ends has the earlier deadline."""
    done: bool
    """The other one has been handled already."""


class Candidate(Struct, frozen=True):
    code: str
    category: str
    status: str
    at: datetime
    metres: int | None
    score: int


async def candidates(conn: Conn, parts: Parts, who: Actor, case: Case, lang: Lang) -> list[Candidate]:
    """Open reports that may be of the same matter and that this person may see, the likeliest first: from a period
    before this one was sent until now."""
    report = case.report
    if report.category not in parts.rules.categories:
        return []
    sought = Sought(
        category=report.category,
        text=report.body,
        lat=report.lat,
        lon=report.lon,
        commune_code=report.commune_code,
        photos=[Fingerprint(picture.sha256) for picture in case.pictures],
    )
    found = await near.find(conn, parts.rules, sought, lang, at=report.submitted_at, most=_MOST + 1)
    whole = {one.report_id: one for one in await reports.by_ids(conn, [each.report_id for each in found])}
    return [
        Candidate(
            each.code,
            category_name(parts.rules, each.category, lang),
            status_word(each.status, lang),
            each.submitted_at,
            None if each.why.distance_m is None else round(each.why.distance_m),
            each.why.score,
        )
        for each in found
        if each.report_id != report.report_id and who.may_see(whole[each.report_id])
    ][:_MOST]


async def _side(request: Req, conn: Conn, case: Case) -> Side:
    parts, lang, report = console(request).parts, lang_of(request), case.report
    agencies = await console(request).agencies.all([report.agency_id])
    agency = agencies.get(report.agency_id)
    shots = [one for one in case.pictures if one.added_by != "follower"]
    return Side(
        report,
        category_name(parts.rules, report.category, lang),
        status_word(report.status, lang),
        ((agency.name_en if lang == "en" else "") or agency.name) if agency else report.agency_id,
        tuple(own_url(parts.settings.secret_key, PHOTOS, one.sha256, "small") for one in shots[:_SHOWN]),
        max(0, len(shots) - _SHOWN),
        await following.voices(conn, report),
    )


def between(one: Case, other: Case) -> Between:
    a, b = one.report, other.report
    metres = None
    if a.lat is not None and a.lon is not None and b.lat is not None and b.lon is not None:
        metres = round(distance_m(a.lat, a.lon, b.lat, b.lon))
    return Between(
        metres,
        round(abs((a.submitted_at - b.submitted_at).total_seconds()) / 60),
        round(100 * words_alike(a.body, b.body)),
        bool({p.sha256 for p in one.pictures} & {p.sha256 for p in other.pictures}),
        a.category == b.category,
        a.due_at < b.due_at and b.status not in ENDED,
        b.status in (Status.RESOLVED, Status.CLOSED),
    )


async def _other(request: Req, report: Report, typed: str) -> Report:
    """The report that is to take this one in. Raises Invalid."""
    code = codes.read_code(typed)
    problem = Invalid("reports.target_unknown", field="target", code=typed[:40])
    if code is None:
        raise problem
    async with console(request).parts.pool.acquire() as conn:
        found = await reports.by_code(conn, code)
    if found is None or not actor(request).may_see(found):
        raise problem
    if found.report_id == report.report_id:
        raise Invalid("reports.target_self", field="target")
    if found.status in ENDED and found.status is not Status.CLOSED:
        raise Invalid("reports.target_ended", field="target", code=found.code)
    return found


def _refused(request: Req, report: Report, act: Act) -> AppError | None:
    try:
        check(act, actor(request), report)
    except Conflict as error:
        return error
    return None


async def _show(
    request: Req, report: Report, typed: str, error: AppError | None = None, *, text: str = "", status: int = 200
) -> Response[bytes]:
    parts, lang = console(request).parts, lang_of(request)
    what: Literal["merge", "unmerge"] = "unmerge" if report.duplicate_of is not None else "merge"
    other = None
    if what == "merge" and typed:
        try:
            other = await _other(request, report, typed)
        except Invalid as wrong:
            error, status = error or wrong, max(status, wrong.status)
    async with parts.pool.acquire() as conn:
        if report.duplicate_of is not None:
            other = await reports.get(conn, report.duplicate_of)
        mine = await reports.case(conn, report)
        ours = await _side(request, conn, mine)
        his = await reports.case(conn, other) if other else None
        theirs = await _side(request, conn, his) if his else None
        listed = await candidates(conn, parts, actor(request), mine, lang) if what == "merge" else []
    return show(
        request,
        "merge.html.j2",
        status=status,
        what=what,
        report=report,
        here=f"{BASE}/reports/{report.code}",
        refused=_refused(request, report, Act(what)),
        error=error,
        stale=isinstance(error, Conflict),
        ours=ours,
        theirs=theirs,
        between=between(mine, his) if his else None,
        listed=listed,
        typed=typed,
        text=text,
        done=request.query_params.get("done", ""),
        key=uuid4().hex,
    )


@get("/reports/{code:str}/merge", **page(DESK))
async def merging(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``into``: the code of the report to merge into, as typed or chosen."""
    return await _show(request, await visible(request, code), request.query_params.get("into", "").strip())


@post("/reports/{code:str}/merge", **page(DESK))
async def merge(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``version`` and ``target_version``: both reports as they were seen."""
    form, report, parts = request.state.form, await visible(request, code), console(request).parts
    typed, text, key = form.text("target"), form.text("text"), form.text("key") or None
    try:
        if not (key and await reports.done_already(parts.pool, actor(request), report, key)):
            other = await _other(request, report, typed)
            if other.version != form.number("target_version"):
                raise Conflict("reports.changed_meanwhile", version=other.version)
            wish = Form(text=text, target=other.code, client_key=key)
            version = form.number("version")
            await reports.perform(parts.pool, parts.rules, actor(request), report, Act.MERGE, wish, version=version)
    except (Invalid, Conflict) as error:
        return await _show(request, await visible(request, code), typed, error, text=text, status=error.status)
    return go(f"{BASE}/reports/{report.code}/merge?done=merge")


@post("/reports/{code:str}/unmerge", **page(DESK))
async def unmerge(request: Req, code: FromPath[str]) -> Response[bytes]:
    form, report, parts = request.state.form, await visible(request, code), console(request).parts
    text, key = form.text("text"), form.text("key") or None
    try:
        wish, version = Form(text=text, client_key=key), form.number("version")
        await reports.perform(parts.pool, parts.rules, actor(request), report, Act.UNMERGE, wish, version=version)
    except (Invalid, Conflict) as error:
        return await _show(request, await visible(request, code), "", error, text=text, status=error.status)
    return go(f"{BASE}/reports/{report.code}/merge?done=unmerge")


ROUTES = [merging, merge, unmerge]
