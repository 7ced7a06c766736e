"""Field mode: the officer's phone, with signal or without. One page that the phone can install; the work to do and what
becomes of an act travel as JSON, for the phone keeps both (``static/field*.js``)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct, json, to_builtins

from app.accounts import service as accounts
from app.console.assets import address
from app.console.context import BASE, Req, actor, console, lang_of, session
from app.console.csrf import mask
from app.console.declare import QUEUE, page
from app.console.field_cards import ACTS, OPEN, Card, Kind, acts_then, card, kinds
from app.console.render import packed, show
from app.errors import AppError, Invalid, NotFound, Problem
from app.forms import Form
from app.i18n import Lang, catalogue, t
from app.photos import service as photos
from app.photos.model import COPY_TYPE, StoredPhoto
from app.reports import service as reports
from app.reports.model import Form as ActForm
from app.reports.model import Picture, Report, Status
from app.reports.workflow import Act, check
from app.worklist import service as worklist
from app.worklist.model import Filter

HERE = f"{BASE}/field"
MOST = 200
"""Cases that a phone keeps: those due first."""
_PHOTOS_MOST = 3
_KEY_MOST = 100


class Work(Struct, frozen=True):
    """What the phone keeps. ``until``: when the session ends and what is kept is no longer shown."""

    staff: UUID
    at: datetime
    until: datetime
    more: bool
    cards: list[Card]
    kinds: list[Kind]
    then: dict[Status, list[Act]]


@get("/field", **page(QUEUE))
async def field(request: Req) -> Response[bytes]:
    settings, rules = console(request).parts.settings, console(request).parts.rules
    lang = lang_of(request)
    setup = {
        "staff": str(session(request).staff.staff_id),
        "worker": f"{HERE}/sw.js",
        "open": OPEN,
        "areas": f"/map/latest/{rules.province_code}",
        "map": [address(name) for name in ("leaflet.css", "leaflet.js", "field-map.js")],
        "tiles": settings.tiles.url if settings.tiles else "",
        "credit": settings.tiles.credit if settings.tiles else "",
        "words": {
            key.removeprefix("field."): text for key, text in catalogue(lang).items() if key.startswith("field.")
        },
    }
    tiles = f" {settings.tiles.origin}" if settings.tiles else ""
    policy = (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        f"img-src 'self' data:{tiles}"
    )
    return show(
        request, "field.html.j2", headers={"Content-Security-Policy": policy}, setup=json.encode(setup).decode()
    )


@get("/field/session", **page(QUEUE))
async def field_session(request: Req) -> Response[bytes]:
    """Whose acts may be sent now, and the token to send them with."""
    said = {"staff": str(session(request).staff.staff_id), "csrf": mask(session(request).csrf)}
    return Response(json.encode(said), media_type="application/json")


@get("/field/work", **page(QUEUE))
async def field_work(request: Req) -> Response[bytes]:
    """The open cases of the officer's agency, due first, as cards."""
    who, parts, now = actor(request), console(request).parts, datetime.now(UTC)
    rows = await worklist.queue(parts.pool, who, Filter(statuses=tuple(OPEN)), limit=MOST)
    async with parts.pool.acquire() as conn:
        found = await reports.several(conn, [row.report_id for row in rows.rows])
    cards = await _cards(request, [(report, shown) for report, shown in found if report.status in OPEN])
    then = acts_then(who, found[0][0]) if found else {}
    until = min(session(request).expires_at, now + accounts.IDLE)
    assert who.id is not None
    return packed(request, Work(who.id, now, until, rows.next is not None, cards, kinds(), then))


async def _cards(request: Req, found: Sequence[tuple[Report, list[Picture]]]) -> list[Card]:
    """Those that are the reader's business."""
    who, here = actor(request), console(request)
    seen = [(report, pictures) for report, pictures in found if who.may_see(report)]
    async with here.parts.pool.acquire() as conn:
        names = await accounts.staff_names(conn, {report.assignee_id for report, _ in seen if report.assignee_id})
        agencies = {agency.agency_id: agency for agency in await accounts.agencies(conn)}
    return [card(who, one, here.parts.rules, names, agencies, lang_of(request)) for one in seen]


@get("/field/photos/{code:str}/{photo_id:uuid}", **page(QUEUE))
async def field_photo(request: Req, code: FromPath[str], photo_id: FromPath[UUID]) -> Response[bytes]:
    """A picture of a case, small: the phone keeps it."""
    parts = console(request).parts
    report = reports.visible(actor(request), await reports.find(parts.pool, code))
    async with parts.pool.acquire() as conn:
        [(_, pictures)] = await reports.several(conn, [report.report_id])
    sha256 = next((one.sha256 for one in pictures if one.photo_id == photo_id), None)
    if sha256 is None:
        raise NotFound("photos.not_found")
    return Response(await photos.read_photo(parts.objects, sha256, "small"), media_type=COPY_TYPE)


# ---------------------------------------------------------------- acts


@post("/field/acts", **page(QUEUE))
async def field_act(request: Req) -> Response[bytes]:
    """Do what the phone has kept. Sent again with its key it is done once. Every refusal is JSON: the phone shows it
    for mending, with the case as it is now where the officer may still see it."""
    who, pool, form = actor(request), console(request).parts.pool, request.state.form
    lang, report = lang_of(request), None
    try:
        report = await reports.find(pool, form.text("code"))
        key = _key(form)
        after = await reports.done_already(pool, who, report, key)
        if after is None:
            after = await _do(request, reports.visible(who, report), form, key)
    except AppError as error:
        said = {
            "problems": [_words(problem, lang) for problem in error.problems],
            "card": await _one_card(request, report) if report else None,
        }
        return packed(request, said, error.status)
    return packed(request, {"version": after.version, "card": await _one_card(request, after)})


def _words(problem: Problem, lang: Lang) -> str:
    if problem.key == "reports.changed_meanwhile":
        return t("field.changed", lang)  # the usual words say that what was typed is gone; here it is kept
    return t(problem.key, lang, **({"field": problem.field} | problem.params))


def _key(form: Form) -> str:
    key = form.text("client_key")
    if not 8 <= len(key) <= _KEY_MOST:
        raise Invalid("console.form_broken", field="client_key")
    return key


async def _do(request: Req, report: Report, form: Form, key: str) -> Report:
    who, parts, act = actor(request), console(request).parts, form.text("act")
    if act not in list(ACTS) or not form.number("version"):
        raise Invalid("console.form_broken", field="act")
    pictures: tuple[StoredPhoto, ...] = ()
    sent = [(file.name, file.data) for name, file in sorted(form.files.items()) if name.startswith("photo")]
    if sent:
        check(Act(act), who, report)  # before any photo is worked on
        stored, refused = await photos.store_photos(parts.pool, parts.objects, parts.lab, sent[:_PHOTOS_MOST])
        if refused:
            raise Invalid.many(refused)
        pictures = tuple(stored)
    said = ActForm(text=form.text("text"), photos=pictures, client_key=key)
    return await reports.perform(parts.pool, parts.rules, who, report, Act(act), said, version=form.number("version"))


async def _one_card(request: Req, report: Report) -> Any:
    """The case as it is now; None once it is no longer the officer's business or nothing is left to do."""
    async with console(request).parts.pool.acquire() as conn:
        found = await reports.several(conn, [report.report_id])
    cards = await _cards(request, found)
    return to_builtins(cards[0]) if cards else None


ROUTES = [field, field_session, field_work, field_photo, field_act]
