"""Compiled rules: the first clause that holds, at a cost that hardly grows with the number of rules.

Each value of each dimension has a bit set of the clauses that allow it, each phrase one of the clauses it lets in or
keeps out. A look-up intersects a handful of bit sets; the lowest bit left is the first rule in the file's order.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from app.routing.conditions import Clause, Dimension
from app.routing.phrases import PhraseIndex, words_of


class Match(Struct, frozen=True):
    """``position`` counts clauses in the order given; ``found``: the phrases of all rules that the text has."""

    position: int
    found: frozenset[str]


class _Table(Struct, frozen=True):
    dimension: Dimension
    by_value: dict[str, int]
    otherwise: int


class RuleIndex:
    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._every = (1 << len(clauses)) - 1
        self._tables = [_table(dimension, clauses) for dimension in _dimensions(clauses)]
        self._worded = _bits(at for at, clause in enumerate(clauses) if clause.needs or clause.forbids)
        self._unneeding = _bits(at for at, clause in enumerate(clauses) if not clause.needs)
        self._lets_in: dict[str, int] = {}
        self._keeps_out: dict[str, int] = {}
        # Of several needs one opens the door; the others are looked at when the clause is about to win.
        self._also: dict[int, tuple[frozenset[str], ...]] = {}
        for at, clause in enumerate(clauses):
            door, *others = sorted(clause.needs, key=len) or [frozenset()]
            for phrase in door:
                self._lets_in[phrase] = self._lets_in.get(phrase, 0) | 1 << at
            for phrase in clause.forbids:
                self._keeps_out[phrase] = self._keeps_out.get(phrase, 0) | 1 << at
            if others:
                self._also[at] = tuple(others)
        self._phrases = PhraseIndex({p for c in clauses for need in (*c.needs, c.forbids) for p in need})

    def first(self, value_of: Callable[[Dimension], str], text_folded: str) -> Match | None:
        """The first clause that holds. ``value_of`` is asked only for dimensions that some rule looks at."""
        left = self._every
        for table in self._tables:
            left &= table.by_value.get(value_of(table.dimension), table.otherwise)
        found: frozenset[str] = frozenset()
        if left & self._worded:
            found = frozenset(hit.phrase for hit in self._phrases.find(words_of(text_folded)))
            left &= self._admitted(found)
        while left:
            lowest = left & -left
            position = lowest.bit_length() - 1
            if not any(need.isdisjoint(found) for need in self._also.get(position, ())):
                return Match(position, found)
            left ^= lowest
        return None

    def _admitted(self, found: frozenset[str]) -> int:
        admitted, refused = self._unneeding, 0
        for phrase in found:
            admitted |= self._lets_in.get(phrase, 0)
            refused |= self._keeps_out.get(phrase, 0)
        return admitted & ~refused


def _dimensions(clauses: Sequence[Clause]) -> list[Dimension]:
    return sorted({dimension for clause in clauses for dimension in (*clause.allowed, *clause.refused)})


def _table(dimension: Dimension, clauses: Sequence[Clause]) -> _Table:
    naming: dict[str, list[int]] = {}
    refusing: dict[str, list[int]] = {}
    indifferent: list[int] = []
    for at, clause in enumerate(clauses):
        for value in clause.refused.get(dimension, ()):
            refusing.setdefault(value, []).append(at)
        if dimension in clause.allowed:
            for value in clause.allowed[dimension]:
                naming.setdefault(value, []).append(at)
        else:
            indifferent.append(at)
    otherwise = _bits(indifferent)
    by_value = {
        value: (otherwise | _bits(naming.get(value, ()))) & ~_bits(refusing.get(value, ()))
        for value in naming.keys() | refusing.keys()
    }
    return _Table(dimension, by_value, otherwise)


def _bits(positions: Iterable[int]) -> int:
    """A bit set with these positions, built as bytes: setting bits one by one in a large int copies it each time."""
    kept = list(positions)
    buffer = bytearray(max(kept, default=0) // 8 + 1)
    for position in kept:
        buffer[position // 8] |= 1 << position % 8
    return int.from_bytes(buffer, "little")
