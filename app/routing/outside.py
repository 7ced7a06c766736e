"""Whether somebody asks for something that is no field report: a formal complaint, a denunciation, a procedure.

Which matters these are, by which words they are known and where a person should turn instead is the province's policy:
the groups with ``out_of_scope: true`` in routing_rules.yaml, their keywords and their ``advice``.
"""

from app.routing.guess import clear_guess
from app.routing.model import Category
from app.routing.ruleset import RuleSet

_LEAST, _BESIDE = 0.5, 0.05
"""The likelihood that is needed, and what part of it may speak of a field report."""


def out_of_scope(rules: RuleSet, text: str) -> Category | None:
    """The matter, when the words clearly speak of it and nothing in them speaks of a field report.

    A lamp that is out is a field report, whatever papers its sender mentions beside it.
    """
    guesses = rules.guess_category(text)
    clear = clear_guess(guesses)
    if clear is None or not rules.categories[clear].out_of_scope:
        return None
    first = guesses[0]
    beside = (guess.category_id for guess in guesses if guess.words and guess.score > _BESIDE * first.score)
    if first.score < _LEAST or not first.words or not all(rules.categories[each].out_of_scope for each in beside):
        return None
    return rules.categories[clear]
