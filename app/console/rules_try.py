"""Trying a report: what the rules in force would decide, and why. Nothing is kept."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Response, get, post
from msgspec import Struct

from app.console.context import Req, console, lang_of
from app.console.declare import RULES, page
from app.console.render import show
from app.console.words import Teller, when
from app.errors import Invalid, Problem
from app.forms import Form
from app.i18n.text import fold
from app.places.coordinates import check_point
from app.places.gazetteer import Gazetteer
from app.routing import service as routing
from app.routing.calendar import VIETNAM
from app.routing.danger import is_danger
from app.routing.examples import Place
from app.routing.guess import clear_guess
from app.routing.model import CHANNELS, REPORTER_KINDS, URGENCIES, Facts, Guess
from app.routing.ruleset import RuleSet
from app.wiring import communes_of, place_finder

_TEXT_MOST = 2000
_YEARS = timedelta(days=366 * 20)


class Case(Struct, frozen=True):
    """A made-up report. ``guesses``: what its words point to, where no category was chosen."""

    facts: Facts
    guesses: tuple[Guess, ...]


def case_of(form: Form, rules: RuleSet, gazetteer: Gazetteer) -> Case:
    """Raises Invalid with every field that is wrong."""
    problems: list[Problem] = []
    text = form.text("text")
    if not text:
        problems.append(Problem("console.try_no_text", field="text"))
    elif len(text) > _TEXT_MOST:
        problems.append(Problem("console.try_long", {"most": _TEXT_MOST}, "text"))
    place = _place(form.text("place"), rules, gazetteer, problems)
    at = _time(form.text("at"), problems)
    lat, lon = _point(form, problems)
    category = form.text("category") or None
    if category and category not in rules.categories:
        problems.append(Problem("routing.no_such_category", {"category": category[:60]}, "category"))
    if problems:
        raise Invalid.many(problems)
    guesses = rules.guess_category(text) if category is None else ()
    facts = Facts(
        at=at,
        category=category or clear_guess(guesses),
        commune_code=place.commune_code if place else None,
        commune_name=place.commune_name if place else "",
        commune_kind=place.commune_kind if place else None,
        province_code=place.province_code if place else None,
        text_folded=fold(text),
        danger=is_danger(text),
        channel=next((one for one in CHANNELS if one == form.text("channel")), "web"),
        urgency=next((one for one in URGENCIES if one == form.text("urgency")), None),
        has_photo=bool(form.text("photo")),
        reporter_kind=next((one for one in REPORTER_KINDS if one == form.text("reporter")), "citizen"),
        lat=lat,
        lon=lon,
    )
    return Case(facts, guesses)


def _place(typed: str, rules: RuleSet, gazetteer: Gazetteer, problems: list[Problem]) -> Place | None:
    """As a citizen would say it: a commune's name, an old one, an address; left empty it is unknown."""
    found = place_finder(gazetteer)(typed, rules.province_code) if typed else None
    if typed and found is None:
        problems.append(Problem("console.try_no_commune", {"typed": typed[:60]}, "place"))
    return found


def _time(typed: str, problems: list[Problem]) -> datetime:
    """ "22/11/2026 14:05", in Vietnam; left empty it is now."""
    now = datetime.now(UTC)
    if not typed:
        return now
    try:
        at = datetime.strptime(typed, "%d/%m/%Y %H:%M").replace(tzinfo=VIETNAM)
        if abs(at - now) < _YEARS:
            return at
    except (ValueError, OverflowError):
        pass
    problems.append(Problem("console.try_time", field="at"))
    return now


def _point(form: Form, problems: list[Problem]) -> tuple[float | None, float | None]:
    typed = form.text("lat").replace(",", "."), form.text("lon").replace(",", ".")
    if not any(typed):
        return None, None
    try:
        return check_point(float(typed[0]), float(typed[1]))
    except (ValueError, Invalid):
        problems.append(Problem("console.try_point", field="lat"))
        return None, None


@get("/rules/try", **page(RULES))
async def try_page(request: Req) -> Response[bytes]:
    return await _page(request, Form())


@post("/rules/try", **page(RULES))
async def try_report(request: Req) -> Response[bytes]:
    return await _page(request, request.state.form, decide=True)


async def _page(request: Req, form: Form, *, decide: bool = False) -> Response[bytes]:
    parts, lang = console(request).parts, lang_of(request)
    rules = await routing.current(parts.pool, parts.rules)
    teller = Teller(rules, parts.gazetteer, lang)
    problems: dict[str | None, Problem] = {}
    shown: dict[str, Any] = {"decision": None}
    if decide:
        try:
            case = case_of(form, rules, parts.gazetteer)
            shown = _decided(rules, case)
        except Invalid as error:
            problems = {problem.field: problem for problem in error.problems}
    communes = [full_name for _, full_name in communes_of(parts.gazetteer, rules)]
    groups = [
        (teller.group(group.group_id), [(name, teller.category(name)) for name in group.categories])
        for group in rules.groups.values()
    ]
    return show(
        request,
        "rules_try.html.j2",
        status=422 if problems else 200,
        rules=rules,
        teller=teller,
        given=defaultdict(str, form.fields),
        now=when(datetime.now(UTC)),
        communes=communes,
        groups=groups,
        channels=CHANNELS,
        reporters=REPORTER_KINDS,
        problems=problems,
        **shown,
    )


def _decided(rules: RuleSet, case: Case) -> dict[str, Any]:
    explanation = rules.explain(case.facts)
    decision = explanation.decision
    place = 0 if decision.rule_id == rules.fallback.rule.rule_id else len(explanation.passed) + 1
    return {"decision": decision, "case": case, "place": place, "passed": explanation.passed}


ROUTES = [try_page, try_report]
