"""What a person should look at in a rule set that can be used: warnings, and reports that no rule is meant for."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from app.routing.calendar import VIETNAM
from app.routing.conditions import Clause, Dimension
from app.routing.cover import Space, contains
from app.routing.index import kind_of
from app.routing.limits import Limit
from app.routing.model import (
    BY_TABLE,
    COMMUNE_KINDS,
    COMMUNE_OFFICE,
    DEPARTMENT,
    URGENCIES,
    Category,
    CommuneKind,
    Outcome,
    Urgency,
)
from app.routing.phrases import phrase_key
from app.routing.problems import Problems, RuleProblem
from app.routing.ruleset import RuleSet

# The times of a report that a table of gaps tells apart.
TIMES: Mapping[str, Clause] = {
    "office_hours": Clause(allowed={"office_open": frozenset({"true"}), "night": frozenset({"false"})}),
    "working_day_evening": Clause(
        allowed={
            "day": frozenset({"working_day"}),
            "office_open": frozenset({"false"}),
            "night": frozenset({"false"}),
        }
    ),
    "night": Clause(allowed={"night": frozenset({"true"}), "office_open": frozenset({"false"})}),
    "day_off": Clause(allowed={"day": frozenset({"weekend", "holiday", "closure"}), "night": frozenset({"false"})}),
}
_ON_DUTY = ("security", "operations_centre")
_WALL_CLOCK = ("minutes", "hours", "days")


class Gap(Struct, frozen=True):
    """Reports of a category, kind of commune and time that go to the fallback: all of them, or only ``some``."""

    category_id: str
    commune_kind: CommuneKind
    time: str
    some: bool


class Findings(Struct, frozen=True):
    warnings: tuple[RuleProblem, ...]
    gaps: tuple[Gap, ...]


def check(rules: RuleSet, officers: Mapping[str, int] | None = None) -> Findings:
    """Everything that does not stop a rule set and still deserves a look, in the order of the file.

    ``officers``: how many officers each agency has, where a database can be asked.
    """
    problems = Problems(rules.file)
    space = Space(rules.categories, rules.province_code)
    _overlaps(rules, space, problems)
    _deadlines(rules, problems)
    _keywords(rules, problems)
    _unused(rules, problems)
    _unstaffed(rules, officers, problems)
    return Findings(tuple(problems.in_order()), tuple(_gaps(rules, space)))


# ---------------------------------------------------------------- rules that contradict each other


def _overlaps(rules: RuleSet, space: Space, problems: Problems) -> None:
    """Two rules of the same kind of condition that share reports, neither within the other, with different agencies.

    A special rule before a general one is how rules are meant to be written; so is one with more kinds of conditions
    before one with fewer. Which of two equals goes first is worth saying: with ``before``.
    """
    told: set[tuple[str, str]] = set()
    for at, (later, clause) in enumerate(rules.clauses):
        sharing = rules.surroundings.index.overlapping(clause) & ((1 << at) - 1)
        while sharing:
            lowest = sharing & -sharing
            sharing ^= lowest
            earlier, other = rules.clauses[lowest.bit_length() - 1]
            pair = (earlier.rule_id, later.rule_id)
            if pair in told or earlier.rule_id == later.rule_id or later.rule_id in earlier.before:
                continue
            if earlier.then.agency == later.then.agency or _form(clause) != _form(other):
                continue
            shared = space.both(clause, other)
            if shared is None or contains(clause, other) or contains(other, clause):
                continue
            if _taken_before(rules, space, shared, lowest.bit_length() - 1):
                continue
            told.add(pair)
            problems.add(
                later.spot, "overlap", name=later.rule_id, other=earlier.rule_id, line=earlier.line,
                agency=later.then.agency, other_agency=earlier.then.agency,
            )  # fmt: skip


def _form(clause: Clause) -> frozenset[str]:
    """The kinds of conditions of a clause."""
    tokens = (*(token for need in clause.needs for token in need), *clause.forbids)
    return frozenset({*clause.allowed, *clause.refused, *(kind_of(token) or "words" for token in tokens)})


def _taken_before(rules: RuleSet, space: Space, shared: Clause, position: int) -> bool:
    bits = rules.surroundings.index.overlapping(shared) & ((1 << position) - 1)
    return space.remainder(shared, [rules.clauses[at][1] for at in range(position) if bits >> at & 1]) == []


# ---------------------------------------------------------------- deadlines


def _deadlines(rules: RuleSet, problems: Problems) -> None:
    since, until = rules.calendar.longest_closure()
    closed = until - since
    hours = round(closed / timedelta(hours=1))
    for rule in rules.rules:
        handling, first_answer = rule.then.handling, rule.then.first_answer
        for limit in (handling, first_answer):
            if limit and _runs_out(limit, closed) and not _on_duty(rules, rule.then):
                problems.add(rule.spot, "ends_while_closed", name=rule.rule_id, limit=str(limit), hours=hours)
        if handling and first_answer and _due(rules, first_answer) > _due(rules, handling):
            problems.add(rule.spot, "answer_after_handling", name=rule.rule_id)
    for category in rules.categories.values():
        limits = [category.handling.get(urgency) or rules.deadlines.handling[urgency] for urgency in URGENCIES]
        if category.handling and _due(rules, limits[0]) > _due(rules, limits[1]):
            problems.add(rules.spots["category", category.category_id], "urgent_is_slower", name=category.category_id)
        for urgency, limit in category.handling.items():
            if _runs_out(limit, closed) and (asleep := _asleep(rules, category, urgency)):
                spot, name = rules.spots["category", category.category_id], category.category_id
                problems.add(spot, "category_ends_while_closed", name=name, limit=str(limit), rule=asleep, hours=hours)


def _asleep(rules: RuleSet, category: Category, urgency: Urgency) -> str | None:
    """A rule that gives this category, this urgent and with the category's own limit, to somebody not on duty."""
    for rule, clause in rules.clauses:
        takes = category.category_id in clause.allowed.get("category", ())
        as_urgent = (rule.then.urgency or category.urgency) == urgency
        if takes and as_urgent and not rule.then.handling and not _on_duty(rules, rule.then):
            return rule.rule_id
    return None


def _runs_out(limit: Limit, closed: timedelta) -> bool:
    return limit.unit in _WALL_CLOCK and _length(limit) < closed


def _on_duty(rules: RuleSet, then: Outcome) -> bool:
    """Whether somebody works on it when offices are closed: an agency of that kind, or one that is called."""
    lead = rules.agencies.get(then.agency)
    return bool(then.calls) or (lead is not None and lead.kind in _ON_DUTY)


def _length(limit: Limit) -> timedelta:
    return timedelta(**{limit.unit: limit.amount})


def _due(rules: RuleSet, limit: Limit) -> datetime:
    return rules.calendar.due(datetime(2026, 3, 2, 7, tzinfo=VIETNAM), limit)


# ---------------------------------------------------------------- names


def _keywords(rules: RuleSet, problems: Problems) -> None:
    first: dict[str, str] = {}
    for category in rules.categories.values():
        for keyword in category.keywords:
            key = phrase_key(keyword)
            other = first.setdefault(key, category.category_id)
            if other != category.category_id:
                spot = rules.spots["keyword", category.category_id, key]
                problems.add(spot, "keyword_shared", name=keyword, other=rules.categories[other].name)


def _unused(rules: RuleSet, problems: Problems) -> None:
    every = [*rules.rules, rules.fallback.rule]
    named = {each for rule in every for each in (rule.then.agency, *rule.then.co_agencies, *rule.then.calls)}
    tables = {name: table for name, table in rules.world.areas.tables.items() if f"{BY_TABLE}{name}" in named}
    named |= {agency for table in tables.values() for agency in table.agencies}
    if DEPARTMENT in named:
        named |= {each.department for each in rules.categories.values() if each.department}
    named |= {agency.parent_id for agency in rules.agencies.values() if agency.parent_id}
    areas = {area for kind, area in rules.world.used if kind == "area"}
    areas |= {area for table in tables.values() for area in table.areas}
    seasons = {season for kind, season in rules.world.used if kind == "season"}
    for kind, known, used in (
        ("agency", rules.agencies, named),
        ("area", rules.world.areas.names, areas),
        ("season", rules.world.seasons, seasons),
        ("table", rules.world.areas.tables, tables.keys()),
    ):
        for name in known:
            if name not in used:
                problems.add(rules.spots[kind, name], f"unused_{kind}", name=name)
    answered = {
        category for _, clause in rules.clauses for category in clause.allowed.get("category", rules.categories)
    }
    for category in rules.categories:
        if category not in answered:
            problems.add(rules.spots["category", category], "category_without_rule", name=category)


def _unstaffed(rules: RuleSet, officers: Mapping[str, int] | None, problems: Problems) -> None:
    if officers is None:
        return
    leading = {rule.then.agency: rule for rule in reversed([*rules.rules, rules.fallback.rule])}
    for table in rules.world.areas.tables.values():
        leading |= dict.fromkeys(table.agencies, rules.fallback.rule)
    if DEPARTMENT in leading:
        leading |= {each.department: leading[DEPARTMENT] for each in rules.categories.values() if each.department}
    # Whoever is called at once is no use where nobody hears it.
    leading = {agency: rule for rule in rules.rules for agency in rule.then.calls} | leading
    for agency in leading:
        if agency in rules.agencies and not officers.get(agency):
            problems.add(rules.spots["agency", agency], "agency_without_officers", name=agency)
    if COMMUNE_OFFICE in leading:
        empty = sum(1 for agency, count in officers.items() if agency.startswith("ubnd-") and not count)
        if empty:
            problems.add(leading[COMMUNE_OFFICE].spot, "offices_without_officers", count=empty)


# ---------------------------------------------------------------- gaps


def _gaps(rules: RuleSet, space: Space) -> list[Gap]:
    gaps: list[Gap] = []
    for category in rules.categories:
        inside: dict[Dimension, frozenset[str]] = {
            "category": frozenset({category}),
            "province": frozenset({rules.province_code}),
        }
        whole = Clause(allowed=inside, refused={"commune": frozenset({""})})
        if _left(rules, space, whole) == []:
            continue
        for kind in COMMUNE_KINDS:
            for time, when in TIMES.items():
                cell = space.both(whole, Clause(allowed={**when.allowed, "commune_kind": frozenset({kind})}))
                left = [cell] if cell is not None else []
                after = _left(rules, space, cell) if cell is not None else []
                if after != []:
                    gaps.append(Gap(category, kind, time, some=after != left))
    return gaps


def _left(rules: RuleSet, space: Space, cell: Clause) -> list[Clause] | None:
    """What the rules leave of a cell; rules without further conditions first, because they take the most at once."""
    bits = rules.surroundings.index.overlapping(cell)
    taking = [clause for at, (_, clause) in enumerate(rules.clauses) if bits >> at & 1]
    taking.sort(key=lambda clause: len(clause.needs) + len(clause.forbids) + ("commune" in clause.allowed))
    return space.remainder(cell, taking)
