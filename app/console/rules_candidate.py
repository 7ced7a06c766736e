"""Changing the rules: hand in a file, see what is wrong with it and what it changes, replay it, apply it."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream

from app.console import candidates
from app.console.candidates import Candidate, Checked
from app.console.context import BASE, Req, console, lang_of, signature
from app.console.declare import RULES, page
from app.console.render import go, show
from app.console.replays import Columns
from app.console.words import Teller
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.i18n import t
from app.routing import service as routing
from app.routing.files import FILE_NAME, MOST_BYTES_TOGETHER
from app.routing.ruleset import RuleSet

HERE = f"{BASE}/rules/candidate"
DAYS = (7, 30, 90, 365)
_COLUMNS = ("code", "sent", "category", "place", "agency", "urgency", "due", "rule")


async def _in_force(request: Req) -> RuleSet:
    parts = console(request).parts
    return await routing.current(parts.pool, parts.rules)


# ---------------------------------------------------------------- handing in


@get("/rules/candidate", **page(RULES))
async def hand_in_page(request: Req) -> Response[bytes]:
    return await _hand_in_page(request)


async def _hand_in_page(request: Req, *, pasted: str = "", error: AppError | None = None) -> Response[bytes]:
    return show(
        request,
        "rules_candidate.html.j2",
        status=error.status if error else 200,
        rules=await _in_force(request),
        recent=await candidates.recent(console(request).parts.pool),
        pasted=pasted,
        most=MOST_BYTES_TOGETHER >> 20,
        problem=error.problems[0] if error else None,
    )


@post("/rules/candidate", **page(RULES))
async def hand_in(request: Req) -> Response[Any]:
    form: Form = request.state.form
    file, pasted = form.files.get("file"), form.fields.get("text", "")
    data = file.data if file else pasted.replace("\r\n", "\n").encode()
    if not data.strip():
        return await _hand_in_page(request, error=Invalid("console.candidate_empty", field="file"))
    active = await _in_force(request)
    name = candidates.file_name(file.name) if file else FILE_NAME
    whole = candidates.with_includes(data, active.source)
    kept = await candidates.keep(console(request).parts.pool, whole, name, signature(request))
    return go(f"{HERE}/{kept}")


# ---------------------------------------------------------------- looking at it


@get("/rules/candidate/{wanted:str}", **page(RULES))
async def candidate(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    parts = console(request).parts
    found = await candidates.candidate(parts.pool, wanted)
    active = await _in_force(request)
    return _page(request, found, active, await console(request).checks.of(parts, found, active))


def _page(
    request: Req,
    found: Candidate,
    active: RuleSet,
    checked: Checked,
    *,
    note: str = "",
    error: AppError | None = None,
) -> Response[bytes]:
    here, lang = console(request), lang_of(request)
    return show(
        request,
        "rules_checked.html.j2",
        status=error.status if error else 200,
        kept=found.kept,
        active=active,
        checked=checked,
        job=here.replays.of(found.kept.hash, active.version),
        columns=_columns(here.parts.gazetteer, active, checked.rules, lang) if checked.rules else None,
        teller=Teller(checked.rules or active, here.parts.gazetteer, lang),
        days=DAYS,
        note=note,
        problem=error.problems[0] if error else None,
    )


def _columns(gazetteer: Any, now: RuleSet, then: RuleSet, lang: Any) -> Columns:
    names = [t(f"console.csv_{name}", lang) for name in _COLUMNS]
    news = [t("console.csv_new", lang, name=name) for name in names[4:]]
    return Columns((*names, *news), Teller(now, gazetteer, lang), Teller(then, gazetteer, lang))


@get("/rules/candidate/{wanted:str}/source", **page(RULES))
async def source(request: Req, wanted: FromPath[str]) -> Response[bytes]:
    found = await candidates.candidate(console(request).parts.pool, wanted)
    headers = {"Content-Disposition": f'attachment; filename="routing_rules-{wanted[:16]}.yaml"'}
    return Response(found.source, media_type="application/yaml", headers=headers)


# ---------------------------------------------------------------- replaying


@post("/rules/candidate/{wanted:str}/replay", **page(RULES))
async def replay(request: Req, wanted: FromPath[str]) -> Response[Any]:
    here, form, lang = console(request), request.state.form, lang_of(request)
    found = await candidates.candidate(here.parts.pool, wanted)
    active = await _in_force(request)
    checked = await here.checks.of(here.parts, found, active)
    if checked.rules is None:
        return go(f"{HERE}/{wanted}")
    days = next((days for days in DAYS if str(days) == form.text("days")), DAYS[1])
    columns = _columns(here.parts.gazetteer, active, checked.rules, lang)
    try:
        here.replays.start(wanted, here.parts.pool, active, checked.rules, days, columns)
    except Conflict as error:
        return _page(request, found, active, checked, error=error)
    return go(f"{HERE}/{wanted}#replay")


@get("/rules/candidate/{wanted:str}/progress", **page(RULES))
async def progress(request: Req, wanted: FromPath[str]) -> dict[str, Any]:
    """For the page's script: how far the replay is."""
    job = console(request).replays.of(wanted, (await _in_force(request)).version)
    if job is None:
        raise NotFound("console.replay_gone")
    return {"state": job.state, "done": job.done, "total": job.total}


@get("/rules/candidate/{wanted:str}/changes.csv", **page(RULES))
async def changes(request: Req, wanted: FromPath[str]) -> Stream:
    job = console(request).replays.of(wanted, (await _in_force(request)).version)
    if job is None or job.state != "done":
        raise NotFound("console.replay_gone")
    name = f"{t('console.csv_file', lang_of(request))}-{wanted[:8]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(job.csv(), media_type="text/csv", headers=headers)


# ---------------------------------------------------------------- applying


@post("/rules/candidate/{wanted:str}/apply", **page(RULES))
async def apply(request: Req, wanted: FromPath[str]) -> Response[Any]:
    parts, form = console(request).parts, request.state.form
    note = form.text("note")
    found = await candidates.candidate(parts.pool, wanted)
    active = await _in_force(request)
    checked = await console(request).checks.of(parts, found, active, fresh=True)
    try:
        if checked.rules is None:
            raise Conflict("console.candidate_wrong")
        if form.fields.get("against") != active.version:
            raise Conflict("rules.changed_meanwhile")
        warnings = [noted.problem.line_for(lang_of(request)) for noted in checked.warnings]
        await routing.apply(parts.pool, checked.rules, note=note, by=signature(request), warnings=warnings)
    except (Invalid, Conflict) as error:
        return _page(request, found, active, checked, note=note, error=error)
    return go(f"{BASE}/rules?done=applied")


ROUTES = [hand_in_page, hand_in, candidate, source, replay, progress, changes, apply]
