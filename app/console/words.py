"""Rules in plain words: what a condition asks for, what a rule decides."""

from collections.abc import Collection, Iterator
from datetime import datetime

from msgspec import Struct

from app.accounts.model import Origin
from app.i18n import Lang, t
from app.places.gazetteer import Gazetteer
from app.routing.calendar import VIETNAM
from app.routing.conditions import Among, Condition, Either, Every, Marked, Named, Negated, Words
from app.routing.limits import Limit
from app.routing.model import BY_TABLE, COMMUNE_OFFICE, DEPARTMENT, Outcome
from app.routing.read_rules import Rule
from app.routing.ruleset import RuleSet

_FEW = 4


class Said(Struct, frozen=True):
    """One line about a condition. ``names``: what stands after it, the first few visible at once; ``parts``: the
    conditions under it; ``because``: the reason that the file gives."""

    text: str
    names: tuple[str, ...] = ()
    parts: tuple["Said", ...] = ()
    because: str = ""

    @property
    def first_names(self) -> str:
        return ", ".join(self.names[:_FEW])

    @property
    def other_names(self) -> tuple[str, ...]:
        return self.names[_FEW:]

    def everything(self) -> Iterator[str]:
        """All words, for searching."""
        yield from (self.text, *self.names, self.because)
        for part in self.parts:
            yield from part.everything()


class Told(Struct, frozen=True):
    """A rule as the page shows it. ``place`` counts from 1; 0 for the fallback."""

    place: int
    rule_id: str
    why: str
    conditions: tuple[Said, ...]
    agency: str
    lines: tuple[tuple[str, str], ...]

    def searched(self) -> str:
        said = (word for condition in self.conditions for word in condition.everything())
        return " ".join((self.rule_id, self.why, self.agency, *said, *(line for _, line in self.lines)))


class Teller:
    """Puts one rule set into words of one language."""

    def __init__(self, rules: RuleSet, gazetteer: Gazetteer, lang: Lang) -> None:
        self._rules = rules
        self._gazetteer = gazetteer
        self._lang = lang
        areas = rules.world.areas
        self._areas = {codes: areas.names[name] for name, codes in areas.communes.items()}

    def rule(self, place: int, rule: Rule) -> Told:
        conditions = self._flat(self.condition(rule.when)) if rule.when else ()
        why = (rule.why_en or rule.why) if self._lang == "en" else rule.why
        return Told(place, rule.rule_id, why, conditions, self.agency(rule.then.agency), tuple(self._then(rule.then)))

    @staticmethod
    def _flat(said: Said) -> tuple[Said, ...]:
        """What holds at once is a plain list at the top."""
        return said.parts if said.parts and said.text == "" else (said,)

    # ------------------------------------------------------------ conditions

    def condition(self, condition: Condition) -> Said:
        match condition:
            case Among("commune", values):
                return self._communes(values)
            case Among("province", values) if values == {self._rules.province_code}:
                return Said(t("routing.because_in_province", self._lang).rstrip("."))
            case Among("category", values):
                names = tuple(self._category(name) for name in self._rules.categories if name in values)
                return Said(self._t("if_category"), names)
            case Among(dimension, values):
                return Said(_sentence(self._rules.wording.wanted(dimension, values, self._lang)))
            case Words():
                return self._words(condition)
            case Marked(marks):
                return Said(
                    self._t("if_marked"),
                    tuple(self._rules.wording.wanted_tokens({m}, self._lang) for m in sorted(marks)),
                )
            case Named(part, because, because_en):
                said = self.condition(part)
                reason = because_en if self._lang == "en" else because
                return Said(said.text, said.names, said.parts, reason)
            case Every(parts):
                return Said("", parts=tuple(self.condition(part) for part in parts))
            case Either(parts):
                return Said(self._t("if_either"), parts=tuple(self.condition(part) for part in parts))
            case Negated(part):
                return Said(self._t("if_not"), parts=self._flat(self.condition(part)))

    def _communes(self, codes: frozenset[str]) -> Said:
        names = tuple(sorted(self._commune(code) for code in codes))
        area = self._areas.get(codes)
        return Said(self._t("if_area", area=area) if area else self._t("if_commune"), names)

    def _words(self, words: Words) -> Said:
        kinds = (("if_words_any", words.any), ("if_words_all", words.all), ("if_words_none", words.none))
        parts = tuple(Said(self._t(key), tuple(f"“{each}”" for each in phrases)) for key, phrases in kinds if phrases)
        return parts[0] if len(parts) == 1 else Said("", parts=parts)

    def _commune(self, code: str) -> str:
        found = self._gazetteer.commune(code)
        return found.full_name if found else code

    # ------------------------------------------------------------ results

    def _then(self, then: Outcome) -> Iterator[tuple[str, str]]:
        """(key of the label, words) of each thing a rule decides beyond the agency."""
        if then.co_agencies:
            yield "console.co_agencies", self._agencies(then.co_agencies)
        if then.calls:
            yield "console.calls", self._agencies(then.calls)
        if then.urgency:
            yield "console.urgency", self.urgency(then.urgency)
        if then.visibility:
            yield "console.visibility", self._t(f"visibility_{then.visibility}")
        for key in ("intake", "first_answer", "handling"):
            if limit := getattr(then, key):
                yield f"console.limit_{key}", limit.words(self._lang)
        if then.tags:
            yield "console.tags", ", ".join(then.tags)

    def _agencies(self, agencies: Collection[str]) -> str:
        return ", ".join(self.agency(agency) for agency in agencies)

    def agency(self, agency: str) -> str:
        """An agency's name, or in words the role that stands for one."""
        if agency == COMMUNE_OFFICE:
            return self._t("commune_office")
        if agency == DEPARTMENT:
            return self._t("department")
        if agency.startswith(BY_TABLE):
            return self._t("by_table", table=agency.removeprefix(BY_TABLE))
        known = self._rules.agencies.get(agency)
        if known is None:
            code = agency.removeprefix("ubnd-")
            return self._t("office_of", commune=_small(self._commune(code), self._lang)) if code != agency else agency
        return (known.name_en if self._lang == "en" else "") or known.name

    def limit(self, limit: Limit) -> str:
        return limit.words(self._lang)

    def urgency(self, urgency: str) -> str:
        return self._t(f"urgency_{urgency}")

    def category(self, category_id: str) -> str:
        return self._category(category_id) if category_id in self._rules.categories else category_id

    def _category(self, category_id: str) -> str:
        category = self._rules.categories[category_id]
        return category.name_en if self._lang == "en" else category.name

    def group(self, group_id: str) -> str:
        group = self._rules.groups[group_id]
        return group.name_en if self._lang == "en" else group.name

    def _t(self, name: str, **params: str) -> str:
        return t(f"console.{name}", self._lang, **params)


def when(at: datetime) -> str:
    """ "22/11/2026 14:05", as people in Vietnam read it."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def _small(name: str, lang: Lang) -> str:
    """A commune's kind is written small inside a Vietnamese name: "UBND phường An Xuyên"."""
    return name if lang == "en" else name[:1].lower() + name[1:]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def browser_words(origin: Origin, lang: Lang) -> str:
    """ "Firefox trên Windows, mạng 203.0.113.x": enough to recognize it."""
    family, _, system = origin.browser.partition("/")
    what = t("console.browser_on", lang, browser=family, system=system) if system else family
    where = origin.address.partition("/")[0]
    if where.endswith(".0"):
        where = f"{where[:-1]}x"
    place = t("console.network", lang, network=where) if where else t("console.network_house", lang)
    return f"{what or t('console.browser_unknown', lang)}, {place}"
