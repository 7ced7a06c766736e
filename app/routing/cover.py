"""Which reports one clause leaves to another: reckoning with clauses as sets of reports.

Exact as long as a report's values and tokens are independent of each other, and then some of what binds them is known
too: closed lists of values, office hours only on working days, a longer phrase holding a shorter one.
"""

from collections.abc import Iterable, Mapping, Sequence

from app.routing.conditions import Clause, Dimension, holds_phrase, join
from app.routing.index import RuleIndex
from app.routing.language import WEEKDAYS
from app.routing.model import CHANNELS, COMMUNE_KINDS, REPORTER_KINDS, URGENCIES

_YES_NO = frozenset({"true", "false"})
_MOST_PIECES = 64
_MOST_COVERING = 200


class Space:
    """All reports there can be. ``communes``: those of the province, where known."""

    def __init__(self, categories: Iterable[str], province: str, communes: Iterable[str] = ()) -> None:
        self.domains: Mapping[Dimension, frozenset[str]] = {
            "category": frozenset(categories),
            "commune_kind": frozenset({*COMMUNE_KINDS, ""}),
            "channel": frozenset(CHANNELS),
            "urgency": frozenset(URGENCIES),
            "has_photo": _YES_NO,
            "reporter_kind": frozenset(REPORTER_KINDS),
            "office_open": _YES_NO,
            "night": _YES_NO,
            "day": frozenset({"working_day", "weekend", "holiday", "closure"}),
            "weekday": frozenset(WEEKDAYS),
        }
        self._province = frozenset({province})
        self._communes = frozenset(communes)

    def settled(self, clause: Clause | None) -> Clause | None:
        """The clause with refusals turned into what is left of closed lists; None when no report can satisfy it."""
        if clause is None:
            return None
        allowed = dict(clause.allowed)
        refused = dict(clause.refused)
        for dimension, domain in self.domains.items():
            if dimension in refused:
                allowed[dimension] = domain - refused.pop(dimension)
            elif dimension in allowed:
                allowed[dimension] &= domain
        if allowed.get("office_open") == frozenset({"true"}):
            allowed["day"] = allowed.get("day", self.domains["day"]) & {"working_day"}
        elif "working_day" not in allowed.get("day", {"working_day"}):
            allowed["office_open"] = allowed.get("office_open", _YES_NO) & {"false"}
        communes = allowed.get("commune")
        if communes is not None and self._communes.issuperset(communes):
            return self._filled(join(Clause(allowed, refused, clause.needs, clause.forbids), self._inside()))
        return self._filled(Clause(allowed, refused, clause.needs, clause.forbids))

    def _inside(self) -> Clause:
        return Clause(allowed={"province": self._province})

    def _filled(self, clause: Clause | None) -> Clause | None:
        return clause if clause is not None and all(clause.allowed.values()) else None

    def both(self, left: Clause, right: Clause) -> Clause | None:
        return self.settled(join(left, right))

    def without(self, whole: Clause, part: Clause) -> list[Clause]:
        """What is left of ``whole`` when the reports of ``part`` are taken out; ``[whole]`` when they share none."""
        if self.both(whole, part) is None:
            return [whole]
        pieces: list[Clause] = []
        rest: Clause | None = whole
        for holding, failing in _halves(part):
            if rest is None:
                break
            outside = self.both(rest, failing)
            if outside is not None:
                pieces.append(outside)
                rest = self.both(rest, holding)
        return pieces

    def remainder(self, whole: Clause, parts: Sequence[Clause]) -> list[Clause] | None:
        """What no part takes; None when that is too complicated to reckon."""
        left = [whole]
        for part in parts[:_MOST_COVERING]:
            left = [piece for each in left for piece in self.without(each, part)]
            if len(left) > _MOST_PIECES:
                return None
            if not left:
                return []
        return left if len(parts) <= _MOST_COVERING else None


def _halves(clause: Clause) -> Iterable[tuple[Clause, Clause]]:
    """Each single condition of a clause, and its opposite."""
    for dimension, values in clause.allowed.items():
        yield Clause(allowed={dimension: values}), Clause(refused={dimension: values})
    for dimension, values in clause.refused.items():
        yield Clause(refused={dimension: values}), Clause(allowed={dimension: values})
    for need in clause.needs:
        yield Clause(needs=(need,)), Clause(forbids=need)
    for token in clause.forbids:
        yield Clause(forbids=frozenset({token})), Clause(needs=(frozenset({token}),))


def contains(whole: Clause, part: Clause) -> bool:
    """Whether surely every report of ``part`` is one of ``whole``."""
    return (
        all(part.allowed.get(d, _ANY) <= values for d, values in whole.allowed.items() if d in part.allowed)
        and whole.allowed.keys() <= part.allowed.keys()
        and all(
            values.isdisjoint(part.allowed[d]) if d in part.allowed else values <= part.refused.get(d, frozenset())
            for d, values in whole.refused.items()
        )
        and all(any(all(_among(token, need) for token in own) for own in part.needs) for need in whole.needs)
        and all(any(holds_phrase(token, own) for own in part.forbids) for token in whole.forbids)
    )


_ANY: frozenset[str] = frozenset()


def _among(token: str, need: frozenset[str]) -> bool:
    """Whether a report with this token satisfies the need."""
    return token in need or any(holds_phrase(token, other) for other in need)


class Shadows:
    """Finds the clauses that no report ever reaches, at a cost that stays small with thousands of rules."""

    def __init__(self, clauses: Sequence[Clause], space: Space, index: RuleIndex) -> None:
        self._clauses = clauses
        self._space = space
        self._index = index

    def over(self, position: int) -> list[int] | None:
        """The earlier clauses that together leave nothing of this one; None when something is left, or may be.

        [] for a clause that no report can satisfy at all.
        """
        clause = self._space.settled(self._clauses[position])
        if clause is None:
            return []
        earlier = (1 << position) - 1
        for other in _positions(self._index.containing(clause) & earlier):
            if contains(self._clauses[other], clause):
                return [other]
        sharing = list(_positions(self._index.overlapping(clause) & earlier, _MOST_COVERING + 1))
        if len(sharing) > _MOST_COVERING:
            return None
        left, by = [clause], []
        for other in sharing:
            now = [piece for each in left for piece in self._space.without(each, self._clauses[other])]
            if now != left:
                by.append(other)
            if not now:
                return by
            if len(now) > _MOST_PIECES:
                return None
            left = now
        return None


def _positions(bits: int, most: int = 1 << 62) -> Iterable[int]:
    while bits and most:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
        most -= 1
