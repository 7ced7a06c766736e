"""A condition asked directly, as it is written. Slower than the compiled rules and independent of them."""

from collections.abc import Callable, Iterator

from app.routing.conditions import Among, Condition, Dimension, Either, Every, Marked, Named, Negated, Words
from app.routing.phrases import phrase_key

Value = Callable[[Dimension], str]


def holds(condition: Condition, value_of: Value, found: frozenset[str]) -> bool:
    """``found``: the tokens that the report has, of all that rules ask for."""
    match condition:
        case Among(dimension, values):
            return value_of(dimension) in values
        case Words(some, each, none):
            return (
                (not some or any(phrase_key(phrase) in found for phrase in some))
                and all(phrase_key(phrase) in found for phrase in each)
                and not any(phrase_key(phrase) in found for phrase in none)
            )
        case Marked(marks):
            return not marks.isdisjoint(found)
        case Named(part):
            return holds(part, value_of, found)
        case Negated(part):
            return not holds(part, value_of, found)
        case Every(parts):
            return all(holds(part, value_of, found) for part in parts)
        case Either(parts):
            return any(holds(part, value_of, found) for part in parts)


def named_that_hold(condition: Condition, value_of: Value, found: frozenset[str]) -> Iterator[Named]:
    """The named conditions by which the whole holds, in the file's order. What stands under ``not`` is left out."""
    match condition:
        case _ if not holds(condition, value_of, found):
            return
        case Named(part):
            yield condition
            yield from named_that_hold(part, value_of, found)
        case Every(parts) | Either(parts):
            for part in parts:
                yield from named_that_hold(part, value_of, found)
        case _:
            pass
