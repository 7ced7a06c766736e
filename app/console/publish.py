"""Publishing a report: public words beside the originals, photos hidden or with boxes burnt in, a look before."""

from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.casefile.words import category_name
from app.console.case_page import visible
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.marks import marked
from app.console.publish_form import SIDES, Typed, messages_in, pictures_in, proposed, typed
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, Problem
from app.i18n import Lang
from app.photos.model import BOXES_MOST, Box
from app.photos.service import own_url
from app.reports import publication
from app.reports import service as reports
from app.reports.model import Form, Message, Picture, PublicCopy, Report
from app.reports.publication import is_public
from app.reports.service import Case
from app.reports.workflow import Act, check
from app.wiring import Parts

PHOTOS = "/api/v1/photos"
_ROWS = 2
"""Empty rows for boxes, for whoever has no scripts."""


class Piece(Struct, frozen=True):
    """Words that become public. ``original`` and ``edited`` have their differences marked; ``now``: as they are public,
    where that is something else than what was typed."""

    name: str
    message: Message | None
    original: str
    edited: str
    text: str
    now: str
    problem: Problem | None


class Shot(Struct, frozen=True):
    """A photo with its boxes, each as four numbers in per cent; ``waiting``: it came since, and nobody sees it yet."""

    picture: Picture
    url: str
    hidden: bool
    boxes: tuple[tuple[str, ...], ...]
    waiting: bool
    problem: Problem | None


class Public(Struct, frozen=True):
    """The report as everybody will see it."""

    text: str
    said: tuple[tuple[Message, str], ...]
    photos: tuple[tuple[Picture, str], ...]


async def _read(request: Req, code: str) -> Case:
    report = await visible(request, code)
    async with console(request).parts.pool.acquire() as conn:
        return await reports.case(conn, report)


def _refused(request: Req, report: Report) -> AppError | None:
    """Why it cannot be published, if it cannot."""
    try:
        check(Act.PUBLISH, actor(request), report)
    except Conflict as error:
        return error
    return None


def _percent(box: Box) -> tuple[str, ...]:
    return tuple(f"{100 * side:.2f}".rstrip("0").rstrip(".") for side in (box.x, box.y, box.width, box.height))


def _pieces(case: Case, wanted: Typed, lang: Lang, problems: dict[str | None, Problem]) -> list[Piece]:
    saved = proposed(case, lang).words
    found = []
    for key, original, name, message in (
        (case.report.report_id, case.report.body, "text", None),
        *((one.message_id, one.body, f"words-{one.message_id}", one) for one in messages_in(case)),
    ):
        text = wanted.words.get(key, saved[key])
        before, after = marked(original, text)
        problem = problems.get("text" if message is None else f"words.{key}")
        found.append(Piece(name, message, before, after, text, "" if saved[key] == text else saved[key], problem))
    return found


def _shots(parts: Parts, case: Case, wanted: Typed, problems: dict[str | None, Problem]) -> list[Shot]:
    public = {p.photo_id for p in publication.pictures_of(case.report, case.pictures, case.public)}
    found = []
    for picture in pictures_in(case):
        chosen = wanted.photos.get(picture.photo_id, publication.Shown())
        decided = picture.photo_id in case.public.photos or picture.photo_id in public
        found.append(
            Shot(
                picture,
                own_url(parts.settings.secret_key, PHOTOS, picture.sha256, "large"),
                chosen.hidden,
                tuple(_percent(box) for box in chosen.boxes),
                is_public(case.report) and not decided,
                problems.get(f"photos.{picture.photo_id}"),
            )
        )
    return found


def _as_seen(parts: Parts, case: Case, copy: PublicCopy, lang: Lang) -> Public:
    """``copy`` laid over what is public already."""
    whole = PublicCopy({**case.public.words, **copy.words}, {**case.public.photos, **copy.photos})
    secret = parts.settings.secret_key
    return Public(
        publication.text_of(case.report, whole, lang),
        tuple((one, publication.words_of(one, whole, lang)) for one in messages_in(case)),
        tuple(
            (one, own_url(secret, PHOTOS, one.sha256, "large"))
            for one in publication.pictures_of(case.report, case.pictures, whole)
        ),
    )


async def _show(
    request: Req,
    case: Case,
    wanted: Typed | None = None,
    error: AppError | None = None,
    seen: Public | None = None,
    *,
    status: int = 200,
) -> Response[bytes]:
    parts, lang = console(request).parts, lang_of(request)
    report = case.report
    if wanted is None:
        wanted = proposed(case, lang)
        seen = _as_seen(parts, case, PublicCopy(), lang) if is_public(report) else None
    problems = {problem.field: problem for problem in (error.problems if error else ())}
    async with parts.pool.acquire() as conn:
        agencies = await accounts.agency_names(conn, [report.agency_id], lang)
    return show(
        request,
        "publish.html.j2",
        status=status,
        report=report,
        category=category_name(parts.rules, report.category, lang),
        agency=agencies.get(report.agency_id, report.agency_id),
        here=f"{BASE}/reports/{report.code}/publish",
        refused=_refused(request, report),
        error=error,
        stale=isinstance(error, Conflict),
        done=request.query_params.get("done", ""),
        pieces=_pieces(case, wanted, lang, problems),
        shots=_shots(parts, case, wanted, problems),
        sides=SIDES,
        spare=range(_ROWS),
        most=BOXES_MOST,
        seen=seen,
        previewed=request.method == "POST" and seen is not None,
        key=uuid4().hex,
    )


@get("/reports/{code:str}/publish", **page(DESK))
async def publishing(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _show(request, await _read(request, code))


@post("/reports/{code:str}/publish", **page(DESK))
async def publish(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``do``: preview, publish (the default) or unpublish."""
    case, form = await _read(request, code), request.state.form
    what = form.fields.get("do", "publish")
    act = Act.UNPUBLISH if what == "unpublish" else Act.PUBLISH
    check(act, actor(request), case.report)
    wanted = typed(case, form)
    try:
        if wanted.problems:
            raise Invalid.many(list(wanted.problems))
        bring = Form(client_key=form.text("key") or None)
        if act is Act.PUBLISH:
            bring = Form(client_key=bring.client_key, public=await _copy(console(request).parts, case, wanted))
        if what == "preview" and bring.public is not None:
            publication.check(case.report, case.messages, case.pictures, bring.public)
            seen = _as_seen(console(request).parts, case, bring.public, lang_of(request))
            return await _show(request, case, wanted, seen=seen)
        parts = console(request).parts
        await reports.perform(
            parts.pool, parts.rules, actor(request), case.report, act, bring, version=form.number("version")
        )
    except (Invalid, Conflict) as error:
        return await _show(request, await _read(request, code), wanted, error, status=error.status)
    return go(f"{BASE}/reports/{case.report.code}/publish?done={act}")


async def _copy(parts: Parts, case: Case, wanted: Typed) -> PublicCopy:
    made = await publication.photos_as(parts.pool, parts.objects, parts.lab, case.pictures, wanted.photos)
    return publication.clean(PublicCopy(wanted.words, made))


ROUTES = [publishing, publish]
