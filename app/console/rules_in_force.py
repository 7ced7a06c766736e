"""The rules in force, their history, and the way back to the version before."""

from collections.abc import Iterable
from typing import Any, TypeVar

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.console.context import BASE, Req, console, lang_of, signature
from app.console.declare import RULES, page
from app.console.render import go, show
from app.console.words import Teller, Told
from app.errors import AppError, Conflict, Invalid
from app.forms import Form
from app.i18n.text import fold
from app.routing import service as routing
from app.routing.model import URGENCIES, Agency, Category
from app.routing.ruleset import RuleSet
from app.routing.versions import before

HERE = f"{BASE}/rules"
T = TypeVar("T")


class CategoryRow(Struct, frozen=True):
    category: Category
    name: str
    group: str
    department: str
    urgency: str
    limits: tuple[str, ...]


class AgencyRow(Struct, frozen=True):
    agency: Agency
    name: str
    parent: str
    rules: int


class View(Struct, frozen=True):
    """What is left of a rule set after searching."""

    rules: list[Told]
    categories: list[CategoryRow]
    agencies: list[AgencyRow]


def _matching(rows: Iterable[T], texts: Iterable[str], wanted: list[str]) -> list[T]:
    """The rows in whose text every wanted word stands; accents do not matter."""
    pairs = zip(rows, (fold(text) for text in texts), strict=True)
    return [row for row, text in pairs if all(word in text for word in wanted)]


def view_of(rules: RuleSet, teller: Teller, typed: str) -> View:
    wanted = fold(typed).split()
    told = [teller.rule(place, rule) for place, rule in enumerate(rules.rules, 1)]
    told.append(teller.rule(0, rules.fallback.rule))
    categories = [_category_row(rules, teller, category) for category in rules.categories.values()]
    agencies = [_agency_row(rules, teller, agency) for agency in rules.agencies.values()]
    return View(
        _matching(told, (each.searched() for each in told), wanted),
        _matching(
            categories,
            (f"{r.category.category_id} {r.name} {r.group} {' '.join(r.category.keywords)}" for r in categories),
            wanted,
        ),
        _matching(agencies, (f"{r.agency.agency_id} {r.name}" for r in agencies), wanted),
    )


def _category_row(rules: RuleSet, teller: Teller, category: Category) -> CategoryRow:
    limits = tuple(category.handling.get(urgency, rules.deadlines.handling[urgency]) for urgency in URGENCIES)
    return CategoryRow(
        category,
        teller.category(category.category_id),
        teller.group(category.group_id),
        teller.agency(category.department) if category.department else "",
        teller.urgency(category.urgency),
        tuple(teller.limit(limit) for limit in limits),
    )


def _agency_row(rules: RuleSet, teller: Teller, agency: Agency) -> AgencyRow:
    named = sum(agency.agency_id == rule.then.agency for rule in rules.rules)
    parent = teller.agency(agency.parent_id) if agency.parent_id else ""
    return AgencyRow(agency, teller.agency(agency.agency_id), parent, named)


@get("/rules", **page(RULES))
async def rules_in_force(request: Req) -> Response[bytes]:
    parts = console(request).parts
    rules = await routing.current(parts.pool, parts.rules)
    teller = Teller(rules, parts.gazetteer, lang_of(request))
    typed = request.query_params.get("q", "").strip()[:200]
    latest = next((a for a in await routing.history(parts.pool) if a.version != a.previous), None)
    return show(
        request,
        "rules.html.j2",
        rules=rules,
        view=view_of(rules, teller, typed),
        latest=latest,
        typed=typed,
        limits=[(urgency, teller.limit(rules.deadlines.handling[urgency])) for urgency in URGENCIES],
        intake=teller.limit(rules.deadlines.intake.working_days),
        intake_off=teller.limit(rules.deadlines.intake.days_off) if rules.deadlines.intake.days_off else "",
        done=request.query_params.get("done", ""),
    )


@get("/rules/source/{version:str}", **page(RULES))
async def source(request: Req, version: FromPath[str]) -> Response[bytes]:
    """The file of a version, to be changed and handed in again."""
    found = await routing.load_version(console(request).parts.pool, version)
    headers = {"Content-Disposition": f'attachment; filename="routing_rules-{found.version}.yaml"'}
    return Response(found.source.encode(), media_type="application/yaml", headers=headers)


@get("/rules/history", **page(RULES))
async def history(request: Req) -> Response[bytes]:
    log = await routing.history(console(request).parts.pool)
    return show(request, "rules_history.html.j2", log=log, target=before(log[::-1]))


@get("/rules/rollback", **page(RULES))
async def rollback_page(request: Req) -> Response[bytes]:
    return await _rollback_page(request)


async def _rollback_page(request: Req, *, note: str = "", error: AppError | None = None) -> Response[bytes]:
    log = await routing.history(console(request).parts.pool)
    target = before(log[::-1])
    if target is None:
        raise Conflict("rules.nothing_before")
    was = next(activation for activation in log if activation.version == target)
    return show(
        request,
        "rules_rollback.html.j2",
        status=error.status if error else 200,
        now=log[0],
        was=was,
        note=note,
        problem=error.problems[0] if error else None,
    )


@post("/rules/rollback", **page(RULES))
async def rollback(request: Req) -> Response[Any]:
    form: Form = request.state.form
    pool, note = console(request).parts.pool, form.text("note")
    log = await routing.history(pool)
    try:
        if form.fields.get("version") != before(log[::-1]):
            raise Conflict("rules.changed_meanwhile")
        await routing.rollback(pool, note=note, by=signature(request))
    except (Invalid, Conflict) as error:
        return await _rollback_page(request, note=note, error=error)
    return go(f"{HERE}?done=rolled_back")


ROUTES = [rules_in_force, source, history, rollback_page, rollback]
