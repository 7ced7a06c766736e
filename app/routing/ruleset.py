"""A rule set: one version of a province's routing rules, read, checked, compiled and ready to decide."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from app.errors import Invalid
from app.routing.calendar import Calendar
from app.routing.conditions import (
    Among,
    Clause,
    Condition,
    Either,
    Every,
    Negated,
    Words,
    clauses_of,
    join,
)
from app.routing.fields import fields_of, province_code
from app.routing.guess import Guesser
from app.routing.index import RuleIndex
from app.routing.limits import Limit
from app.routing.model import (
    COMMUNE_OFFICE,
    Agency,
    Category,
    Deadlines,
    Decision,
    Facts,
    Group,
    Guess,
    Outcome,
    Urgency,
    commune_office_id,
)
from app.routing.phrases import phrase_key
from app.routing.problems import Problems
from app.routing.read_calendar import read_deadlines, read_week
from app.routing.read_catalogue import read_catalogue
from app.routing.read_rules import Fallback, Rule, read_fallback, read_rules
from app.routing.reasons import Because, Reasons, values_of
from app.routing.yamltree import parse, read_source

FILE_NAME = "routing_rules.yaml"
_SECTIONS = ("province", "calendar", "agencies", "groups", "deadlines", "rules", "fallback")


class RuleSet(Struct, frozen=True):
    """One version, for good: the same facts always get the same decision.

    ``version`` is the beginning of the sha256 of ``source`` (UTF-8, NFC, ``\\n``); mappings are by id, in the file's
    order. Safe to share between threads and tasks.
    """

    version: str
    source: str
    province_code: str
    agencies: Mapping[str, Agency]
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    calendar: Calendar
    deadlines: Deadlines
    rules: tuple[Rule, ...]
    fallback: Fallback
    _clauses: tuple[tuple[Rule, Clause], ...]
    _index: RuleIndex
    _guesser: Guesser
    _reasons: Reasons

    @property
    def coordinator_id(self) -> str:
        """The operations centre: where everything starts and what nobody answers for returns to."""
        return next(a.agency_id for a in self.agencies.values() if a.kind == "operations_centre")

    def decide(self, facts: Facts) -> Decision:
        """The first rule that holds, or the fallback. Raises Invalid for a category this rule set does not know."""
        category = self._category(facts.category)
        asked = facts.urgency or category.urgency
        match = self._index.first(values_of(facts, category, asked, self.calendar), facts.text_folded)
        if match:
            rule, clause = self._clauses[match.position]
            found = match.found
        else:
            rule, clause, found = self.fallback.rule, Clause(), frozenset[str]()
        then = rule.then
        # A person's own judgement of urgency stands; a rule only changes what the category would say.
        urgency = facts.urgency or then.urgency or category.urgency
        handling = self._handling(then, category, urgency)
        agency_id = self._agency_id(then.agency, facts) or self.fallback.rule.then.agency
        others = (self._agency_id(agency, facts) for agency in then.co_agencies)
        return Decision(
            agency_id=agency_id,
            co_agencies=tuple(dict.fromkeys(other for other in others if other and other != agency_id)),
            rule_id=rule.rule_id,
            why=Because(self._reasons, rule, clause, facts, category.category_id, asked, found),
            category=category.category_id,
            urgency=urgency,
            visibility=then.visibility or category.visibility,
            tags=then.tags,
            intake_due=self._intake_due(then, facts.at),
            handling_due=self.calendar.due(facts.at, handling),
            handling=handling,
            rule_set=self.version,
        )

    def guess_category(self, text: str) -> tuple[Guess, ...]:
        """At most three categories the words point to, best first. See ``guess.clear_guess`` for when one is enough."""
        return self._guesser.guess(text)

    def handling_limit(self, rule_id: str, category_id: str, urgency: Urgency) -> Limit:
        """The handling limit of an earlier decision by this version, for a new urgency or a restarted clock.

        A rule id that is not in this version (the case was decided by a person, say) counts as no rule.
        """
        then = next((rule.then for rule in self.rules if rule.rule_id == rule_id), self.fallback.rule.then)
        return self._handling(then, self._category(category_id), urgency)

    def _category(self, category_id: str | None) -> Category:
        known = self.categories.get(category_id or self.fallback.category)
        if known is None:
            raise Invalid("routing.no_such_category", field="category", category=category_id)
        return known

    def _agency_id(self, agency: str, facts: Facts) -> str | None:
        """The agency's id; None for the commune office of a place outside the province or not known."""
        if agency != COMMUNE_OFFICE:
            return agency
        inside = facts.commune_code and facts.province_code == self.province_code
        return commune_office_id(facts.commune_code) if inside and facts.commune_code else None

    def _handling(self, then: Outcome, category: Category, urgency: Urgency) -> Limit:
        return then.handling or category.handling.get(urgency) or self.deadlines.handling[urgency]

    def _intake_due(self, then: Outcome, at: datetime) -> datetime:
        """The working-day limit, or the day-off limit counted from the first day off, whichever ends first.

        So a report on Friday evening is never due later than one on Saturday morning.
        """
        if then.intake:
            return self.calendar.due(at, then.intake)
        limits = self.deadlines.intake
        due = self.calendar.due(at, limits.working_days)
        day_off = self.calendar.next_day_off(at) if limits.days_off else None
        if limits.days_off and day_off:
            due = min(due, self.calendar.due(day_off, limits.days_off))
        return due


def load(source: Path | str | bytes, *, communes: Collection[str] | None = None, name: str | None = None) -> RuleSet:
    """Read a rule set from a file (Path) or from its text. Raises RulesError naming every mistake at once.

    With ``communes`` (the codes of the province's communes) a commune that does not exist is a mistake too. ``name`` is
    what messages call the file.
    """
    problems = Problems(name or (source.name if isinstance(source, Path) else FILE_NAME))
    text = read_source(source, problems)
    top = fields_of(parse(text, problems), problems, _SECTIONS, ("areas",))
    province_node = top.get("province")
    province = province_code(province_node, problems) if province_node is not None else None
    week, deadlines = read_week(top), read_deadlines(top)
    catalogue = read_catalogue(top, communes)
    rules = read_rules(top, catalogue, communes)
    fallback = read_fallback(top, catalogue)
    problems.stop_if_any()
    assert province is not None
    assert week is not None
    assert deadlines is not None
    clauses = _compile(rules, province)
    calendar = Calendar(week)
    return RuleSet(
        version=hashlib.sha256(text.encode()).hexdigest()[:16],
        source=text,
        province_code=province,
        agencies=catalogue.agencies,
        groups=catalogue.groups,
        categories=catalogue.categories,
        calendar=calendar,
        deadlines=deadlines,
        rules=rules,
        fallback=fallback,
        _clauses=clauses,
        _index=RuleIndex([clause for _, clause in clauses]),
        _guesser=Guesser(catalogue.categories.values()),
        _reasons=Reasons(catalogue.categories, catalogue.groups, calendar, _written(rules), province),
    )


def _compile(rules: tuple[Rule, ...], province: str) -> tuple[tuple[Rule, Clause], ...]:
    # A rule that names the commune office can only answer where there is one.
    known_commune = Clause(allowed={"province": frozenset({province})}, refused={"commune": frozenset({""})})
    compiled: list[tuple[Rule, Clause]] = []
    for rule in rules:
        for clause in clauses_of(rule.when) if rule.when else ():
            whole = join(clause, known_commune) if rule.then.agency == COMMUNE_OFFICE else clause
            if whole is not None:
                compiled.append((rule, whole))
    return tuple(compiled)


def _written(rules: tuple[Rule, ...]) -> dict[str, str]:
    """How each phrase of the rules was first written, accents and all."""
    phrases: dict[str, str] = {}

    def collect(condition: Condition) -> None:
        match condition:
            case Words():
                for phrase in (*condition.any, *condition.all, *condition.none):
                    phrases.setdefault(phrase_key(phrase), phrase)
            case Every(parts) | Either(parts):
                for part in parts:
                    collect(part)
            case Negated(part):
                collect(part)
            case Among():
                pass

    for rule in rules:
        if rule.when:
            collect(rule.when)
    return phrases
