"""The ``agencies`` and ``groups`` sections of a rules file."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from app.routing.fields import Fields, fields_of, one_of
from app.routing.language import optional, required
from app.routing.limits import Limit
from app.routing.model import (
    FILE_AGENCY_KINDS,
    URGENCIES,
    VISIBILITIES,
    Agency,
    Category,
    Group,
    Question,
    Urgency,
)
from app.routing.phrases import phrase_key
from app.routing.problems import Problems, Spot, spot_of
from app.routing.yamltree import Node, Scalar

_COMMUNE_OFFICE_PREFIX = "ubnd-"
_BUTTON = 50
"""Characters that the ids of a question and one of its answers have together: both must fit a chat's button."""


class Catalogue(Struct, frozen=True):
    """By id, in the order of the file."""

    agencies: Mapping[str, Agency]
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    spots: Mapping[tuple[str, ...], Spot]
    """Where each is written: ("agency", id), ("category", id), ("keyword", category id, phrase key)."""


def read_catalogue(top: Fields) -> Catalogue:
    spots: dict[tuple[str, ...], Spot] = {}
    agencies = _agencies(top, spots)
    return Catalogue(agencies, *_Groups(top, agencies, spots).read(), spots)


# ---------------------------------------------------------------- agencies


def _agencies(top: Fields, spots: dict[tuple[str, ...], Spot]) -> dict[str, Agency]:
    read = {
        agency_id: (key, fields_of(node, top.problems, required("agency"), optional("agency")))
        for agency_id, key, node in top.named("agencies")
    }
    kinds = {agency_id: fields.choice("kind", FILE_AGENCY_KINDS) for agency_id, (_, fields) in read.items()}
    roots = [agency_id for agency_id, kind in kinds.items() if kind == "operations_centre"]
    if len(roots) != 1 and top.get("agencies") is not None:
        top.complain("agencies", "one_operations_centre", count=len(roots))
    agencies: dict[str, Agency] = {}
    for agency_id, (key, fields) in read.items():
        if agency_id.startswith(_COMMUNE_OFFICE_PREFIX):
            top.problems.add(key, "commune_office_written_out", name=agency_id)
        spots["agency", agency_id] = spot_of(key)
        parent = _parent(agency_id, fields, read.keys(), roots)
        agencies[agency_id] = Agency(
            agency_id, kinds[agency_id] or "department", fields.text("name"), fields.text("name_en"), parent
        )
    _refuse_circles(agencies, read, top.problems)
    return agencies


def _parent(agency_id: str, fields: Fields, agencies: Collection[str], roots: list[str]) -> str | None:
    """As written, otherwise the operations centre, which itself has none."""
    written = fields.text("parent")
    if not written:
        return None if agency_id in roots or not roots else roots[0]
    node = fields.get("parent")
    if agency_id in roots:
        fields.complain("parent", "centre_with_parent")
        return None
    if written not in agencies and node is not None:
        fields.problems.unknown(node, "unknown_agency", written, agencies)
        return None
    return written


def _refuse_circles(
    agencies: Mapping[str, Agency], read: Mapping[str, tuple[Scalar, Fields]], problems: Problems
) -> None:
    settled: set[str] = set()
    for agency_id, (key, _) in read.items():
        path: set[str] = set()
        at: str | None = agency_id
        while at is not None and at not in settled and at not in path:
            path.add(at)
            at = agencies[at].parent_id
        if at is not None and at in path:
            problems.add(key, "agency_circle", name=agency_id)
        settled |= path


# ---------------------------------------------------------------- groups and categories


class _Groups:
    def __init__(self, top: Fields, agencies: Collection[str], spots: dict[tuple[str, ...], Spot]) -> None:
        self._top = top
        self._problems = top.problems
        self._agencies = agencies
        self._spots = spots
        self._categories: dict[str, Category] = {}

    def read(self) -> tuple[dict[str, Group], dict[str, Category]]:
        groups: dict[str, Group] = {}
        for group_id, _, node in self._top.named("groups"):
            fields = fields_of(node, self._problems, required("group"), optional("group"))
            outside = fields.flag("out_of_scope")
            department = self._department(fields)
            own: list[str] = []
            for category_id, key, inner in fields.named("categories"):
                if category_id in self._categories:
                    self._problems.add(key, "category_twice", name=category_id)
                    continue
                self._spots["category", category_id] = spot_of(key)
                self._categories[category_id] = self._category(
                    category_id, group_id, fields.text("icon"), outside, department, inner
                )
                own.append(category_id)
            groups[group_id] = Group(
                group_id, fields.text("name"), fields.text("name_en"), fields.text("icon"), outside, tuple(own)
            )
        return groups, self._categories

    def _category(
        self, category_id: str, group_id: str, icon: str, outside: bool, department: str | None, node: Node
    ) -> Category:
        advice = ("advice", "advice_en")
        fields = fields_of(
            node,
            self._problems,
            (*required("category"), *(advice if outside else ())),
            tuple(key for key in optional("category") if not outside or key not in advice),
        )
        return Category(
            category_id=category_id,
            group_id=group_id,
            name=fields.text("name"),
            name_en=fields.text("name_en"),
            icon=fields.text("icon") or icon,
            urgency=fields.choice("urgency", URGENCIES) or "normal",
            visibility=fields.choice("visibility", VISIBILITIES) or "public",
            keywords=self._keywords(category_id, fields),
            examples=fields.texts("examples"),
            handling=_handling(fields),
            out_of_scope=outside,
            advice=fields.text("advice"),
            advice_en=fields.text("advice_en"),
            department=self._department(fields) or department,
            questions=_questions(fields),
        )

    def _department(self, fields: Fields) -> str | None:
        node = fields.get("department")
        return one_of(node, self._agencies, self._problems, "unknown_agency") if node is not None else None

    def _keywords(self, category_id: str, fields: Fields) -> tuple[str, ...]:
        """Phrases as written. Two that fold to the same are one too many: the second would count for nothing."""
        seen: dict[str, str] = {}
        for node in fields.items("keywords"):
            written = node.text if isinstance(node, Scalar) else ""
            key = phrase_key(written)
            if not key:
                self._problems.add(node, "not_a_phrase")
            elif key in seen:
                self._problems.add(node, "keyword_twice", name=written, first=seen[key])
            else:
                seen[key] = written
                self._spots["keyword", category_id, key] = spot_of(node)
        return tuple(seen.values())


def _handling(fields: Fields) -> dict[Urgency, Limit]:
    by_urgency = fields.fields("handling", (), optional("handling"))
    return {urgency: limit for urgency in URGENCIES if (limit := by_urgency.limit(urgency))}


def _questions(fields: Fields) -> dict[str, Question]:
    questions: dict[str, Question] = {}
    for question_id, _, node in fields.named("questions"):
        asked = fields_of(node, fields.problems, required("question"), optional("question"))
        answers: dict[str, tuple[str, str]] = {}
        for answer_id, key, inner in asked.named("answers"):
            if len(question_id) + len(answer_id) > _BUTTON:
                fields.problems.add(key, "answer_ids_long", name=answer_id, most=_BUTTON)
            answer = fields_of(inner, fields.problems, required("answer"), optional("answer"))
            answers[answer_id] = (answer.text("name"), answer.text("name_en") or answer.text("name"))
        name = asked.text("name")
        questions[question_id] = Question(question_id, name, asked.text("name_en") or name, answers)
    return questions
