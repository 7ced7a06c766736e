"""Why this rule and not one before it: which conditions held, and for each earlier rule the first that did not.

Conditions are asked as they are written, not as they were compiled, so an explanation is also a second opinion.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from app.i18n import Lang, t
from app.routing.calendar import VIETNAM
from app.routing.compile import needed_by
from app.routing.conditions import Among, Condition, Either, Every, Marked, Named, Negated, Words
from app.routing.evaluate import holds
from app.routing.model import BY_TABLE, COMMUNE_OFFICE, Decision, Facts
from app.routing.phrases import phrase_key
from app.routing.read_conditions import World
from app.routing.read_rules import Rule
from app.routing.seen import Seen
from app.routing.wording import Wording


class Said(Struct, frozen=True):
    """One sentence in both languages."""

    vi: str
    en: str

    def text(self, lang: Lang) -> str:
        return self.en if lang == "en" else self.vi


class Passed(Struct, frozen=True):
    """A rule that was looked at before and did not hold; ``failed``: its first condition that did not."""

    rule: Rule
    failed: Said


class Explanation(Struct, frozen=True):
    """``rule`` decided, by itself the fallback; ``held``: its conditions; ``passed``: the rules before it, in order."""

    facts: Facts
    decision: Decision
    rule: Rule
    held: tuple[Said, ...]
    passed: tuple[Passed, ...]

    def lines(self, lang: Lang) -> list[str]:
        """For a terminal or a page: the decision's sentence, what held, and why not each earlier rule."""
        why = (self.rule.why_en or self.rule.why) if lang == "en" else self.rule.why
        said = [t("routing.explain_rule", lang, rule=self.rule.rule_id, place=_place(self.rule), why=why)]
        said += [f"  ✓ {each.text(lang)}" for each in self.held]
        if self.passed:
            said.append(t("routing.explain_passed", lang, count=len(self.passed)))
        said += [f"  ✗ {each.rule.rule_id} ({_place(each.rule)}): {each.failed.text(lang)}" for each in self.passed]
        return said

    def as_json(self) -> dict[str, Any]:
        """Plain values; times as ISO 8601 on Vietnam's clock."""
        decision = self.decision
        return {
            "rule_set": decision.rule_set,
            "rule": self.rule.rule_id,
            "place": _place(self.rule),
            "category": decision.category,
            "agency": decision.agency_id,
            "co_agencies": list(decision.co_agencies),
            "calls": list(decision.calls),
            "urgency": decision.urgency,
            "visibility": decision.visibility,
            "tags": list(decision.tags),
            "received": self.facts.at.astimezone(VIETNAM).isoformat(),
            "intake_due": decision.intake_due.astimezone(VIETNAM).isoformat(),
            "first_answer_due": _iso(decision),
            "handling": str(decision.handling),
            "handling_due": decision.handling_due.astimezone(VIETNAM).isoformat(),
            "reasons": {"vi": list(decision.reasons), "en": list(decision.reasons_en)},
            "held": [{"vi": each.vi, "en": each.en} for each in self.held],
            "passed": [
                {"rule": each.rule.rule_id, "place": _place(each.rule), "vi": each.failed.vi, "en": each.failed.en}
                for each in self.passed
            ],
        }


def _place(rule: Rule) -> str:
    return f"{rule.spot.file}:{rule.line}"


def _iso(decision: Decision) -> str | None:
    due = decision.first_answer_due
    return due.astimezone(VIETNAM).isoformat() if due else None


class Explainer:
    """Explains one report to one rule set."""

    def __init__(self, wording: Wording, world: World, province: str, facts: Facts, seen: Seen) -> None:
        self._wording = wording
        self._world = world
        self._province = province
        self._facts = facts
        self._seen = seen
        self._found = seen.tokens()

    def failed(self, rule: Rule) -> Said | None:
        """The first thing that keeps the rule from holding; None when it holds."""
        when = rule.when
        if when is None:
            return None
        if not self._holds(when):
            return Said(self._failure(when, "vi"), self._failure(when, "en"))
        needed = needed_by(rule.then.agency, self._world, self._province)
        allowed = all(self._seen.value(dimension) in values for dimension, values in needed.allowed.items())
        refused = any(self._seen.value(dimension) in values for dimension, values in needed.refused.items())
        if allowed and not refused:
            return None
        role = rule.then.agency
        key = "office" if role == COMMUNE_OFFICE else "table" if role.startswith(BY_TABLE) else "department"
        return Said(t(f"routing.nobody_{key}", "vi"), t(f"routing.nobody_{key}", "en"))

    def held(self, rule: Rule) -> tuple[Said, ...]:
        if rule.when is None:
            return ()
        both = zip(self._facts_held(rule.when, "vi"), self._facts_held(rule.when, "en"), strict=True)
        return tuple(dict.fromkeys(Said(vi, en) for vi, en in both))

    def _holds(self, condition: Condition) -> bool:
        return holds(condition, self._seen.value, self._found)

    # ------------------------------------------------------------ what held

    def _facts_held(self, condition: Condition, lang: Lang) -> Iterator[str]:
        """Of a condition that holds: a sentence for each part by which it does."""
        match condition:
            case Among(dimension):
                yield self._wording.value(dimension, self._seen.value(dimension), self._facts, lang)
            case Words(some, each, none):
                present = [key for key in map(phrase_key, (*some, *each)) if key in self._found]
                if present:
                    yield self._wording.tokens(dict.fromkeys(present), lang, held=True)[0]
                if none:
                    yield self._wording.tokens([phrase_key(phrase) for phrase in none], lang, held=False)[0]
            case Marked(marks):
                yield from self._wording.tokens(sorted(marks & self._found), lang, held=True)
            case Named(part, because, because_en):
                yield because_en if lang == "en" else because
                yield from self._facts_held(part, lang)
            case Negated(part):
                yield self._failure(part, lang)
            case Every(parts) | Either(parts):
                for part in parts:
                    if self._holds(part):
                        yield from self._facts_held(part, lang)

    # ------------------------------------------------------------ what failed

    def _failure(self, condition: Condition, lang: Lang) -> str:
        """Of a condition that does not hold: what the report is instead."""
        match condition:
            case Among(dimension, values):
                fact = self._wording.value(dimension, self._seen.value(dimension), self._facts, lang)
                wanted = self._wording.wanted(dimension, values, lang)
                return t("routing.failed_value", lang, wanted=wanted, fact=fact)
            case Words():
                return self._wrong_words(condition, lang)
            case Marked(marks):
                return self._wording.tokens(sorted(marks), lang, held=False)[0]
            case Named(part):
                return self._failure(part, lang)
            case Negated(part):
                return t("routing.failed_not", lang, facts=" ".join(self._facts_held(part, lang)))
            case Every(parts):
                return next(self._failure(part, lang) for part in parts if not self._holds(part))
            case Either(parts):
                return t("routing.failed_any", lang, facts=" ".join(self._failure(part, lang) for part in parts))

    def _wrong_words(self, words: Words, lang: Lang) -> str:
        some, each, none = ([phrase_key(phrase) for phrase in part] for part in (words.any, words.all, words.none))
        missing = [phrase for phrase in each if phrase not in self._found]
        unwanted = [phrase for phrase in none if phrase in self._found]
        if some and not any(phrase in self._found for phrase in some):
            return t("routing.failed_words", lang, words=self._wording.quoted(some))
        if missing:
            return self._wording.tokens(missing, lang, held=False)[0]
        return self._wording.tokens(unwanted, lang, held=True)[0]
