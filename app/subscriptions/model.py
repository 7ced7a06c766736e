"""What somebody can follow: a commune, a category or a group of them, both, or the whole province. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.errors import Invalid
from app.i18n import Lang, t
from app.places.gazetteer import Gazetteer
from app.reports.news import Part
from app.routing.ruleset import RuleSet


class Area(Struct, frozen=True, order=True):
    """``commune``: its code, "" for the whole province. ``group`` and ``category``: an id each, at most one of the two;
    "" for all matters."""

    commune: str = ""
    group: str = ""
    category: str = ""

    @property
    def topic(self) -> str:
        """As a form writes it: ``group:<id>``, ``category:<id>`` or ""."""
        if self.group:
            return f"group:{self.group}"
        return f"category:{self.category}" if self.category else ""


def area_of(rules: RuleSet, gazetteer: Gazetteer, commune: str, topic: str) -> Area:
    """What a form or an address asks for. Raises Invalid for what is not of this province."""
    found = gazetteer.commune(commune) if commune else None
    if commune and (found is None or found.province_code != rules.province_code):
        raise Invalid("follow.commune_unknown", field="commune")
    kind, _, name = topic.partition(":")
    if kind == "group" and name in rules.groups and not rules.groups[name].out_of_scope:
        return Area(commune, group=name)
    if kind == "category" and name in rules.categories and not rules.categories[name].out_of_scope:
        return Area(commune, category=name)
    if topic:
        raise Invalid("follow.topic_unknown", field="topic")
    return Area(commune)


def categories_of(rules: RuleSet, area: Area) -> tuple[str, ...] | None:
    """The categories it is about; None for all. A group that the rules know no more is about none."""
    if area.category:
        return (area.category,)
    if area.group:
        group = rules.groups.get(area.group)
        return group.categories if group else ()
    return None


def parts_of(rules: RuleSet, areas: Sequence[Area]) -> list[Part]:
    """The same as pairs of a commune and a category."""
    found: list[Part] = []
    for area in areas:
        categories: Sequence[str | None] | None = categories_of(rules, area)
        found += [(area.commune or None, each) for each in ((None,) if categories is None else categories)]
    return found


def name_of(rules: RuleSet, gazetteer: Gazetteer, area: Area, lang: Lang) -> str:
    """ "Đèn đường hỏng – Phường An Xuyên"."""
    matter = t("follow.all_matters", lang)
    if named := rules.groups.get(area.group) or rules.categories.get(area.category):
        matter = named.name_en if lang == "en" else named.name
    elif area.topic:
        matter = area.group or area.category  # the rules have it no more
    commune = gazetteer.commune(area.commune) if area.commune else None
    return f"{matter} – {commune.full_name if commune else t('follow.whole_province', lang)}"


Rhythm = Literal["daily", "weekly"]
RHYTHMS: tuple[Rhythm, ...] = ("daily", "weekly")
AREAS_MOST = 20


class Follower(Struct, frozen=True):
    """Somebody who hears of what is published: by ``address`` (e-mail) or, where that is "", by a chat of the
    citizen's."""

    follower_id: UUID
    address: str
    citizen_id: UUID | None
    lang: Lang
    rhythm: Rhythm
    areas: tuple[Area, ...]


class Digest(Struct, frozen=True):
    """What one follower is told of one time. ``attempts`` counts the calls before this one."""

    follower_id: UUID
    until: datetime
    since: datetime
    attempts: int


class Wish(Struct, frozen=True):
    """What somebody asks to hear of, and the words they agreed to."""

    area: Area
    rhythm: Rhythm
    lang: Lang
    consent: str
