"""Questions of statistics and their answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.stats.measures import Figure, Measure
from app.stats.spread import Spread, added, percentile

HALF_DAY = timedelta(hours=12)
By = Literal["agency", "category", "commune", "channel"]
_A_NOON = datetime(1970, 1, 1, 5, tzinfo=UTC)
"""Noon in Vietnam, which has had no summer time since 1975."""


def slot_of(at: datetime) -> datetime:
    """The beginning of the half day, by Vietnam's clocks, in which a moment lies."""
    return _A_NOON + ((at - _A_NOON) // HALF_DAY) * HALF_DAY


class Question(Struct, frozen=True, kw_only=True):
    """What happened from ``start`` up to before ``end``, as it is known at ``as_of``, which is ``end`` or later.

    Empty filters mean all; the agency "" means the coordinators' desk. ``by``: apart for each of these.
    """

    start: datetime
    end: datetime
    as_of: datetime
    agencies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    by: By | None = None


class Count(Struct, frozen=True):
    """How many, and the seconds of all together where time is counted; ``spread`` of them where it is asked for."""

    n: int = 0
    seconds: int = 0
    spread: Spread = {}

    def __add__(self, other: "Count") -> "Count":
        return Count(self.n + other.n, self.seconds + other.seconds, added(self.spread, other.spread))

    def __sub__(self, other: "Count") -> "Count":
        return Count(self.n - other.n, self.seconds - other.seconds, added(self.spread, other.spread, -1))


Counts = Mapping[Measure, Count]
SHARES = {"median": 0.5, "p90": 0.9}


def value(figure: Figure, counts: Counts) -> float | None:
    """The figure from its counts; None where it has no meaning, as a share of nothing has none."""
    of = sum((counts.get(measure, Count()) for measure in figure.of), Count())
    among = sum((counts.get(measure, Count()) for measure in figure.among), Count())
    match figure.kind:
        case "count":
            return of.n
        case "stock":
            return of.n - among.n
        case "share":
            return 100 * of.n / among.n if among.n else None
        case "mean":
            return of.seconds / of.n / 3600 if of.n else None
        case "median" | "p90":
            seconds = percentile(of.spread, SHARES[figure.kind])
            return None if seconds is None else seconds / 3600


class Answer(Struct, frozen=True):
    """``groups``: the counts of each group that has any; "" alone when nothing was asked apart. ``read_at``: up to when
    the history has been read."""

    question: Question
    groups: dict[str, dict[Measure, Count]]
    read_at: datetime


AGES = (1, 3, 7, 15, 30)
"""Upper bounds, in days since the report was sent, of the classes of open reports' age; a last class lies above."""


class Counted(Struct, frozen=True):
    """One report that a figure counts, with what it counted under. ``at``: when it happened; of a stock, since when it
    is so. ``seconds``: how long it took, where that is counted; of a stock, how long it has been so."""

    report_id: UUID
    code: str
    at: datetime
    agency: str
    category: str
    commune: str
    channel: str
    seconds: int | None


class Listed(Struct, frozen=True):
    """A page of them; ``after`` asks for the next, None behind the last."""

    rows: list[Counted]
    after: str | None


class Difference(Struct, frozen=True):
    """Where the tables say something else than a recount: of a report, or of a sum (``report_id`` None)."""

    report_id: UUID | None
    says: str


class EndedUp(Struct, frozen=True):
    """So many reports are with this agency now; with the operations centre: nobody has been found yet."""

    agency_id: str
    reports: int


class Missent(Struct, frozen=True):
    """A report that a rule sent to the wrong agency: ``chosen``, and where it is now."""

    report_id: UUID
    code: str
    submitted_at: datetime
    category: str
    commune_code: str | None
    commune_name: str
    chosen: str
    agency_id: str
    supervisor_id: str | None
    returned: bool
    transferred: bool
    reclassified: bool


class Misrouting(Struct, frozen=True):
    """How often a rule chose the wrong agency. ``wrong``: returned, transferred, or with another agency now, however it
    got there; ``reclassified``: of those, whose category or place was corrected, so that the fault is not the rule's
    alone; ``ended_up``: where they are now, the most first."""

    rule_id: str
    decided: int
    returned: int
    transferred: int
    wrong: int
    reclassified: int
    share: float
    ended_up: tuple[EndedUp, ...]
