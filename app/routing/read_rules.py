"""The ``rules`` and ``fallback`` sections of a rules file."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from app.routing.conditions import (
    Among,
    Condition,
    Dimension,
    Either,
    Every,
    Negated,
    TooComplicated,
    Words,
    clauses_of,
)
from app.routing.fields import Fields, commune_code, fields_of, list_of, one_of, province_code, valid_id
from app.routing.model import (
    CHANNELS,
    COMMUNE_KINDS,
    COMMUNE_OFFICE,
    REPORTER_KINDS,
    URGENCIES,
    VISIBILITIES,
    Outcome,
)
from app.routing.phrases import phrase_key
from app.routing.problems import Problems
from app.routing.read_catalogue import Catalogue
from app.routing.yamltree import Listing, Node, Scalar
from app.routing.yamltree import Mapping as Tree

TIMES: Mapping[str, tuple[Dimension, frozenset[str]]] = {
    "office_hours": ("office_open", frozenset({"true"})),
    "outside_office_hours": ("office_open", frozenset({"false"})),
    "night": ("night", frozenset({"true"})),
    "working_day": ("day", frozenset({"working_day"})),
    "weekend": ("day", frozenset({"weekend"})),
    "holiday": ("day", frozenset({"holiday"})),
    "day_off": ("day", frozenset({"weekend", "holiday", "closure"})),
}
_OUTCOME_KEYS = ("co_agencies", "urgency", "visibility", "deadlines", "tags")


class Rule(Struct, frozen=True):
    """``when`` is None only for the fallback. ``why`` are the file's own words; ``line`` counts from 1."""

    rule_id: str
    when: Condition | None
    then: Outcome
    why: str
    why_en: str
    line: int


class Fallback(Struct, frozen=True):
    """What happens when no rule holds; ``category`` also stands in for a report that has none."""

    rule: Rule
    category: str


def read_rules(top: Fields, catalogue: Catalogue, communes: Collection[str] | None) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    lines: dict[str, int] = {}
    conditions = _Conditions(catalogue, communes, top.problems)
    for node in top.items("rules"):
        fields = fields_of(node, top.problems, ("id", "when", "then", "why"), ("why_en",))
        rule_id = fields.text("id")
        written = fields.get("id")
        if isinstance(written, Scalar) and rule_id and valid_id(written, top.problems):
            if rule_id in lines or rule_id == "fallback":
                key = "rule_id_reserved" if rule_id == "fallback" else "rule_twice"
                fields.complain("id", key, name=rule_id, first=lines.get(rule_id, 0))
            lines.setdefault(rule_id, node.line + 1)
        when_node = fields.get("when")
        when = conditions.read(when_node) if when_node is not None else None
        then = _outcome(fields.fields("then", ("agency",), _OUTCOME_KEYS), catalogue)
        rules.append(Rule(rule_id, when, then, fields.text("why"), fields.text("why_en"), node.line + 1))
        if when is not None and not _can_hold(when):
            fields.complain("when", "never_holds", name=rule_id)
    return tuple(rules)


def read_fallback(top: Fields, catalogue: Catalogue) -> Fallback:
    fields = top.fields("fallback", ("category", "agency", "why"), (*_OUTCOME_KEYS, "why_en"))
    category = _known(fields, "category", "unknown_category", catalogue.categories)
    line = fields.node.line + 1 if fields.node else 1
    then = _outcome(fields, catalogue)
    if then.agency == COMMUNE_OFFICE:
        fields.complain("agency", "fallback_needs_an_agency")
    return Fallback(Rule("fallback", None, then, fields.text("why"), fields.text("why_en"), line), category)


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


def _outcome(fields: Fields, catalogue: Catalogue) -> Outcome:
    agencies = (COMMUNE_OFFICE, *catalogue.agencies)
    co_agencies = [one_of(n, agencies, fields.problems, "unknown_agency") for n in fields.items("co_agencies")]
    deadlines = fields.fields("deadlines", (), ("intake", "handling"))
    return Outcome(
        agency=_known(fields, "agency", "unknown_agency", agencies),
        co_agencies=tuple(dict.fromkeys(agency for agency in co_agencies if agency)),
        urgency=fields.choice("urgency", URGENCIES),
        visibility=fields.choice("visibility", VISIBILITIES),
        intake=deadlines.limit("intake"),
        handling=deadlines.limit("handling"),
        tags=tuple(n.text for n in fields.items("tags") if isinstance(n, Scalar) and valid_id(n, fields.problems)),
    )


# ---------------------------------------------------------------- conditions


class _Conditions:
    """Reads ``when``. All conditions in one mapping must hold; the values of one condition are alternatives."""

    def __init__(self, catalogue: Catalogue, communes: Collection[str] | None, problems: Problems) -> None:
        self._catalogue = catalogue
        self._communes = communes
        self._problems = problems
        self._readers: dict[str, Callable[[Node], Condition | None]] = {
            "category": self._among("category", "unknown_category", catalogue.categories),
            "group": self._group,
            "area": self._area,
            "commune": self._commune,
            "commune_kind": self._among("commune_kind", "not_a_choice", COMMUNE_KINDS),
            "province": self._province,
            "words": self._words,
            "time": self._time,
            "channel": self._among("channel", "not_a_choice", CHANNELS),
            "urgency": self._among("urgency", "not_a_choice", URGENCIES),
            "reporter": self._among("reporter_kind", "not_a_choice", REPORTER_KINDS),
            "has_photo": self._among("has_photo", "not_a_choice", ("true", "false")),
            "all": lambda node: self._several(node, Every),
            "any": lambda node: self._several(node, Either),
            "not": self._negated,
        }

    def read(self, node: Node) -> Condition | None:
        """None when nothing readable stands there; that has been reported."""
        fields = fields_of(node, self._problems, (), tuple(self._readers))
        parts: list[Condition] = []
        for key in fields.node.entries if fields.node else ():
            value = fields.get(key)
            reader = self._readers.get(key)
            if reader and value is None:
                fields.complain(key, "missing_key", name=key)
            elif reader and value is not None and (part := reader(value)) is not None:
                parts.append(part)
        if fields.node is not None and not fields.node.entries:
            self._problems.add(node.line, node.column, "no_condition")
        whole: Condition | None = parts[0] if len(parts) == 1 else Every(tuple(parts)) if parts else None
        if whole is not None and self._too_complicated(whole):
            self._problems.add(node.line, node.column, "too_complicated")
        return whole

    def _too_complicated(self, condition: Condition) -> bool:
        try:
            clauses_of(condition)
        except TooComplicated:
            return True
        return False

    def _values(self, node: Node, read: Callable[[Node], str | None]) -> frozenset[str]:
        nodes = list_of(node)
        if not nodes:
            self._problems.add(node.line, node.column, "empty_list")
        return frozenset(value for item in nodes if (value := read(item)))

    def _among(
        self, dimension: Dimension, problem: str, options: Collection[Any]
    ) -> Callable[[Node], Condition | None]:
        def read(node: Node) -> Condition | None:
            values = self._values(node, lambda item: one_of(item, options, self._problems, problem))
            return Among(dimension, values) if values else None

        return read

    def _group(self, node: Node) -> Condition | None:
        groups = self._catalogue.groups
        names = self._values(node, lambda item: one_of(item, groups, self._problems, "unknown_group"))
        return Among("category", frozenset(c for name in names for c in groups[name].categories)) if names else None

    def _area(self, node: Node) -> Condition | None:
        areas = self._catalogue.areas
        names = self._values(node, lambda item: one_of(item, areas, self._problems, "unknown_area"))
        return Among("commune", frozenset().union(*(areas[name] for name in names))) if names else None

    def _commune(self, node: Node) -> Condition | None:
        codes = self._values(node, lambda item: commune_code(item, self._problems, self._communes))
        return Among("commune", codes) if codes else None

    def _province(self, node: Node) -> Condition | None:
        codes = self._values(node, lambda item: province_code(item, self._problems))
        return Among("province", codes) if codes else None

    def _time(self, node: Node) -> Condition | None:
        names = self._values(node, lambda item: one_of(item, TIMES, self._problems))
        parts = tuple(Among(*TIMES[name]) for name in TIMES if name in names)
        return parts[0] if len(parts) == 1 else Either(parts) if parts else None

    def _words(self, node: Node) -> Condition | None:
        """A phrase or a list of them means any; a mapping says any, all or none."""
        if not isinstance(node, Tree):
            phrases = self._phrases(node)
            return Words(any=phrases) if phrases else None
        fields = fields_of(node, self._problems, (), ("any", "all", "none"))
        words = Words(*(self._phrases(value) if (value := fields.get(key)) else () for key in ("any", "all", "none")))
        return words if words != Words() else None

    def _phrases(self, node: Node) -> tuple[str, ...]:
        phrases: dict[str, str] = {}
        for item in list_of(node):
            written = item.text if isinstance(item, Scalar) else ""
            if phrase_key(written):
                phrases.setdefault(phrase_key(written), written)
            else:
                self._problems.add(item.line, item.column, "not_a_phrase")
        return tuple(phrases.values())

    def _several(self, node: Node, kind: type[Every] | type[Either]) -> Condition | None:
        if not isinstance(node, Listing):
            self._problems.add(node.line, node.column, "not_a_list_of_conditions")
            return None
        parts = tuple(part for item in node.items if (part := self.read(item)) is not None)
        return kind(parts) if parts else None

    def _negated(self, node: Node) -> Condition | None:
        part = self.read(node)
        return Negated(part) if part is not None else None
