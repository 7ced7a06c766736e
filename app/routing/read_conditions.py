"""The ``when`` of a rule: conditions as a tree."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from app.routing.conditions import (
    Among,
    Condition,
    Dimension,
    Either,
    Every,
    Marked,
    Named,
    Negated,
    TooComplicated,
    Words,
    clauses_of,
)
from app.routing.fields import commune_code, fields_of, list_of, one_of, province_code
from app.routing.language import WEEKDAYS, optional
from app.routing.model import CHANNELS, COMMUNE_KINDS, REPORTER_KINDS, URGENCIES
from app.routing.periods import dates_token, season_token
from app.routing.phrases import phrase_key
from app.routing.problems import Problems
from app.routing.read_areas import Areas
from app.routing.read_calendar import Season
from app.routing.read_catalogue import Catalogue
from app.routing.yamltree import Listing, Node, Scalar
from app.routing.yamltree import Mapping as Tree
from app.routing.zones import zone_token

TIMES: Mapping[str, tuple[Dimension, frozenset[str]]] = {
    "office_hours": ("office_open", frozenset({"true"})),
    "outside_office_hours": ("office_open", frozenset({"false"})),
    "night": ("night", frozenset({"true"})),
    "working_day": ("day", frozenset({"working_day"})),
    "weekend": ("day", frozenset({"weekend"})),
    "holiday": ("day", frozenset({"holiday"})),
    "day_off": ("day", frozenset({"weekend", "holiday", "closure"})),
}


class World(Struct, frozen=True):
    """What conditions may name."""

    catalogue: Catalogue
    areas: Areas
    seasons: dict[str, Season]
    used: set[tuple[str, str]]
    """("area", id) and ("season", id) of what some condition names, filled while rules are read."""


def answer_token(question_id: str, answer_id: str) -> str:
    return f"?{question_id}={answer_id}"


class Conditions:
    """Reads ``when``. All conditions in one mapping must hold; the values of one condition are alternatives."""

    def __init__(self, world: World, communes: Collection[str] | None, problems: Problems) -> None:
        self._world = world
        catalogue = world.catalogue
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
            "weekday": self._among("weekday", "not_a_choice", WEEKDAYS),
            "season": self._season,
            "dates": self._dates,
            "channel": self._among("channel", "not_a_choice", CHANNELS),
            "urgency": self._among("urgency", "not_a_choice", URGENCIES),
            "reporter": self._among("reporter_kind", "not_a_choice", REPORTER_KINDS),
            "has_photo": self._among("has_photo", "not_a_choice", ("true", "false")),
            "answers": self._answers,
            "all": lambda node: self._several(node, Every),
            "any": lambda node: self._several(node, Either),
            "not": self._negated,
        }

    def read(self, node: Node) -> Condition | None:
        """None when nothing readable stands there; that has been reported."""
        fields = fields_of(node, self._problems, (), optional("when"))
        parts: list[Condition] = []
        for key in fields.node.entries if fields.node else ():
            value = fields.get(key)
            reader = self._readers.get(key)
            if reader and value is None:
                fields.complain(key, "missing_key", name=key)
            elif reader and value is not None and (part := reader(value)) is not None:
                parts.append(part)
        if fields.node is not None and not fields.node.entries.keys() & self._readers.keys():
            self._problems.add(node, "no_condition")
        whole: Condition | None = parts[0] if len(parts) == 1 else Every(tuple(parts)) if parts else None
        because = fields.text("because")
        if whole is not None and because:
            whole = Named(whole, because, fields.text("because_en") or because)
        if whole is not None and self._too_complicated(whole):
            self._problems.add(node, "too_complicated")
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
            self._problems.add(node, "empty_list")
        return frozenset(value for item in nodes if (value := read(item)))

    def _among(
        self, dimension: Dimension, problem: str, options: Collection[Any]
    ) -> Callable[[Node], Condition | None]:
        def read(node: Node) -> Condition | None:
            values = self._values(node, lambda item: one_of(item, options, self._problems, problem))
            return Among(dimension, values) if values else None

        return read

    def _group(self, node: Node) -> Condition | None:
        groups = self._world.catalogue.groups
        names = self._values(node, lambda item: one_of(item, groups, self._problems, "unknown_group"))
        return Among("category", frozenset(c for name in names for c in groups[name].categories)) if names else None

    def _area(self, node: Node) -> Condition | None:
        areas = self._world.areas
        names = self._values(node, lambda item: one_of(item, areas.ids, self._problems, "unknown_area"))
        self._world.used.update(("area", name) for name in names)
        codes = frozenset[str]().union(*(areas.communes.get(name, ()) for name in names))
        zones = frozenset(zone_token(name) for name in names if name in areas.zones)
        if codes and zones:
            return Either((Among("commune", codes), Marked(zones)))
        return Among("commune", codes) if codes else Marked(zones) if zones else None

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

    def _season(self, node: Node) -> Condition | None:
        seasons = self._world.seasons
        names = self._values(node, lambda item: one_of(item, seasons, self._problems, "unknown_season"))
        self._world.used.update(("season", name) for name in names)
        return Marked(frozenset(map(season_token, names))) if names else None

    def _dates(self, node: Node) -> Condition | None:
        fields = fields_of(node, self._problems, (), optional("dates"))
        first, last = fields.day("from"), fields.day("to")
        if first and last and last < first:
            fields.complain("to", "dates_backwards")
            return None
        if fields.node is not None and not (fields.get("from") or fields.get("to")):
            self._problems.add(node, "missing_key", name="from")
        return Marked(frozenset({dates_token(first, last)})) if first or last else None

    def _answers(self, node: Node) -> Condition | None:
        """Question id → answer id, or several of them. All questions must be answered so."""
        if not isinstance(node, Tree):
            self._problems.add(node, "not_a_mapping")
            return None
        known: dict[str, dict[str, None]] = {}
        for category in self._world.catalogue.categories.values():
            for name, question in category.questions.items():
                known.setdefault(name, {}).update(dict.fromkeys(question.answers))
        parts: list[Condition] = []
        for name, (key, value) in node.entries.items():
            if name not in known:
                self._problems.unknown(key, "unknown_question", name, known)
                continue
            options = known[name]
            read = partial(one_of, options=options, problems=self._problems)
            answers = self._values(value, read)
            if answers:
                parts.append(Marked(frozenset(answer_token(name, answer) for answer in answers)))
        return parts[0] if len(parts) == 1 else Every(tuple(parts)) if parts else None

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
                self._problems.add(item, "not_a_phrase")
        return tuple(phrases.values())

    def _several(self, node: Node, kind: type[Every] | type[Either]) -> Condition | None:
        if not isinstance(node, Listing):
            self._problems.add(node, "not_a_list_of_conditions")
            return None
        parts = tuple(part for item in node.items if (part := self.read(item)) is not None)
        return kind(parts) if parts else None

    def _negated(self, node: Node) -> Condition | None:
        part = self.read(node)
        return Negated(part) if part is not None else None
