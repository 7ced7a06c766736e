"""Why a rule was chosen, in plain sentences: the rule's own words first, then what held of the report."""

from msgspec import Struct

from app.i18n import Lang
from app.routing.conditions import Clause
from app.routing.evaluate import named_that_hold
from app.routing.model import Facts
from app.routing.read_rules import Rule
from app.routing.seen import Seen, Surroundings
from app.routing.wording import Wording


class Reasons:
    """Writes reasons for one rule set."""

    def __init__(self, world: Surroundings, wording: Wording) -> None:
        self._world = world
        self._wording = wording

    def write(self, why: "Because", lang: Lang) -> tuple[str, ...]:
        rule, clause = why.rule, why.clause
        seen = Seen(why.facts, why.category, why.urgency, self._world)
        found = seen.tokens()
        said = [(rule.why_en or rule.why) if lang == "en" else rule.why]
        if rule.when is not None:
            named = named_that_hold(rule.when, seen.value, found)
            said += [each.because_en if lang == "en" else each.because for each in named]
        for dimension in (*clause.allowed, *clause.refused):
            said.append(self._wording.value(dimension, seen.value(dimension), why.facts, lang))
        present = dict.fromkeys(token for need in clause.needs for token in sorted(need & found))
        said += self._wording.tokens(present, lang, held=True)
        said += self._wording.tokens(sorted(clause.forbids), lang, held=False)
        return tuple(dict.fromkeys(said))


class Because(Struct, frozen=True):
    """The grounds of one decision. ``urgency`` is what the rules saw."""

    writer: Reasons
    rule: Rule
    clause: Clause
    facts: Facts
    category: str
    urgency: str

    def sentences(self, lang: Lang) -> tuple[str, ...]:
        return self.writer.write(self, lang)
