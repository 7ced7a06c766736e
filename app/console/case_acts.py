"""Doing an act from a case's page. What goes wrong comes back on the form, with everything that was typed; what
somebody else did meanwhile is shown beside it."""

import time
from collections.abc import Sequence
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts.onlookers import who_may_see
from app.attachments import uploads as papers
from app.attachments.model import StoredFile
from app.console.bulk import own_path
from app.console.case_forms import Kept, fields_of
from app.console.case_page import Asked, address, case_response, reader_of
from app.console.case_reading import Reading, sentence
from app.console.case_responses import put_in, template_of
from app.console.case_stale import read_seen
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import CASES, page
from app.console.render import go
from app.errors import AppError, Conflict, Invalid, NotFound, Problem
from app.forms import Form, whole
from app.photos import service as photos
from app.photos import uploads as pictures
from app.photos.links import sign_photo, verify_photo
from app.photos.model import StoredPhoto
from app.photos.uploads import FILES, PHOTOS
from app.reports import service as reports
from app.reports.mentions import names_in
from app.reports.model import Report
from app.reports.workflow import Act, check
from app.templates import service as templates

_KEPT_SECONDS = 20 * 3600
"""How long a photo that came with a form which could not be carried out may be sent again by name; what nothing claims
is swept after a day."""


class Brought(Struct, frozen=True):
    """Photos and files that came along, or came along before."""

    photos: tuple[StoredPhoto, ...] = ()
    files: tuple[StoredFile, ...] = ()
    problems: tuple[Problem, ...] = ()


@post("/reports/{code:str}/acts/{act:str}", **page(CASES, uploads=True))
async def do_act(request: Req, code: FromPath[str], act: FromPath[str]) -> Response[bytes]:
    """Idempotent by the form's ``client_key``: sent twice it is done once, and leads to the same page."""
    form: Form = request.state.form
    try:
        if act not in list(Act):
            raise NotFound("console.not_found")
        return await _do(request, code, Act(act), form)
    finally:
        form.close()


async def _do(request: Req, code: str, act: Act, form: Form) -> Response[bytes]:
    parts, who = console(request).parts, actor(request)
    report = await reports.find(parts.pool, code)
    key = form.text("client_key")[:200]
    if key and (done := await reports.done_already(parts.pool, who, report, key)):
        return _onward(request, form, act, done)
    report = reports.visible(who, report)
    brought = Brought()
    try:
        if form.uploads:
            check(act, who, report)  # before any photo is worked on
        brought = await _take_in(request, form)
        wanted = Reading(form, fields_of(act), await reader_of(request), parts.gazetteer).wanted()
        if brought.problems:
            raise Invalid.many(list(brought.problems))
        if act is Act.NOTE:
            await _check_called(request, report, wanted.text)
        wanted = msgspec.structs.replace(wanted, photos=brought.photos, files=brought.files)
        after = await reports.perform(parts.pool, parts.rules, who, report, act, wanted, version=_version(form, act))
        if template := template_of(form.text("template")):
            await templates.used(parts.pool, who, parts.rules, template)
    except (Invalid, Conflict) as error:
        return await _again(request, code, act, form, brought, error)
    return _onward(request, form, act, after)


@post("/reports/{code:str}/acts/{act:str}/fill", **page(CASES, status=200, uploads=True))
async def fill(request: Req, code: FromPath[str], act: FromPath[str]) -> Response[bytes]:
    """The same form with a template's words in it, for whoever has no scripts; nothing is done."""
    form: Form = request.state.form
    parts, who = console(request).parts, actor(request)
    try:
        report = reports.visible(who, await reports.find(parts.pool, code))
        if act not in list(Act):
            raise NotFound("console.not_found")
        check(Act(act), who, report)
        brought = await _take_in(request, form)
    finally:
        form.close()
    async with parts.pool.acquire() as conn:
        found = await templates.offered(conn, parts.rules, who, report, Act(act))
    typed = put_in(_typed(form), found, form.text("fill"))
    kept = Kept(Act(act), typed, {}, _kept(request, brought.photos), form.text("client_key")[:200])
    seen = read_seen(form.fields.get("was", ""))
    return await case_response(request, report, Asked(queue=form.text("queue")[:2000], kept=kept, seen=seen))


def _typed(form: Form) -> dict[str, str]:
    """What a person typed, without what the page sent along."""
    return {name: text for name, text in form.fields.items() if name not in ("csrf", "version", "was", "fill")}


async def _check_called(request: Req, report: Report, text: str) -> None:
    """Whoever calls a colleague wants them to hear of it, so a name that nobody here has is said. Raises Invalid."""
    if names := names_in(text):
        async with console(request).parts.pool.acquire() as conn:
            known = {one.username for one in await who_may_see(conn, report)}
        if unknown := [name for name in names if name not in known]:
            raise Invalid("case.mention_unknown", field="text", names=", ".join(f"@{name[:40]}" for name in unknown))


def _version(form: Form, act: Act) -> int | None:
    """The version that this person saw. A note overwrites nothing, whatever happened meanwhile."""
    typed = form.text("version")
    if act is Act.NOTE or not typed:
        return None
    version = whole(typed)
    if version is None:
        raise Invalid("console.form_broken", field="version")
    return version


# ---------------------------------------------------------------- photos and files


async def _take_in(request: Req, form: Form) -> Brought:
    """Store what came; what was stored before and is sent again by name is taken up."""
    here, parts = console(request), console(request).parts
    again = _named_again(request, form)
    stored, refused = await pictures.store(parts.pool, parts.objects, parts.lab, here.uploads, form.uploaded(PHOTOS))
    files, wrong = await papers.store(parts.pool, parts.objects, parts.lab, here.uploads, form.uploaded(FILES))
    known = {one.sha256: one for one in (*await photos.known(parts.pool, again), *stored)}
    return Brought(tuple(known.values()), files, (*refused, *wrong))


def _named_again(request: Req, form: Form) -> list[str]:
    """The photos that the form names with our own signature: nobody else's can be claimed by naming them."""
    secret, found = console(request).parts.settings.secret_key, []
    for given in form.ticked.get("kept", [])[:12]:
        sha256, _, token = given.partition(" ")
        try:
            verify_photo(secret, sha256, "small", token, int(time.time()))
        except AppError:
            continue
        found.append(sha256)
    return found


def _kept(request: Req, stored: Sequence[StoredPhoto]) -> list[tuple[str, str]]:
    """What the form sends to name each photo again, and the address of its small copy."""
    secret, until = console(request).parts.settings.secret_key, int(time.time()) + _KEPT_SECONDS
    signed = [(one.sha256, sign_photo(secret, one.sha256, "small", until)) for one in stored]
    return [(f"{sha256} {token}", f"/api/v1/photos/{sha256}/small?token={token}") for sha256, token in signed]


# ---------------------------------------------------------------- and then


async def _again(request: Req, code: str, act: Act, form: Form, brought: Brought, error: AppError) -> Response[bytes]:
    """The page with what is wrong beside the form, or with what somebody else did beside what this person wanted."""
    lang, who = lang_of(request), actor(request)
    problems: dict[str, str] = {}
    raced = error.key == "reports.changed_meanwhile"
    for problem in error.problems if not raced else ():
        field = (problem.field or "").partition("[")[0]
        problems[field] = " ".join([*([problems[field]] if field in problems else []), sentence(problem, lang)])
    kept = Kept(act, _typed(form), problems, _kept(request, brought.photos), form.text("client_key")[:200])
    report = reports.visible(who, await reports.find(console(request).parts.pool, code))
    seen = read_seen(form.fields.get("was", ""))
    asked = Asked(queue=form.text("queue")[:2000], kept=kept, seen=seen, raced=raced)
    return await case_response(request, report, asked, error.status)


def _onward(request: Req, form: Form, act: Act, after: Report) -> Response[bytes]:
    """The next case of the queue, or where the form says, or the case again; the queue where the act has taken the case
    out of this person's sight."""
    queue = quote(form.text("queue")[:2000], safe="=&%+")
    if form.text("then") == "next" and queue:
        return go(f"{BASE}/queue/next?{queue}")
    if form.text("next"):
        return go(own_path(form.text("next")))
    if not actor(request).may_see(after):
        return go(f"{BASE}/queue?{queue}")
    said = urlencode({"done": act, **({"queue": queue} if queue else {})})
    return go(f"{address(after.code)}?{said}")


ROUTES = [do_act, fill]
