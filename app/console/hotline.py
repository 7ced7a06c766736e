"""Writing down a call to 1022: while the caller speaks, category, place and like reports come up by themselves."""

import asyncio
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import structs

from app.casefile.words import agency_name, category_name
from app.console import hotline_form
from app.console.case_page import policy, visible
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.desk import by_htmx, writer_of
from app.console.desk_rows import categories_of
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, Problem
from app.forms import Form, whole
from app.photos import uploads as photos
from app.photos.uploads import AT_ONCE
from app.report_form import field_of, fitting, report_of
from app.reports import hotline
from app.reports import service as reports
from app.reports.hotline import Taken
from app.reports.model import CONSENT_VERSION, PHOTOS_MAX, NewReport, Report, Status
from app.routing.model import REPORTER_KINDS

HERE = f"{BASE}/hotline"
_GATE = asyncio.Semaphore(AT_ONCE)


@get("/hotline", **page(DESK))
async def form_page(request: Req) -> Response[bytes]:
    return await _page(request, Form())


@post("/hotline/look", **page(DESK))
async def look(request: Req) -> Response[bytes]:
    """What the form points to so far; nothing is kept. Without scripts a page of its own, with everything typed."""
    if not by_htmx(request):
        return await _page(request, request.state.form)
    shown = await _shown(request, request.state.form)
    return show(request, "hotline_look.html.j2", oob=True, **shown)


@post("/hotline", **page(DESK, uploads=True))
async def take(request: Req) -> Response[Any]:
    return await _take(request, None)


@post("/hotline/join/{code:str}", **page(DESK, uploads=True))
async def join(request: Req, code: FromPath[str]) -> Response[Any]:
    """The caller speaks of something that is known already."""
    try:
        into = await visible(request, code)
    except AppError:
        request.state.form.close()
        raise
    return await _take(request, into)


async def _take(request: Req, into: Report | None) -> Response[Any]:
    form: Form = request.state.form
    try:
        taken = await _taken(request, form, into)
    except (Conflict, Invalid) as error:
        if error.key == "reports.key_reused":
            # It was written down before, with other words: what is sent now is another report, if it is sent.
            form.fields["key"] = ""
        return await _page(request, form, error)
    finally:
        form.close()
    more = f"?into={taken.into.code}" if taken.into else ""
    if taken.refused:
        more += f"{'&' if more else '?'}refused={len(taken.refused)}"
    return go(f"{HERE}/taken/{taken.filed.report.code}{more}")


async def _taken(request: Req, form: Form, into: Report | None) -> Taken:
    parts, lang = console(request).parts, lang_of(request)
    call = report_of(form, "hotline", lang)
    call = structs.replace(call, answers=fitting(parts.rules, call))
    if into is not None:
        call = _as_of(call, into)
    uploads = form.uploaded(photos.PHOTOS)
    return await hotline.take_call(
        parts,
        actor(request),
        call,
        form.text("key") or None,
        lambda: photos.store(parts.pool, parts.objects, parts.lab, _GATE, uploads),
        photos=bool(uploads),
        into=into,
    )


def _as_of(call: NewReport, into: Report) -> NewReport:
    """The same matter at the same place, as far as the caller has not said otherwise."""
    place = call.place
    if place.lat is None and not place.address and not place.commune_code:
        place = structs.replace(place, lat=into.lat, lon=into.lon, address=into.address, commune_code=into.commune_code)
    return structs.replace(call, place=place, category=call.category or into.category)


@get("/hotline/taken/{code:str}", **page(DESK))
async def taken_page(request: Req, code: FromPath[str]) -> Response[bytes]:
    """The code to read to the caller, who has it, and by when."""
    report, here, lang = await visible(request, code), console(request), lang_of(request)
    answers_for = report
    async with here.parts.pool.acquire() as conn:
        while answers_for.duplicate_of is not None:
            answers_for = await reports.get(conn, answers_for.duplicate_of)
    agencies = await here.agencies.all([answers_for.agency_id])
    refused = request.query_params.get("refused", "")
    return show(
        request,
        "hotline_taken.html.j2",
        report=report,
        into=answers_for if answers_for is not report else None,
        waits=answers_for.status in (Status.SUBMITTED, Status.RECEIVED),
        due=answers_for.due_at,
        intake_due=answers_for.intake_due_at,
        agency=agency_name(agencies, answers_for.agency_id, lang),
        category=category_name(here.parts.rules, answers_for.category, lang),
        refused=whole(refused, 2) or 0,
    )


async def _shown(request: Req, form: Form) -> dict[str, Any]:
    """What stands beside the form: suggestions, places, questions, who would get it, and like reports."""
    here, reader, lang, now = console(request), actor(request), lang_of(request), datetime.now(UTC)
    parts = here.parts
    rules = parts.rules
    async with parts.pool.acquire() as conn:
        seen = await hotline_form.look(conn, rules, parts.gazetteer, reader, form, lang, now)
    decision = seen.decision
    agencies = await here.agencies.all([decision.agency_id] if decision else [])
    writer = writer_of(request, now)
    asked = seen.category if seen.category and form.text("category") == seen.category.category_id else None
    return {
        "given": defaultdict(str, form.fields),
        "seen": seen,
        "guesses": [
            (one.category_id, category_name(rules, one.category_id, lang), round(100 * one.score))
            for one in seen.guesses
        ],
        "named": category_name(rules, seen.category.category_id, lang) if seen.category else "",
        "advice": ((seen.category.advice_en if lang == "en" else "") or seen.category.advice)
        if seen.category and seen.category.out_of_scope
        else "",
        "questions": list(asked.questions.values()) if asked else [],
        "agency": agency_name(agencies, decision.agency_id, lang) if decision else "",
        "nobody": decision is not None and decision.agency_id == rules.coordinator_id,
        "reasons": (decision.reasons_en if lang == "en" else decision.reasons) if decision else (),
        "likes": [writer.like(one, other) for one, other in seen.near],
    }


async def _page(request: Req, form: Form, error: AppError | None = None) -> Response[bytes]:
    here, lang = console(request), lang_of(request)
    parts = here.parts
    problems: dict[str, Problem] = {}
    for problem in error.problems if error else ():
        problems.setdefault(field_of(problem), problem)
    return show(
        request,
        "hotline.html.j2",
        status=error.status if error else 200,
        headers=policy(request),
        problems=problems,
        key=form.text("key") or uuid4().hex,
        groups=categories_of(parts.rules, lang),
        kinds=REPORTER_KINDS,
        photos_most=PHOTOS_MAX,
        consent=CONSENT_VERSION,
        province=parts.rules.province_code,
        tiles=parts.settings.tiles,
        kept=bool(form.fields),
        lost_photos=bool(form.uploads),
        oob=False,
        **await _shown(request, form),
    )


ROUTES = [form_page, look, take, join, taken_page]
