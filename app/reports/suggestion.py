"""What a coordinator is offered for a report that no agency has: the category its words point to, the agency that the
rules name for it, and how sure that is. Pure; a person decides.
"""

from datetime import datetime

from msgspec import Struct

from app.i18n import Lang
from app.reports.judging import facts_of
from app.reports.model import Report
from app.routing.model import Decision, Guess
from app.routing.ruleset import RuleSet


class Suggestion(Struct, frozen=True):
    """``category``: the one whose agency is offered. ``sure``: how likely the words make it, 0 to 1; None where they
    say nothing of it. ``others``: further categories they point to, the likeliest first. ``agency_id``: None where the
    rules name nobody but the operations centre itself."""

    category: str
    sure: float | None
    others: tuple[Guess, ...]
    agency_id: str | None
    decision: Decision

    def reasons(self, lang: Lang) -> tuple[str, ...]:
        return self.decision.reasons_en if lang == "en" else self.decision.reasons


def suggest(
    rules: RuleSet, report: Report, at: datetime, *, category: str | None = None, has_photo: bool = False
) -> Suggestion:
    """``category``: what the coordinator takes it for. Without one: the report's own, or the likeliest by its words
    where nobody has named any yet. Raises Invalid for a category that the rules do not know."""
    guesses = rules.guess_category(report.body)
    unnamed = report.category == rules.fallback.category or report.category not in rules.categories
    if category is None:
        category = guesses[0].category_id if unnamed and guesses else report.category
    same = category == report.category
    known = category if category in rules.categories or not same else None
    # As in ``Change.take_on``: of another category the urgency is asked anew.
    facts = facts_of(report, at=at, category=known, urgency=report.urgency if same else None, has_photo=has_photo)
    decision = rules.decide(facts)
    nobody = decision.agency_id == rules.coordinator_id
    return Suggestion(
        category=decision.category,
        sure=next((guess.score for guess in guesses if guess.category_id == category), None),
        others=tuple(guess for guess in guesses if guess.category_id != category),
        agency_id=None if nobody else decision.agency_id,
        decision=decision,
    )
