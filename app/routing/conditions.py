"""Conditions: the tree a rule is written as, and the plain clauses it is compiled to.

A clause is one way in which a rule can hold: for each dimension of a report (category, commune, time of day …) the
values it allows or refuses, and the tokens the report must and must not have. A token is a phrase of its text, or a
mark: ``@`` a zone the point is in, ``~`` a period the day is in, ``?`` an answer. ``any`` and ``not`` disappear here,
so the compiled form needs no tree, and a condition that can never hold shows as one without clauses.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from app.routing.phrases import phrase_key

Dimension = Literal[
    "category", "commune", "commune_kind", "province", "channel", "urgency",
    "has_photo", "reporter_kind", "office_open", "night", "day", "weekday",
]  # fmt: skip
MOST_CLAUSES = 100


class Among(Struct, frozen=True):
    """The report's value in this dimension is one of these ("" where it has none, "true"/"false" for yes and no)."""

    dimension: Dimension
    values: frozenset[str]


class Words(Struct, frozen=True):
    """At least one phrase of ``any``, each of ``all``, not one of ``none``. Phrases as written in the file."""

    any: tuple[str, ...] = ()
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()


class Marked(Struct, frozen=True):
    """The report has at least one of these marks."""

    marks: frozenset[str]


class Named(Struct, frozen=True):
    """A condition with its reason in plain words."""

    part: "Condition"
    because: str
    because_en: str


class Every(Struct, frozen=True):
    parts: tuple["Condition", ...]


class Either(Struct, frozen=True):
    parts: tuple["Condition", ...]


class Negated(Struct, frozen=True):
    part: "Condition"


Condition = Among | Words | Marked | Named | Every | Either | Negated
MARK_KINDS = "@~?"


class Clause(Struct, frozen=True):
    """``needs``: of each set the report has at least one token. Phrases as ``phrase_key`` makes them."""

    allowed: Mapping[Dimension, frozenset[str]] = {}
    refused: Mapping[Dimension, frozenset[str]] = {}
    needs: tuple[frozenset[str], ...] = ()
    forbids: frozenset[str] = frozenset()


class TooComplicated(ValueError):
    """A condition with more than ``MOST_CLAUSES`` ways to hold."""


def clauses_of(condition: Condition, wanted: bool = True) -> tuple[Clause, ...]:
    """Every way in which ``condition`` is true (or, not ``wanted``, false). Raises TooComplicated."""
    match condition:
        case Among(dimension, values):
            side = {dimension: values}
            return (Clause(allowed=side) if wanted else Clause(refused=side),)
        case Words():
            return _words(condition, wanted)
        case Marked(marks):
            return (Clause(needs=(marks,)) if wanted else Clause(forbids=marks),)
        case Named(part):
            return clauses_of(part, wanted)
        case Negated(part):
            return clauses_of(part, not wanted)
        case Every(parts) | Either(parts):
            ways = [clauses_of(part, wanted) for part in parts]
            if isinstance(condition, Every) == wanted:
                return _all_at_once(ways)
            return _few(tuple(clause for way in ways for clause in way))


def _words(words: Words, wanted: bool) -> tuple[Clause, ...]:
    some, each, none = ([phrase_key(phrase) for phrase in phrases] for phrases in (words.any, words.all, words.none))
    if wanted:
        needs = ((frozenset(some),) if some else ()) + tuple(frozenset((phrase,)) for phrase in each)
        made = _possible(Clause(needs=needs, forbids=frozenset(none)))
        return (made,) if made else ()
    ways = [Clause(forbids=frozenset((phrase,))) for phrase in each]
    if some:
        ways.append(Clause(forbids=frozenset(some)))
    if none:
        ways.append(Clause(needs=(frozenset(none),)))
    return _few(tuple(ways))


def _all_at_once(ways: list[tuple[Clause, ...]]) -> tuple[Clause, ...]:
    joined: tuple[Clause, ...] = (Clause(),)
    for way in ways:
        if len(joined) * len(way) > MOST_CLAUSES:
            raise TooComplicated
        pairs = (join(left, right) for left in joined for right in way)
        joined = tuple(clause for clause in pairs if clause is not None)
    return joined


def _few(clauses: tuple[Clause, ...]) -> tuple[Clause, ...]:
    if len(clauses) > MOST_CLAUSES:
        raise TooComplicated
    return clauses


def join(left: Clause, right: Clause) -> Clause | None:
    """Both at once; None when they contradict each other."""
    allowed = dict(left.allowed)
    for dimension, values in right.allowed.items():
        allowed[dimension] = allowed.get(dimension, values) & values
    refused = dict(left.refused)
    for dimension, values in right.refused.items():
        refused[dimension] = refused.get(dimension, frozenset()) | values
    needs = left.needs + tuple(need for need in right.needs if need not in left.needs)
    return _possible(Clause(allowed, refused, needs, left.forbids | right.forbids))


def holds_phrase(token: str, other: str) -> bool:
    """Whether a report with ``token`` surely has ``other`` too: itself, or a phrase inside a longer one."""
    return token == other or f" {other} " in f" {token} "


def _possible(clause: Clause) -> Clause | None:
    """The clause in its shortest form, or None when nothing can satisfy it."""
    allowed = {
        dimension: values - clause.refused.get(dimension, frozenset()) for dimension, values in clause.allowed.items()
    }
    refused = {dimension: values for dimension, values in clause.refused.items() if dimension not in allowed}
    needs = clause.needs
    if clause.forbids:
        needs = tuple(
            frozenset(token for token in need if not any(holds_phrase(token, other) for other in clause.forbids))
            for need in needs
        )
    if not all(allowed.values()) or not all(needs):
        return None
    return Clause(allowed, refused, needs, clause.forbids)
