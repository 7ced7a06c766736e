"""Compiled rules: the first clause that holds, at a cost that hardly grows with the number of rules.

Each value of each dimension has a bit set of the clauses that allow it, each token one of the clauses it lets in or
keeps out. A look-up intersects a handful of bit sets; the lowest bit left is the first rule in the file's order. What
costs more than a look-up (reading the text, finding the point on the map) is done only while a clause that asks for it
is left.
"""

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from app.routing.conditions import MARK_KINDS, Clause, Dimension
from app.routing.phrases import PhraseIndex, words_of


class _Table(Struct, frozen=True):
    dimension: Dimension
    by_value: dict[str, int]
    otherwise: int


class _Tokens(Struct):
    """One kind of tokens: ``""`` phrases, else the character they begin with."""

    kind: str
    concerned: int = 0
    without_door: int = 0
    lets_in: dict[str, int] = {}
    keeps_out: dict[str, int] = {}

    def admitted(self, found: frozenset[str]) -> int:
        admitted, refused = self.without_door, 0
        for token in found:
            admitted |= self.lets_in.get(token, 0)
            refused |= self.keeps_out.get(token, 0)
        return admitted & ~refused


class RuleIndex:
    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._every = (1 << len(clauses)) - 1
        self._tables = [_table(dimension, clauses) for dimension in _dimensions(clauses)]
        # Of several needs one opens the door; the others are looked at when the clause is about to win.
        self._also: dict[int, tuple[frozenset[str], ...]] = {}
        doors: list[frozenset[str]] = []
        for at, clause in enumerate(clauses):
            door, *others = sorted(clause.needs, key=_by_cost) or [frozenset[str]()]
            doors.append(door)
            if others:
                self._also[at] = tuple(others)
        kinds = (_tokens(kind, clauses, doors) for kind in ("", *"?~@"))
        self._tokens = [tokens for tokens in kinds if tokens.concerned]
        self._phrases = PhraseIndex(
            token
            for clause in clauses
            for need in (*clause.needs, clause.forbids)
            for token in need
            if not token.startswith(tuple(MARK_KINDS))
        )

    def first(
        self,
        value_of: Callable[[Dimension], str],
        text_folded: str,
        marks_of: Callable[[str], frozenset[str]] = lambda _: frozenset(),
    ) -> int | None:
        """The first clause that holds, counted in the order given. ``value_of`` and ``marks_of`` are asked only for
        what some rule looks at.
        """
        left = self._every
        for table in self._tables:
            left &= table.by_value.get(value_of(table.dimension), table.otherwise)
        found: frozenset[str] = frozenset()
        for tokens in self._tokens:
            if left & tokens.concerned:
                held = marks_of(tokens.kind) if tokens.kind else self.phrases_in(text_folded)
                left &= tokens.admitted(held)
                found |= held
        while left:
            lowest = left & -left
            position = lowest.bit_length() - 1
            if not any(need.isdisjoint(found) for need in self._also.get(position, ())):
                return position
            left ^= lowest
        return None

    def overlapping(self, clause: Clause) -> int:
        """The bit set of clauses that share a value with this one wherever both name some."""
        left = self._every
        for table in self._tables:
            if values := clause.allowed.get(table.dimension):
                shared = 0
                for value in values:
                    shared |= table.by_value.get(value, table.otherwise)
                left &= shared
        return left

    def containing(self, clause: Clause) -> int:
        """The bit set of clauses that allow every value that this one allows. Tokens are not looked at."""
        left = self._every
        for table in self._tables:
            if values := clause.allowed.get(table.dimension):
                for value in values:
                    left &= table.by_value.get(value, table.otherwise)
            else:
                left &= table.otherwise
        return left

    def phrases_in(self, text_folded: str) -> frozenset[str]:
        """The phrases of rules that a text has."""
        return frozenset(hit.phrase for hit in self._phrases.find(words_of(text_folded)))


def kind_of(token: str) -> str:
    """``""`` for a phrase, else the character that marks of this kind begin with."""
    return token[0] if token[0] in MARK_KINDS else ""


def _by_cost(need: frozenset[str]) -> tuple[bool, int]:
    """The text is read anyway, the map is looked at last."""
    return any(token[0] == "@" for token in need), len(need)


def _tokens(kind: str, clauses: Sequence[Clause], doors: Sequence[frozenset[str]]) -> _Tokens:
    lets_in: dict[str, list[int]] = {}
    keeps_out: dict[str, list[int]] = {}
    concerned: list[int] = []
    open_to_all: list[int] = []
    for at, (clause, door) in enumerate(zip(clauses, doors, strict=True)):
        opening = [token for token in door if kind_of(token) == kind]
        refusing = [token for token in clause.forbids if kind_of(token) == kind]
        if refusing or any(kind_of(token) == kind for need in clause.needs for token in need):
            concerned.append(at)
        if not opening:
            open_to_all.append(at)
        for token in opening:
            lets_in.setdefault(token, []).append(at)
        for token in refusing:
            keeps_out.setdefault(token, []).append(at)
    return _Tokens(
        kind,
        _bits(concerned),
        _bits(open_to_all),
        {token: _bits(positions) for token, positions in lets_in.items()},
        {token: _bits(positions) for token, positions in keeps_out.items()},
    )


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
