"""The ``agencies``, ``areas`` and ``groups`` sections of a rules file."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from app.routing.fields import Fields, commune_code, fields_of, list_of
from app.routing.limits import Limit
from app.routing.model import (
    FILE_AGENCY_KINDS,
    URGENCIES,
    VISIBILITIES,
    Agency,
    Category,
    Group,
    Urgency,
)
from app.routing.phrases import phrase_key
from app.routing.problems import Problems
from app.routing.yamltree import Node, Scalar

_COMMUNE_OFFICE_PREFIX = "ubnd-"


class Catalogue(Struct, frozen=True):
    """By id, in the order of the file."""

    agencies: Mapping[str, Agency]
    areas: Mapping[str, frozenset[str]]
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]


def read_catalogue(top: Fields, communes: Collection[str] | None) -> Catalogue:
    groups, categories = _groups(top)
    return Catalogue(_agencies(top), _areas(top, communes), groups, categories)


# ---------------------------------------------------------------- agencies


def _agencies(top: Fields) -> dict[str, Agency]:
    read = {
        agency_id: (key, fields_of(node, top.problems, ("kind", "name", "name_en"), ("parent",)))
        for agency_id, key, node in top.named("agencies")
    }
    kinds = {agency_id: fields.choice("kind", FILE_AGENCY_KINDS) for agency_id, (_, fields) in read.items()}
    roots = [agency_id for agency_id, kind in kinds.items() if kind == "operations_centre"]
    if len(roots) != 1 and top.get("agencies") is not None:
        top.complain("agencies", "one_operations_centre", count=len(roots))
    agencies: dict[str, Agency] = {}
    for agency_id, (key, fields) in read.items():
        if agency_id.startswith(_COMMUNE_OFFICE_PREFIX):
            top.problems.add(key.line, key.column, "commune_office_written_out", name=agency_id)
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
        fields.problems.unknown(node.line, node.column, "unknown_agency", written, agencies)
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
            problems.add(key.line, key.column, "agency_circle", name=agency_id)
        settled |= path


# ---------------------------------------------------------------- areas


def _areas(top: Fields, communes: Collection[str] | None) -> dict[str, frozenset[str]]:
    """Named lists of communes, so that a rule can say ``area: bac-lieu``."""
    areas: dict[str, frozenset[str]] = {}
    for area_id, key, node in top.named("areas"):
        codes = [commune_code(item, top.problems, communes) for item in list_of(node)]
        areas[area_id] = frozenset(code for code in codes if code)
        if not codes:
            top.problems.add(key.line, key.column, "missing_key", name=area_id)
    return areas


# ---------------------------------------------------------------- groups and categories


def _groups(top: Fields) -> tuple[dict[str, Group], dict[str, Category]]:
    groups: dict[str, Group] = {}
    categories: dict[str, Category] = {}
    for group_id, _, node in top.named("groups"):
        fields = fields_of(node, top.problems, ("name", "name_en", "icon", "categories"), ("out_of_scope",))
        group = Group(
            group_id,
            fields.text("name"),
            fields.text("name_en"),
            fields.text("icon"),
            fields.flag("out_of_scope"),
            (),
        )
        own: list[str] = []
        for category_id, key, inner in fields.named("categories"):
            if category_id in categories:
                top.problems.add(key.line, key.column, "category_twice", name=category_id)
                continue
            categories[category_id] = _category(category_id, group, inner, top.problems)
            own.append(category_id)
        groups[group_id] = Group(group_id, group.name, group.name_en, group.icon, group.out_of_scope, tuple(own))
    return groups, categories


def _category(category_id: str, group: Group, node: Node, problems: Problems) -> Category:
    advice = ("advice", "advice_en")
    fields = fields_of(
        node,
        problems,
        ("name", "name_en", "keywords", "examples", *(advice if group.out_of_scope else ())),
        ("icon", "urgency", "visibility", "handling", *(() if group.out_of_scope else advice)),
    )
    return Category(
        category_id=category_id,
        group_id=group.group_id,
        name=fields.text("name"),
        name_en=fields.text("name_en"),
        icon=fields.text("icon") or group.icon,
        urgency=fields.choice("urgency", URGENCIES) or "normal",
        visibility=fields.choice("visibility", VISIBILITIES) or "public",
        keywords=_keywords(fields),
        examples=fields.texts("examples"),
        handling=_handling(fields),
        out_of_scope=group.out_of_scope,
        advice=fields.text("advice"),
        advice_en=fields.text("advice_en"),
    )


def _handling(fields: Fields) -> dict[Urgency, Limit]:
    by_urgency = fields.fields("handling", (), URGENCIES)
    return {urgency: limit for urgency in URGENCIES if (limit := by_urgency.limit(urgency))}


def _keywords(fields: Fields) -> tuple[str, ...]:
    """Phrases as written. Two that fold to the same are one too many: the second would count for nothing."""
    seen: dict[str, str] = {}
    for node in fields.items("keywords"):
        written = node.text if isinstance(node, Scalar) else ""
        key = phrase_key(written)
        if not key:
            fields.problems.add(node.line, node.column, "not_a_phrase")
        elif key in seen:
            fields.problems.add(node.line, node.column, "keyword_twice", name=written, first=seen[key])
        else:
            seen[key] = written
    return tuple(seen.values())
