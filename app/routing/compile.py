"""From rules to clauses: what their conditions ask for, and what their results need in order to be possible."""

from collections.abc import Iterable, Sequence

from app.routing.conditions import Clause, Condition, Either, Every, Named, Negated, Words, clauses_of, join
from app.routing.cover import Shadows
from app.routing.model import BY_TABLE, COMMUNE_OFFICE, DEPARTMENT
from app.routing.phrases import phrase_key
from app.routing.problems import Problems
from app.routing.read_conditions import World
from app.routing.read_rules import Rule


def compiled(rules: Sequence[Rule], world: World, province: str, problems: Problems) -> tuple[tuple[Rule, Clause], ...]:
    """Every way in which each rule holds, in order. A rule whose agency never exists where it holds is reported."""
    made: list[tuple[Rule, Clause]] = []
    for rule in rules:
        needed = needed_by(rule.then.agency, world, province)
        ways = [join(clause, needed) for clause in clauses_of(rule.when)] if rule.when else []
        possible = [clause for clause in ways if clause is not None]
        if not possible:
            problems.add(rule.spot, "never_holds", name=rule.rule_id)
        made += [(rule, clause) for clause in possible]
    return tuple(made)


def refuse_unreachable(clauses: Sequence[tuple[Rule, Clause]], shadows: Shadows, problems: Problems) -> None:
    """A rule none of whose clauses is ever reached is a mistake: somebody believes that it works."""
    over: dict[str, list[list[int] | None]] = {}
    rules: dict[str, Rule] = {}
    for position, (rule, _) in enumerate(clauses):
        rules[rule.rule_id] = rule
        # One clause that is reached is enough, and looking is not free.
        known = over.setdefault(rule.rule_id, [])
        if None not in known:
            known.append(shadows.over(position))
    for rule_id, found in over.items():
        if None in found:
            continue
        by = dict.fromkeys(clauses[at][0].rule_id for each in found for at in each or ())
        others = ", ".join(f"“{other}”" for other in by if other != rule_id)
        key = "never_reached" if others else "never_holds"
        problems.add(rules[rule_id].spot, key, name=rule_id, others=others)


def needed_by(agency: str, world: World, province: str) -> Clause:
    """A rule that names a role can only answer where somebody has it."""
    if agency == COMMUNE_OFFICE:
        return Clause(allowed={"province": frozenset({province})}, refused={"commune": frozenset({""})})
    if agency == DEPARTMENT:
        with_one = (each.category_id for each in world.catalogue.categories.values() if each.department)
        return Clause(allowed={"category": frozenset(with_one)})
    if agency.startswith(BY_TABLE):
        table = world.areas.tables[agency.removeprefix(BY_TABLE)]
        if table.otherwise is None:
            return Clause(allowed={"commune": frozenset(table.by_commune)})
    return Clause()


def marks_of(kind: str, clauses: Iterable[Clause]) -> frozenset[str]:
    """The marks of a kind that some clause asks for."""
    return frozenset(
        token
        for clause in clauses
        for need in (*clause.needs, clause.forbids)
        for token in need
        if token.startswith(kind)
    )


def phrases_written(rules: Iterable[Rule]) -> dict[str, str]:
    """How each phrase of the rules was first written, accents and all."""
    phrases: dict[str, str] = {}

    def collect(condition: Condition) -> None:
        match condition:
            case Words(some, each, none):
                for phrase in (*some, *each, *none):
                    phrases.setdefault(phrase_key(phrase), phrase)
            case Every(parts) | Either(parts):
                for part in parts:
                    collect(part)
            case Negated(part) | Named(part):
                collect(part)
            case _:
                pass

    for rule in rules:
        if rule.when:
            collect(rule.when)
    return phrases
