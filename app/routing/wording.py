"""The values and marks that rules speak of, in words for people."""

from collections.abc import Collection, Mapping
from datetime import date

from app.i18n import Lang, t
from app.routing.conditions import Dimension
from app.routing.index import kind_of
from app.routing.model import CHANNELS, REPORTER_KINDS, URGENCIES, Category, Facts, Group, Question
from app.routing.read_areas import Areas
from app.routing.read_calendar import Season

_MOST = 5

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


class Wording:
    """Knows the names of one rule set. ``written``: how each phrase was first written in the rules."""

    def __init__(
        self,
        province_code: str,
        categories: Mapping[str, Category],
        groups: Mapping[str, Group],
        areas: Areas,
        seasons: Mapping[str, Season],
        written: Mapping[str, str],
    ) -> None:
        self._province_code = province_code
        self._categories = categories
        self._groups = groups
        self._areas = areas
        self._seasons = seasons
        self._written = written
        self._questions = {name: asked for each in categories.values() for name, asked in each.questions.items()}

    # ------------------------------------------------------------ what a report is

    def value(self, dimension: Dimension, value: str, facts: Facts, lang: Lang) -> str:
        """A sentence that states the report's value in a dimension."""
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
                key = "routing.because_commune_kind" if value else "routing.because_commune_unknown"
                return t(key, lang, kind=value)
            case "province":
                if not value:
                    return t("routing.because_province_unknown", lang)
                inside = value == self._province_code
                return t("routing.because_in_province" if inside else "routing.because_outside_province", lang)
            case "weekday":
                return t("routing.because_weekday", lang, day=t(f"routing.weekday_{value}", lang))
            case other:
                return t(f"routing.{_STATED[other][value]}", lang)

    def tokens(self, tokens: Collection[str], lang: Lang, *, held: bool) -> list[str]:
        """Sentences that state which tokens the report has (or, not ``held``, has not)."""
        said: list[str] = []
        phrases = [token for token in tokens if not kind_of(token)]
        if phrases:
            key = "routing.because_words" if held else "routing.because_no_words"
            said.append(t(key, lang, words=self.quoted(phrases)))
        for token in tokens:
            if kind := kind_of(token):
                name = {"@": "zone", "~": "period", "?": "answer"}[kind]
                key = f"routing.because_{name}" if held else f"routing.because_no_{name}"
                said.append(t(key, lang, name=self._mark(token, lang)))
        return said

    def quoted(self, phrases: Collection[str]) -> str:
        few = [f"“{self._written.get(phrase, phrase)}”" for phrase in phrases][:_MOST]
        return ", ".join(few) + (" …" if len(phrases) > _MOST else "")

    # ------------------------------------------------------------ what a rule asks for

    def wanted(self, dimension: Dimension, values: Collection[str], lang: Lang) -> str:
        """What a condition asks for: "lĩnh vực: Ổ gà, Đèn đường"."""
        names = [self._name(dimension, value, lang) for value in sorted(values)]
        few = ", ".join(names[:_MOST]) + (" …" if len(names) > _MOST else "")
        return t(f"routing.asks_{dimension}", lang, values=few)

    def wanted_tokens(self, tokens: Collection[str], lang: Lang) -> str:
        marks = [self._mark(token, lang) for token in sorted(tokens) if kind_of(token)]
        phrases = [token for token in tokens if not kind_of(token)]
        return ", ".join([*marks, *([self.quoted(sorted(phrases))] if phrases else [])])

    def _name(self, dimension: Dimension, value: str, lang: Lang) -> str:
        if dimension == "category":
            category = self._categories[value]
            return f"“{category.name_en if lang == 'en' else category.name}”"
        if dimension == "weekday":
            return t(f"routing.weekday_{value}", lang)
        if dimension in _STATED:
            return t(f"routing.{_STATED[dimension][value]}", lang).rstrip(".")
        return value or t("routing.unknown", lang)

    def _mark(self, token: str, lang: Lang) -> str:
        name = token[1:]
        match token[0]:
            case "@":
                return self._areas.names[name]
            case "~" if name in self._seasons:
                return self._seasons[name].name
            case "~":
                first, _, last = name.partition("..")
                return t("routing.dates", lang, first=_day(first), last=_day(last))
            case _:
                question_id, _, answer = name.partition("=")
                question: Question = self._questions[question_id]
                at = 1 if lang == "en" else 0
                said = question.answers.get(answer, (answer, answer))[at]
                return f"{(question.name, question.name_en)[at]} {said}"


def _day(written: str) -> str:
    return f"{date.fromisoformat(written):%d/%m/%Y}" if written else "…"
