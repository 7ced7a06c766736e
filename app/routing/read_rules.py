"""The ``rules`` and ``fallback`` sections of a rules file."""

from collections.abc import Collection

from msgspec import Struct

from app.routing.conditions import Condition, TooComplicated, clauses_of
from app.routing.fields import Fields, fields_of, one_of, plain_text, valid_id
from app.routing.language import optional, required
from app.routing.model import BY_TABLE, COMMUNE_OFFICE, DEPARTMENT, URGENCIES, VISIBILITIES, Outcome
from app.routing.problems import Spot, spot_of
from app.routing.read_conditions import Conditions, World
from app.routing.yamltree import Mapping, Scalar


class Rule(Struct, frozen=True):
    """``when`` is None only for the fallback. ``why`` are the file's own words; ``before``: rules it may overlap."""

    rule_id: str
    when: Condition | None
    then: Outcome
    why: str
    why_en: str
    spot: Spot
    before: tuple[str, ...] = ()

    @property
    def line(self) -> int:
        """Counts from 1."""
        return self.spot.line + 1


class Fallback(Struct, frozen=True):
    """What happens when no rule holds; ``category`` also stands in for a report that has none."""

    rule: Rule
    category: str


def read_rules(top: Fields, world: World, communes: Collection[str] | None) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    first: dict[str, Spot] = {}
    conditions = Conditions(world, communes, top.problems)
    for node in top.items("rules"):
        fields = fields_of(node, top.problems, required("rule"), optional("rule"))
        rule_id = fields.text("id")
        written = fields.get("id")
        if isinstance(written, Scalar) and rule_id and valid_id(written, top.problems):
            if rule_id == "fallback":
                fields.complain("id", "rule_id_reserved", name=rule_id)
            elif rule_id in first:
                fields.complain("id", "rule_twice", name=rule_id, first=_line(first[rule_id], written))
            first.setdefault(rule_id, spot_of(node))
        when_node = fields.get("when")
        when = conditions.read(when_node) if when_node is not None else None
        then = _outcome(fields.fields("then", required("then"), optional("then")), world)
        spot = spot_of(written or node)
        rules.append(Rule(rule_id, when, then, fields.text("why"), fields.text("why_en"), spot, fields.texts("before")))
        if when is not None and not _can_hold(when):
            fields.complain("when", "never_holds", name=rule_id)
    _check_before(top, rules)
    return tuple(rules)


def _line(first: Spot, here: Scalar) -> str:
    return f"{first.line + 1}" if first.file == here.file else f"{first.file}:{first.line + 1}"


def _check_before(top: Fields, rules: list[Rule]) -> None:
    """``before`` names rules further down."""
    place = {rule.rule_id: at for at, rule in enumerate(rules)}
    for at, (rule, node) in enumerate(zip(rules, top.items("rules"), strict=True)):
        fields = Fields(node, top.problems) if rule.before and isinstance(node, Mapping) else None
        for written in fields.items("before") if fields else ():
            name = plain_text(written, top.problems)
            if name and place.get(name, -1) <= at:
                key = "not_further_down" if name in place else "unknown_rule"
                top.problems.unknown(written, key, name, () if name in place else place)


def read_fallback(top: Fields, world: World) -> Fallback:
    fields = top.fields("fallback", required("fallback"), optional("fallback"))
    category = _known(fields, "category", "unknown_category", world.catalogue.categories)
    spot = spot_of(fields.node) if fields.node else Spot(top.problems.file)
    then = _outcome(fields, world)
    if then.agency in (COMMUNE_OFFICE, DEPARTMENT) or then.agency.startswith(BY_TABLE):
        fields.complain("agency", "fallback_needs_an_agency")
    return Fallback(Rule("fallback", None, then, fields.text("why"), fields.text("why_en"), spot), category)


def _can_hold(when: Condition) -> bool:
    """Too complicated ones have been reported where they stand."""
    try:
        return bool(clauses_of(when))
    except TooComplicated:
        return True


# ---------------------------------------------------------------- results


def _known(fields: Fields, key: str, problem: str, options: Collection[str]) -> str:
    node = fields.get(key)
    return (one_of(node, options, fields.problems, problem) if node is not None else None) or ""


def roles(world: World) -> tuple[str, ...]:
    """Everything that may stand where a rule names an agency."""
    tables = (f"{BY_TABLE}{name}" for name in world.areas.tables)
    return (COMMUNE_OFFICE, DEPARTMENT, *tables, *world.catalogue.agencies)


def _outcome(fields: Fields, world: World) -> Outcome:
    agencies = roles(world)
    deadlines = fields.fields("deadlines", (), optional("limits"))
    return Outcome(
        agency=_known(fields, "agency", "unknown_agency", agencies),
        co_agencies=_several(fields, "co_agencies", agencies),
        urgency=fields.choice("urgency", URGENCIES),
        visibility=fields.choice("visibility", VISIBILITIES),
        intake=deadlines.limit("intake"),
        handling=deadlines.limit("handling"),
        tags=tuple(n.text for n in fields.items("tags") if isinstance(n, Scalar) and valid_id(n, fields.problems)),
        calls=_several(fields, "call", agencies),
        first_answer=deadlines.limit("first_answer"),
    )


def _several(fields: Fields, key: str, agencies: Collection[str]) -> tuple[str, ...]:
    named = (one_of(node, agencies, fields.problems, "unknown_agency") for node in fields.items(key))
    return tuple(dict.fromkeys(name for name in named if name))
