"""Sending a report from the web, without an account: one page, which works without scripts on an old phone.

What it is about and where, is suggested while somebody writes (``look``); whoever has no scripts gets the same choice
from the page itself when something is missing.
"""

import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct, structs
from structlog.contextvars import bind_contextvars

from app.casefile.words import ago, category_name, status_word
from app.errors import AppError, Conflict, Invalid, NotFound, Problem, TooLarge, TooMany
from app.forms import Form, Malformed, read_form
from app.i18n import LANGS, Lang, catalogue, t
from app.photos import uploads as photos
from app.places.model import Candidate
from app.portal import trap
from app.portal.browse import commune_of, groups_of
from app.portal.context import LANGUAGE_COOKIE, Req, go, lang_of, open_to, portal, site_policy
from app.portal.mine import keeping
from app.portal.render import show
from app.report_form import field_of, fitting, report_of
from app.reports.limits import check_spot
from app.reports.model import PHOTOS_MAX, TEXT_MIN, Filed, NewReport, Place
from app.reports.near import Near
from app.reports.receiving import receive
from app.reports.suggesting import suggest
from app.routing.danger import is_danger
from app.routing.model import REPORTER_KINDS, Category
from app.wiring import Parts

HOME = "/"
_YEAR = 365 * 24 * 3600


class Like(Struct, frozen=True):
    """An open report that may be of the same matter, as anybody may read it."""

    code: str
    category: str
    status: str
    when: str
    metres: int | None
    voices: int
    words: str


class Seen(Struct, frozen=True):
    """What the form says so far. ``category``: the chosen one, or the likeliest."""

    guesses: list[tuple[str, str]] = []
    category: Category | None = None
    candidates: tuple[Candidate, ...] = ()
    commune: str = ""
    likes: list[Like] = []


@get(HOME, **open_to("anyone"))
async def form_page(request: Req) -> Response[bytes]:
    """``commune`` and ``category`` are filled in by links on others' pages."""
    return await _page(request, _preset(request))


def _preset(request: Req) -> Form:
    params, given = request.query_params, {}
    if params.get("category") in portal(request).parts.rules.categories:
        given["category"] = params["category"]
    if commune := commune_of(request, params.get("commune", "")):
        given["address"] = commune.full_name
    return Form(given)


@post("/look", **open_to("anyone"))
async def look(request: Req) -> Response[bytes]:
    """What the words and the place point to so far, as a piece of the page; nothing is kept."""
    portal(request).limiter.take(request)
    form, lang = await read_form(request), lang_of(request)
    return show(lang, "look.html.j2", given=defaultdict(str, form.fields), seen=await _seen(request, form, lang))


@post(HOME, **open_to("anyone"))
async def send(request: Req) -> Response[bytes]:
    try:
        form = await read_form(request, uploads=True)
    except (Malformed, TooLarge, Invalid) as error:
        return await _page(request, Form(), error)
    try:
        return await _sent(request, form)
    except (Conflict, Invalid, TooMany) as error:
        return await _page(request, form, error)
    finally:
        form.close()


async def _sent(request: Req, form: Form) -> Response[bytes]:
    filed, refused = await take_in(request, form, form.text("ticket").rpartition(".")[0])
    code, secret = filed.report.code, filed.secret
    more = f"&refused={len(refused)}" if refused else ""
    return go(f"/r/{code}?k={secret}&sent=1{more}", keeping(request, code, secret))


async def take_in(request: Req, form: Form, key: str) -> tuple[Filed, list[Problem]]:
    """The form's report, and which of its photos cannot be used; sent again with its ``key`` it is the same report.

    Raises Invalid, among others ``web.once_more`` for a ticket that is none or not of the right age, Conflict, TooMany.
    """
    here, lang = portal(request), lang_of(request)
    parts, ticket = here.parts, form.text("ticket")
    if not trap.holds(parts.settings.secret_key, ticket, time.time()):
        raise Invalid("web.once_more", field="ticket")
    here.limiter.take(request)
    new = report_of(form, "web", lang)
    new = structs.replace(new, answers=fitting(parts.rules, new), key=("web", key))
    await _check_spot(parts, new)
    uploads = form.uploaded(photos.PHOTOS)
    filed, refused = await receive(
        parts,
        new,
        lambda: photos.store(parts.pool, parts.objects, parts.lab, here.uploads, uploads),
        photos=bool(uploads),
    )
    bind_contextvars(report_id=str(filed.report.report_id))
    return filed, refused


async def _check_spot(parts: Parts, new: NewReport) -> None:
    """Raises TooMany where very many have reported just this within the hour, unless life is in danger."""
    lat, lon = new.place.lat, new.place.lon
    category = new.category or next((one.category_id for one in parts.rules.guess_category(new.text)), None)
    if lat is None or lon is None or category is None or new.key is None or is_danger(new.text):
        return
    async with parts.pool.acquire() as conn:
        await check_spot(conn, category, (lat, lon), new.key)


async def _seen(request: Req, form: Form, lang: Lang) -> Seen:
    """Never raises for what is not written out yet."""
    parts, now = portal(request).parts, datetime.now(UTC)
    rules = parts.rules
    try:
        place = report_of(form, "web", lang).place
    except Invalid:
        place = Place()
    found = await suggest(
        parts.pool, rules, parts.gazetteer, form.text("text"), form.text("category"), place, lang, at=now
    )
    return Seen(
        guesses=[(one.category_id, category_name(rules, one.category_id, lang)) for one in found.guesses],
        category=found.category,
        candidates=found.candidates,
        commune=found.commune.full_name if found.commune else "",
        likes=[_like(request, one, lang, now) for one in found.near],
    )


def _like(request: Req, one: Near, lang: Lang, now: datetime) -> Like:
    return Like(
        one.code,
        category_name(portal(request).parts.rules, one.category, lang),
        status_word(one.status, lang),
        ago(one.submitted_at, now, lang),
        # Where exactly somebody stood is theirs to tell.
        None if one.why.distance_m is None else round(one.why.distance_m / 10) * 10,
        one.voices,
        one.text,
    )


async def _page(request: Req, form: Form, error: AppError | None = None) -> Response[bytes]:
    here, lang = portal(request), lang_of(request)
    parts = here.parts
    rules = parts.rules
    problems: dict[str, Problem] = {}
    for problem in error.problems if error else ():
        problems.setdefault(field_of(problem), problem)
    seen = await _seen(request, form, lang) if form.fields else Seen()
    tiles = parts.settings.tiles
    return show(
        lang,
        "send.html.j2",
        status=error.status if error else 200,
        headers=site_policy(request),
        here=HOME,
        # The same form sent again is the same report; one that was refused for its ticket gets a new one.
        ticket=_ticket(request, form, problems),
        given=defaultdict(str, form.fields),
        problems=problems,
        lost_photos=bool(form.uploads),
        seen=seen,
        groups=groups_of(request, lang),
        kinds=REPORTER_KINDS,
        photos_most=PHOTOS_MAX,
        province=rules.province_code,
        tiles=tiles,
        offline=_for_script(lang),
    )


def _for_script(lang: Lang) -> dict[str, Any]:
    """What ``static/waiting.js`` says, also without signal. ``needs``: of fields that are empty, before it is sent."""
    said = {key.removeprefix("offline."): text for key, text in catalogue(lang).items() if key.startswith("offline.")}
    needs = {
        "text": t("reports.text_short", lang, field="text", least=TEXT_MIN),
        "address": t("reports.place_missing", lang),
        "consent": t("reports.consent_missing", lang),
    }
    return {"words": said, "needs": needs, "least": TEXT_MIN}


def _ticket(request: Req, form: Form, problems: dict[str, Problem]) -> str:
    key, now, said = portal(request).parts.settings.secret_key, time.time(), form.text("ticket")
    kept = said and not any(one.key == "reports.key_reused" for one in problems.values())
    return said if kept and trap.issued(key, said, now) else trap.ticket(key, now)


@get("/language/{wanted:str}", **open_to("anyone"))
async def language(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    """The reader's language from now on."""
    if wanted not in LANGS:
        raise NotFound("portal.not_found")
    back = request.query_params.get("next", "")
    safe = "; Secure" if portal(request).secure else ""
    cookie = f"{LANGUAGE_COOKIE}={wanted}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax{safe}"
    return go(back if back in PAGES else HOME, {"Set-Cookie": cookie})


PAGES = (HOME, "/track", "/mine", "/reports", "/follow", "/faq", "/privacy", "/opendata", "/embeds")
"""Where one may come back to from choosing a language."""
ROUTES = [form_page, look, send, language]
