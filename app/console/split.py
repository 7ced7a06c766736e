"""Splitting a report between several agencies: a line for each part, who gets it by the rules and by when, and a look
at all of it before it is done."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts.model import Agency
from app.casefile.words import agency_name, category_name, status_word
from app.console.case_page import visible
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.publish import PHOTOS
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid
from app.forms import Form as Sent
from app.i18n import Lang
from app.photos.service import own_url
from app.reports import service as reports
from app.reports.judging import facts_of
from app.reports.model import PARTS_LEAST, PARTS_MOST, TEXT_MAX, Form, NewPart, Report
from app.reports.parts import Planned, composed, plan
from app.reports.service import Case
from app.reports.workflow import Act, check
from app.routing.ruleset import RuleSet

_SHOWN = 4


class Choice(Struct, frozen=True):
    """A category with the agency that the rules give it here, and by when; ``agency`` "": none."""

    category_id: str
    name: str
    agency: str
    due: datetime


class Group(Struct, frozen=True):
    name: str
    choices: tuple[Choice, ...]


class Preview(Struct, frozen=True):
    category: str
    agency: str
    why: tuple[str, ...]
    urgency: str
    due: datetime
    text: str


def typed(form: Sent) -> list[NewPart]:
    """The lines that somebody has begun to fill in."""
    rows = zip(*(form.ticked.get(name, []) for name in ("category", "agency", "words")), strict=False)
    lines = composed([NewPart(category, words, agency or None) for category, agency, words in rows])
    return [line for line in lines if line.category or line.text or line.agency_id]


def groups(rules: RuleSet, report: Report, agencies: dict[str, Agency], lang: Lang, *, has_photo: bool) -> list[Group]:
    """What a part may be about, with who would get it."""
    at, found = datetime.now(UTC), []
    for group in rules.groups.values():
        choices = []
        for category_id in group.categories:
            if rules.categories[category_id].out_of_scope:
                continue
            decision = rules.decide(facts_of(report, at=at, category=category_id, has_photo=has_photo))
            ours = decision.agency_id == rules.coordinator_id
            name = "" if ours else agency_name(agencies, decision.agency_id, lang)
            choices.append(Choice(category_id, category_name(rules, category_id, lang), name, decision.handling_due))
        if choices:
            found.append(Group(group.name_en if lang == "en" else group.name, tuple(choices)))
    return found


def offered(agencies: dict[str, Agency], rules: RuleSet, report: Report, lang: Lang) -> list[tuple[str, str]]:
    """Agencies that a part can be given to: of commune offices only the one of the place."""
    fit = [
        each
        for each in agencies.values()
        if each.active and each.agency_id != rules.coordinator_id and each.commune_code in (None, report.commune_code)
    ]
    return sorted(((each.agency_id, agency_name(agencies, each.agency_id, lang)) for each in fit), key=lambda e: e[1])


def _previews(
    planned: Sequence[Planned], report: Report, agencies: dict[str, Agency], rules: RuleSet, lang: Lang
) -> list[Preview]:
    return [
        Preview(
            category_name(rules, one.decision.category, lang),
            agency_name(agencies, one.agency_id, lang),
            (one.decision.reasons_en if lang == "en" else one.decision.reasons) if one.by_rules else (),
            one.decision.urgency,
            one.decision.handling_due,
            one.new.text or report.body,
        )
        for one in planned
    ]


async def _show(
    request: Req,
    case: Case,
    lines: Sequence[NewPart],
    error: AppError | None = None,
    planned: Sequence[Planned] = (),
    *,
    rows: int = PARTS_LEAST,
    status: int = 200,
) -> Response[bytes]:
    parts, lang, report = console(request).parts, lang_of(request), case.report
    agencies = await console(request).agencies.all([report.agency_id])
    shots = [one for one in case.pictures if one.added_by == "citizen"]
    blank = max(0, min(PARTS_MOST, max(rows, PARTS_LEAST)) - len(lines))
    refused = None
    try:
        check(Act.SPLIT, actor(request), report)
    except Conflict as conflict:
        refused = conflict
    return show(
        request,
        "split.html.j2",
        status=status,
        report=report,
        here=f"{BASE}/reports/{report.code}",
        category=category_name(parts.rules, report.category, lang),
        status_name=status_word(report.status, lang),
        agency=agency_name(agencies, report.agency_id, lang),
        refused=refused,
        error=error,
        stale=isinstance(error, Conflict),
        problems={problem.field: problem for problem in (error.problems if error else ())},
        lines=[*lines, *[NewPart("") for _ in range(blank)]],
        groups=groups(parts.rules, report, agencies, lang, has_photo=bool(shots)) if refused is None else [],
        offered=offered(agencies, parts.rules, report, lang),
        previews=_previews(planned, report, agencies, parts.rules, lang),
        photos=[own_url(parts.settings.secret_key, PHOTOS, one.sha256, "small") for one in shots[:_SHOWN]],
        due=max((one.decision.handling_due for one in planned), default=report.due_at),
        most=PARTS_MOST,
        text_most=TEXT_MAX,
        key=uuid4().hex,
    )


async def _read(request: Req, code: str) -> Case:
    report = await visible(request, code)
    async with console(request).parts.pool.acquire() as conn:
        return await reports.case(conn, report)


@get("/reports/{code:str}/split", **page(DESK))
async def splitting(request: Req, code: FromPath[str]) -> Response[bytes]:
    return await _show(request, await _read(request, code), [])


@post("/reports/{code:str}/split", **page(DESK))
async def split(request: Req, code: FromPath[str]) -> Response[bytes]:
    """``do``: add (another line), preview, or split (the default)."""
    case, form, parts = await _read(request, code), request.state.form, console(request).parts
    lines, what, key = typed(form), form.fields.get("do", "split"), form.text("key") or None
    if what == "add":
        return await _show(request, case, lines, rows=len(form.ticked.get("category", [])) + 1)
    try:
        if what == "preview":
            check(Act.SPLIT, actor(request), case.report)
            has_photo = any(picture.stage == "before" for picture in case.pictures)
            planned = plan(parts.rules, case.report, lines, datetime.now(UTC), has_photo=has_photo)
            return await _show(request, case, lines, planned=planned)
        wish = Form(parts=tuple(lines), client_key=key)
        await reports.perform(
            parts.pool, parts.rules, actor(request), case.report, Act.SPLIT, wish, version=form.number("version")
        )
    except (Invalid, Conflict) as error:
        return await _show(request, await _read(request, code), lines, error, status=error.status)
    return go(f"{BASE}/reports/{case.report.code}")


ROUTES = [splitting, split]
