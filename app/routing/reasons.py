"""Why a rule was chosen, in plain sentences: the rule's own words first, then what held of the report."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from app.i18n import Lang, t
from app.routing.calendar import Calendar
from app.routing.conditions import Clause, Dimension
from app.routing.model import CHANNELS, REPORTER_KINDS, URGENCIES, Category, Facts, Group
from app.routing.read_rules import Rule

_MOST_WORDS = 5

# A value as the compiled rules compare it → the message that states it.
_STATED: Mapping[Dimension, Mapping[str, str]] = {
    "has_photo": {"true": "because_photo", "false": "because_no_photo"},
    "office_open": {"true": "because_office_hours", "false": "because_outside_office_hours"},
    "night": {"true": "because_night", "false": "because_not_night"},
    "day": {
        "working_day": "because_working_day",
        "weekend": "because_weekend",
        "holiday": "because_holiday",
        "closure": "because_closure",
    },
    "reporter_kind": {kind: f"because_reporter_{kind}" for kind in REPORTER_KINDS},
    "urgency": {urgency: f"because_{urgency}" for urgency in URGENCIES},
    "channel": {channel: f"because_channel_{channel}" for channel in CHANNELS},
}


def values_of(facts: Facts, category: Category, urgency: str, calendar: Calendar) -> Callable[[Dimension], str]:
    """A report's value in each dimension, worked out only when a rule asks for it. "" means unknown."""

    def value_of(dimension: Dimension) -> str:
        match dimension:
            case "category":
                return category.category_id
            case "commune":
                return facts.commune_code or ""
            case "commune_kind":
                return facts.commune_kind or ""
            case "province":
                return facts.province_code or ""
            case "channel":
                return facts.channel
            case "urgency":
                return urgency
            case "has_photo":
                return "true" if facts.has_photo else "false"
            case "reporter_kind":
                return facts.reporter_kind
            case "office_open":
                return "true" if calendar.is_open(facts.at) else "false"
            case "night":
                return "true" if calendar.is_night(facts.at) else "false"
            case "day":
                return calendar.day_kind(facts.at)

    return value_of


class Reasons:
    """Writes reasons for one rule set: it knows the calendar, the categories' names, how each phrase was written."""

    def __init__(
        self,
        categories: Mapping[str, Category],
        groups: Mapping[str, Group],
        calendar: Calendar,
        written: Mapping[str, str],
        province_code: str,
    ) -> None:
        self._categories = categories
        self._groups = groups
        self._calendar = calendar
        self._written = written
        self._province_code = province_code

    def write(self, why: "Because", lang: Lang) -> tuple[str, ...]:
        rule, clause = why.rule, why.clause
        value_of = values_of(why.facts, self._categories[why.category], why.urgency, self._calendar)
        said = [(rule.why_en or rule.why) if lang == "en" else rule.why]
        asked_of = (*clause.allowed, *clause.refused)
        said += [self._fact(dimension, value_of(dimension), why.facts, lang) for dimension in asked_of]
        present = dict.fromkeys(phrase for need in clause.needs for phrase in sorted(need & why.found))
        if present:
            said.append(t("routing.because_words", lang, words=self._quoted(present)))
        if clause.forbids:
            said.append(t("routing.because_no_words", lang, words=self._quoted(dict.fromkeys(sorted(clause.forbids)))))
        return tuple(dict.fromkeys(said))

    def _fact(self, dimension: Dimension, value: str, facts: Facts, lang: Lang) -> str:
        match dimension:
            case "category":
                category = self._categories[value]
                group = self._groups[category.group_id]
                if lang == "en":
                    return t("routing.because_category", lang, name=category.name_en, group=group.name_en)
                return t("routing.because_category", lang, name=category.name, group=group.name)
            case "commune":
                place = facts.commune_name or value
                return t("routing.because_commune" if place else "routing.because_commune_unknown", lang, place=place)
            case "commune_kind":
                return t(
                    "routing.because_commune_kind" if value else "routing.because_commune_unknown", lang, kind=value
                )
            case "province":
                if not value:
                    return t("routing.because_province_unknown", lang)
                inside = value == self._province_code
                return t("routing.because_in_province" if inside else "routing.because_outside_province", lang)
            case other:
                return t(f"routing.{_STATED[other][value]}", lang)

    def _quoted(self, phrases: dict[str, None]) -> str:
        few = [f"“{self._written.get(phrase, phrase)}”" for phrase in phrases][:_MOST_WORDS]
        return ", ".join(few) + (" …" if len(phrases) > _MOST_WORDS else "")


class Because(Struct, frozen=True):
    """The grounds of one decision. ``urgency`` is what the rules saw; ``found`` the phrases of rules in the text."""

    writer: Reasons
    rule: Rule
    clause: Clause
    facts: Facts
    category: str
    urgency: str
    found: frozenset[str]

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        return self.writer.write(self, lang)
