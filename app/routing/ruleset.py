"""A rule set: one version of a province's routing rules, read, checked, compiled and ready to decide."""

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from app.errors import Invalid
from app.routing.calendar import Calendar, Week
from app.routing.compile import compiled, marks_of, phrases_written, refuse_unreachable
from app.routing.conditions import Clause
from app.routing.cover import Shadows, Space
from app.routing.examples import Example, Resolve, prove, read_examples
from app.routing.explain import Explainer, Explanation, Passed
from app.routing.fields import fields_of, province_code
from app.routing.files import FILE_NAME, Files, open_files
from app.routing.guess import Guesser
from app.routing.include import read_tree
from app.routing.index import RuleIndex
from app.routing.language import optional, required
from app.routing.learn import Model
from app.routing.limits import Limit
from app.routing.model import (
    BY_TABLE,
    COMMUNE_OFFICE,
    DEPARTMENT,
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
    fitting,
)
from app.routing.periods import Periods
from app.routing.problems import Problems, Spot
from app.routing.read_areas import read_areas
from app.routing.read_calendar import read_deadlines, read_seasons, read_week, season_spots
from app.routing.read_catalogue import Catalogue, read_catalogue
from app.routing.read_conditions import World
from app.routing.read_rules import Fallback, Rule, read_fallback, read_rules
from app.routing.reasons import Because, Reasons
from app.routing.seen import Seen, Surroundings
from app.routing.wording import Wording
from app.routing.zones import Zones


class Choice(Struct, frozen=True):
    """What a decision comes from, before any deadline is reckoned. ``asked``: the urgency that the rules were shown."""

    rule: Rule
    clause: Clause
    category: Category
    asked: Urgency
    urgency: Urgency
    agency_id: str
    handling: Limit


class RuleSet(Struct, frozen=True):
    """One version, for good: the same facts always get the same decision.

    ``version`` is the beginning of the sha256 of ``source``: the file and those it includes as one text, which loads
    again (UTF-8, NFC, ``\\n``). Mappings are by id, in the file's order. Safe to share between threads and tasks.
    """

    version: str
    file: str
    source: str
    province_code: str
    agencies: Mapping[str, Agency]
    groups: Mapping[str, Group]
    categories: Mapping[str, Category]
    calendar: Calendar
    deadlines: Deadlines
    rules: tuple[Rule, ...]
    fallback: Fallback
    examples: tuple[Example, ...]
    world: World
    wording: Wording
    surroundings: Surroundings
    clauses: tuple[tuple[Rule, Clause], ...]
    spots: Mapping[tuple[str, ...], Spot]
    _guesser: Guesser
    _reasons: Reasons

    @property
    def coordinator_id(self) -> str:
        """The operations centre: where everything starts and what nobody answers for returns to."""
        return next(a.agency_id for a in self.agencies.values() if a.kind == "operations_centre")

    def choose(self, facts: Facts) -> Choice:
        """The first rule that holds, or the fallback. Raises Invalid for a category this rule set does not know."""
        category = self._category(facts.category)
        asked = facts.urgency or category.urgency
        facts = _fitting(facts, category)
        seen = Seen(facts, category.category_id, asked, self.surroundings)
        position = self.surroundings.index.first(seen.value, facts.text_folded, seen.marks)
        rule, clause = (self.fallback.rule, _NO_CLAUSE) if position is None else self.clauses[position]
        then = rule.then
        # A person's own judgement of urgency stands; a rule only changes what the category would say.
        urgency = facts.urgency or then.urgency or category.urgency
        agency_id = self._agency_id(then.agency, facts, category) or self.fallback.rule.then.agency
        return Choice(rule, clause, category, asked, urgency, agency_id, self._handling(then, category, urgency))

    def decide(self, facts: Facts) -> Decision:
        """What is chosen, with every deadline and the grounds. Raises Invalid like ``choose``."""
        choice = self.choose(facts)
        facts = _fitting(facts, choice.category)
        rule, category, agency_id, then = choice.rule, choice.category, choice.agency_id, choice.rule.then
        others = (self._agency_id(agency, facts, category) for agency in then.co_agencies)
        called = (self._agency_id(agency, facts, category) for agency in then.calls)
        first_answer = then.first_answer or self.deadlines.first_answer.get(choice.urgency)
        return Decision(
            agency_id=agency_id,
            co_agencies=tuple(dict.fromkeys(other for other in others if other and other != agency_id)),
            rule_id=rule.rule_id,
            why=Because(self._reasons, rule, choice.clause, facts, category.category_id, choice.asked),
            category=category.category_id,
            urgency=choice.urgency,
            visibility=then.visibility or category.visibility,
            tags=then.tags,
            intake_due=self._intake_due(then, facts.at),
            handling_due=self.calendar.due(facts.at, choice.handling),
            handling=choice.handling,
            rule_set=self.version,
            calls=tuple(dict.fromkeys(each for each in called if each)),
            first_answer=first_answer,
            first_answer_due=self.calendar.due(facts.at, first_answer) if first_answer else None,
        )

    def explain(self, facts: Facts) -> Explanation:
        """The decision with everything that led to it. Raises Invalid for a category this rule set does not know."""
        decision = self.decide(facts)
        category = self.categories[decision.category]
        facts = _fitting(facts, category)
        seen = Seen(facts, category.category_id, facts.urgency or category.urgency, self.surroundings)
        explainer = Explainer(self.wording, self.world, self.province_code, facts, seen)
        passed: list[Passed] = []
        for rule in self.rules:
            failed = explainer.failed(rule)
            if failed is None:
                return Explanation(facts, decision, rule, explainer.held(rule), tuple(passed))
            passed.append(Passed(rule, failed))
        return Explanation(facts, decision, self.fallback.rule, (), tuple(passed))

    def guess_category(self, text: str) -> tuple[Guess, ...]:
        """At most three categories the words point to, best first. See ``guess.clear_guess`` for when one is enough."""
        return self._guesser.guess(text)

    @property
    def model_version(self) -> str | None:
        """Of the model learned from the province's own reports; None: guesses go by this file alone."""
        return self._guesser.learned

    def taught_by(self, model: Model) -> "RuleSet":
        """The same version, guessing by what was learned from the province's own reports (app.routing.models)."""
        return msgspec.structs.replace(self, _guesser=Guesser(self.categories.values(), model))

    def handling_limit(self, rule_id: str, category_id: str, urgency: Urgency) -> Limit:
        """The handling limit of an earlier decision by this version, for a new urgency or a restarted clock.

        A rule id that is not in this version (the case was decided by a person, say) counts as no rule.
        """
        return self._handling(self._then(rule_id), self._category(category_id), urgency)

    def first_answer_limit(self, rule_id: str, urgency: Urgency) -> Limit | None:
        """The same for the first word to the reporter; None where neither rule nor province sets a limit."""
        return self._then(rule_id).first_answer or self.deadlines.first_answer.get(urgency)

    def _then(self, rule_id: str) -> Outcome:
        return next((rule.then for rule in self.rules if rule.rule_id == rule_id), self.fallback.rule.then)

    def _category(self, category_id: str | None) -> Category:
        known = self.categories.get(category_id or self.fallback.category)
        if known is None:
            raise Invalid("routing.no_such_category", field="category", category=category_id)
        return known

    def _agency_id(self, agency: str, facts: Facts, category: Category) -> str | None:
        """The agency that a role stands for here; None for one that nobody has: no office outside the province."""
        if agency == COMMUNE_OFFICE:
            inside = facts.commune_code and facts.province_code == self.province_code
            return commune_office_id(facts.commune_code) if inside and facts.commune_code else None
        if agency == DEPARTMENT:
            return category.department
        if agency.startswith(BY_TABLE):
            table = self.world.areas.tables[agency.removeprefix(BY_TABLE)]
            return table.by_commune.get(facts.commune_code or "", table.otherwise)
        return agency

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


_NO_CLAUSE = Clause()


def _fitting(facts: Facts, category: Category) -> Facts:
    """The report without answers to what this category does not ask: a person may have changed the category since."""
    return msgspec.structs.replace(facts, answers=fitting(category, facts.answers)) if facts.answers else facts


def load(
    source: Path | str | bytes,
    *,
    communes: Collection[str] | None = None,
    name: str | None = None,
    folder: Path | None = None,
    resolve: Resolve | None = None,
    proven: bool = False,
) -> RuleSet:
    """Read a rule set from a file (Path) or from its text. Raises RulesError naming every mistake at once.

    With ``communes`` (the codes of the province's communes) a commune that does not exist is a mistake too. ``name`` is
    what messages call the file; ``folder`` is where a text finds what it includes (a file: in its own folder).
    ``resolve`` finds the places of examples; without it only examples with commune codes are tried. A version that was
    in force before is ``proven``: its examples are not tried again, nor whether each rule is ever reached.
    """
    problems = Problems(name or (source.name if isinstance(source, Path) else FILE_NAME))
    files = open_files(source, folder, problems)
    read = _read(files, communes, problems)
    clauses = compiled(read.rules, read.world, read.province, problems)
    problems.stop_if_any()
    index = RuleIndex([clause for _, clause in clauses])
    if not proven:
        space = Space(read.catalogue.categories, read.province, communes or ())
        refuse_unreachable(clauses, Shadows([clause for _, clause in clauses], space, index), problems)
        problems.stop_if_any()
    rule_set = _put_together(read, clauses, index, files.bundle(), problems.file)
    if not proven:
        prove(rule_set, read.examples, resolve, problems)
        problems.stop_if_any()
    return rule_set


class _Read(Struct, frozen=True):
    """What a file says, before its rules are compiled."""

    province: str
    week: Week
    deadlines: Deadlines
    catalogue: Catalogue
    world: World
    rules: tuple[Rule, ...]
    fallback: Fallback
    examples: tuple[Example, ...]


def _read(files: Files, communes: Collection[str] | None, problems: Problems) -> _Read:
    """Raises RulesError with everything that is wrong in any section."""
    tree = read_tree(files, problems)
    if tree is None:
        problems.stop_if_any()
    top = fields_of(tree, problems, required("file"), optional("file"))
    province_node = top.get("province")
    province = province_code(province_node, problems) if province_node is not None else None
    week, deadlines = read_week(top), read_deadlines(top)
    catalogue = read_catalogue(top)
    world = World(catalogue, read_areas(top, files, catalogue.agencies, communes), read_seasons(top), set())
    rules = read_rules(top, world, communes)
    fallback = read_fallback(top, world)
    examples = read_examples(top, world, rules)
    problems.stop_if_any()
    assert province is not None
    assert week is not None
    assert deadlines is not None
    return _Read(province, week, deadlines, catalogue, world, rules, fallback, examples)


def _put_together(
    read: _Read, clauses: tuple[tuple[Rule, Clause], ...], index: RuleIndex, text: str, file: str
) -> RuleSet:
    catalogue, world, calendar = read.catalogue, read.world, Calendar(read.week)
    periods = Periods(marks_of("~", [clause for _, clause in clauses]), world.seasons)
    surroundings = Surroundings(calendar, Zones(world.areas.zones), periods, index)
    phrases = phrases_written(read.rules)
    wording = Wording(read.province, catalogue.categories, catalogue.groups, world.areas, world.seasons, phrases)
    return RuleSet(
        version=hashlib.sha256(text.encode()).hexdigest()[:16],
        file=file,
        source=text,
        province_code=read.province,
        agencies=catalogue.agencies,
        groups=catalogue.groups,
        categories=catalogue.categories,
        calendar=calendar,
        deadlines=read.deadlines,
        rules=read.rules,
        fallback=read.fallback,
        examples=read.examples,
        world=world,
        wording=wording,
        surroundings=surroundings,
        clauses=clauses,
        spots={**catalogue.spots, **world.areas.spots, **season_spots(world.seasons)},
        _guesser=Guesser(catalogue.categories.values()),
        _reasons=Reasons(surroundings, wording),
    )
