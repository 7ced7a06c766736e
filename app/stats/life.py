"""What there is to count in a report's life, worked out from its whole history. Pure.

Each *occurrence* says: this happened then, under this agency, category, commune and channel; and since when and until
when we hold that to be so. A case that is resolved in June and reopened in July was resolved in June for whoever asks
as of the end of June, and was not for whoever asks today. So last month's figures stay what they were, and today's are
true as well.

What is done about a split report is done about its parts: they are open, overdue and handled, each for its agency. The
whole was received once, and it is what its reporter rates and disputes.

What another system's history told us happened at its own time, and we know it since it was taken over where figures of
that time may have been given out before (``known_at``).

A report counts under the category and commune that it has as of the question (a correction moves all of it), and what
an agency did counts for that agency, wherever the report is now.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, structs

from app.history.model import Event, Happened, Kind, known_at
from app.stats.measures import RATINGS, RESOLUTIONS, Measure

DESK = ""
"""Stands for the agency as long as no agency has the report: it is on the coordinators' desk."""


class Occurrence(Struct, gc=False):
    """Whoever has it from here leaves it as it is.

    ``seconds``: how long it took, where that is counted; ``known_until`` None: it holds to this day.

    Of what came into a stock, ``until``: when it left, as far as is known; ``sent``: when the report was.
    """

    measure: Measure
    at: datetime
    known_from: datetime
    known_until: datetime | None
    agency: str
    category: str
    commune: str
    channel: str
    seconds: int | None = None
    until: datetime | None = None
    sent: datetime | None = None


_STANDS_NO_MORE: dict[str, frozenset[Measure]] = {
    Kind.REOPENED: RESOLUTIONS | RATINGS | {Measure.CLOSED, Measure.REJECTED},
    Kind.DISPUTED: RESOLUTIONS | RATINGS,
    Kind.UNMERGED: RATINGS | {Measure.MERGED},
    Kind.RATED: RATINGS,
}
"""What an event takes back from then on."""
_PLAIN: dict[str, Measure] = {
    Kind.RETURNED: Measure.RETURNED,
    Kind.TRANSFERRED: Measure.TRANSFERRED,
    Kind.DISPUTED: Measure.DISPUTED,
    Kind.REOPENED: Measure.REOPENED,
    Kind.EXTENSION_GRANTED: Measure.EXTENDED,
    Kind.DIRECTED: Measure.DIRECTED,
    Kind.REJECTED: Measure.REJECTED,
    Kind.MERGED: Measure.MERGED,
    Kind.WITHDRAWN: Measure.WITHDRAWN,
    Kind.CLOSED: Measure.CLOSED,
}
"""Events that are counted as they come, for the agency that has the report just before."""
_HANDS_ON = frozenset({Kind.ASSIGNED, Kind.TRANSFERRED})
_CORRECTS = _HANDS_ON | {Kind.RECLASSIFIED}
"""Who hands a report on may name its category too."""
_TO_DESK = frozenset({Kind.RETURNED, Kind.SPLIT, Kind.PART_REOPENED})
_TO_DESK_OF_INTAKE = frozenset({Kind.REOPENED, Kind.UNMERGED})
"""There where the limit for intake runs again."""
_OPENS = frozenset({Kind.REOPENED, Kind.UNMERGED, Kind.DISPUTED})
_ACCEPTS = frozenset({Kind.RECEIVED, Kind.ASSIGNED})
_CLOCK_RUNS_ON = frozenset({Kind.RESUMED, Kind.RESOLVED, Kind.DEADLINE_RECOMPUTED})
SETS_CLOCK = frozenset(
    {Kind.SUBMITTED, Kind.ASSIGNED, Kind.TRANSFERRED, Kind.RESUMED, Kind.REOPENED, Kind.UNMERGED, Kind.DISPUTED}
    | {Kind.URGENCY_SET, Kind.RECLASSIFIED, Kind.DEADLINE_RECOMPUTED, Kind.EXTENSION_GRANTED, Kind.IMPORTED}
)
"""What is due according to other events is something else."""
_STOPS = frozenset({Kind.RESOLVED, Kind.REJECTED, Kind.MERGED, Kind.WITHDRAWN})
MATTERS = frozenset(
    {Kind.RECEIVED, Kind.ASKED, Kind.PROGRESS, Kind.RATED, Kind.CLOSED, Kind.SPLIT, Kind.PART_REOPENED, Kind.PART_ENDED}
    | {*_STANDS_NO_MORE, *_PLAIN, *SETS_CLOCK, *_STOPS}
)
"""A life without any other events comes to the same."""
_SUBMITTED, _ASKED, _RESUMED, _RESOLVED, _RATED, _SPLIT, _ASSIGNED, _EXTENDED = (
    Kind.SUBMITTED, Kind.ASKED, Kind.RESUMED, Kind.RESOLVED, Kind.RATED, Kind.SPLIT, Kind.ASSIGNED,
    Kind.EXTENSION_GRANTED,
)  # fmt: skip
_OPEN_IN, _OVERDUE_IN = Measure.OPEN_IN, Measure.OVERDUE_IN
"""By names of our own, and kinds in sets: an enumeration's take ten times as long, tens of times in each life."""


def occurrences(events: Sequence[Event | Happened]) -> list[Occurrence]:
    """``events``: a report's history from its first event on, in order; as far as it has come."""
    life = _Life(events[0])
    for event in events:
        life.live_through(event)
    return life.rows()


def holder(before: str, event: Event | Happened) -> str:
    """Who has a report behind an event: an agency, or the desk."""
    if event.kind in _HANDS_ON:
        return str(event.data["agency"])
    if event.kind in _TO_DESK or (event.kind in _TO_DESK_OF_INTAKE and "intake_due" in event.data):
        return DESK
    return before


class _Life:
    """A report on its way through its history."""

    def __init__(self, submitted: Event | Happened) -> None:
        data = submitted.data
        self._all: list[Occurrence] = []
        self._channel: str = data["channel"]
        self._category: str = data["category"]
        self._commune: str = data.get("commune") or ""
        self._submitted_at = submitted.at
        self._known_at = known_at(submitted)
        self._agency = DESK
        self._open = self._split = False
        self._due: datetime | None = None
        self._due_unextended: datetime | None = None
        self._intake_due: datetime | None = None
        self._accepted = self._assigned = False
        self._paused_at: datetime | None = None
        self._paused_seconds = 0.0
        self._coming: Occurrence | None = None  # overdue from the deadline on, unless something happens before
        self._overdue = False

    def rows(self) -> list[Occurrence]:
        """Without those that nobody who asks at any time could have seen."""
        return [
            row
            for row in self._all
            if row.known_until is None or (row.known_until > row.known_from and row.known_until > row.at)
        ]

    def live_through(self, event: Event | Happened) -> None:
        kind, at = event.kind, event.at
        self._known_at = known_at(event)
        if self._coming is not None and self._coming.at <= at:
            self._coming, self._overdue = None, True
        if gone := _STANDS_NO_MORE.get(kind):
            self._end([row for row in self._all if row.known_until is None and row.measure in gone])
        if plain := _PLAIN.get(kind):
            self._add(plain, at)
        self._move(event)
        self._measure(event)
        if kind in _CORRECTS:
            category = event.data.get("category", self._category)
            commune = event.data.get("commune", self._commune) or ""
            if (category, commune) != (self._category, self._commune):
                self._rekey(category, commune)

    # ------------------------------------------------------------ what happened

    def _measure(self, event: Event | Happened) -> None:
        kind, at, data = event.kind, event.at, event.data
        if "untimed" in data:
            # Another system knew who had it and not since when: no time that could be measured.
            self._accepted = self._assigned = True
        if kind in _ACCEPTS and not self._accepted:
            self._accepted = True
            on_time = self._intake_due is None or at <= self._intake_due
            self._add(Measure.ACCEPTED_ON_TIME if on_time else Measure.ACCEPTED_LATE, at, self._since_submitted(at))
        if kind == _ASSIGNED and not self._assigned:
            self._assigned = True
            self._add(Measure.ASSIGNED, at, self._since_submitted(at))
        if data.get("first_answered"):
            late = data.get("first_answer_on_time") is False
            self._add(Measure.ANSWERED_LATE if late else Measure.ANSWERED_ON_TIME, at, self._since_submitted(at))
        if kind == _RESOLVED and not self._split:
            self._add(self._result(event), at, round((at - self._submitted_at).total_seconds() - self._paused_seconds))
        if kind == _RATED:
            self._add(Measure(f"rated_{data['rating']}"), at)

    def _result(self, event: Event | Happened) -> Measure:
        if not event.data["on_time"]:
            return Measure.RESOLVED_LATE
        before = self._due_unextended
        return Measure.RESOLVED_EXTENDED if before is not None and event.at > before else Measure.RESOLVED_ON_TIME

    def _since_submitted(self, at: datetime) -> int:
        return round((at - self._submitted_at).total_seconds())

    # ------------------------------------------------------------ where it is, and its clock

    def _move(self, event: Event | Happened) -> None:
        """Holder, deadline, pauses, whether it is open; the flows that stocks are counted from follow."""
        kind, at, data = event.kind, event.at, event.data
        proposed = data.get("proposed") or data
        agency, is_open, paused, due = self._agency, self._open, self._paused_at, self._due
        if kind == _SUBMITTED:
            is_open = True
            if not data.get("part_of"):
                self._add(Measure.RECEIVED, at)
        agency = holder(agency, event)
        if kind in _OPENS:
            is_open = True
        elif kind in _STOPS or kind == _SPLIT:
            is_open = False
        elif kind == _ASSIGNED or data.get("back"):
            self._split, is_open = False, True
        self._split = self._split or kind == _SPLIT
        is_open = is_open and not self._split
        if kind == _ASKED:
            paused = at
        elif paused is not None and (kind == _RESUMED or not is_open):
            self._paused_seconds += (at - paused).total_seconds()
            paused = None
        if "intake_due" in data:
            self._intake_due = datetime.fromisoformat(data["intake_due"])
        if kind in SETS_CLOCK and proposed.get("due"):
            due = datetime.fromisoformat(proposed["due"])
            self._extend(kind, event)
        self._now(at, agency, due, paused, is_open=is_open)

    def _extend(self, kind: str, event: Event | Happened) -> None:
        """What the deadline was before more time was granted; a pause or a recount moves it only onwards."""
        if kind == _EXTENDED:
            self._due_unextended = self._due_unextended or datetime.fromisoformat(event.data["due_was"])
        elif kind not in _CLOCK_RUNS_ON:
            self._due_unextended = None  # the clock was started anew

    def _now(self, at: datetime, agency: str, due: datetime | None, paused: datetime | None, *, is_open: bool) -> None:
        moved = (agency, is_open) != (self._agency, self._open)
        clock = (due, paused is not None) != (self._due, self._paused_at is not None)
        if moved or clock:
            self._stop_clock(at)
        if moved and self._open:
            self._leave(at)
        if agency != self._agency:
            received = [row for row in self._all if row.measure is Measure.RECEIVED and row.known_until is None]
            self._all += [structs.replace(row, known_from=self._known_at, agency=agency) for row in received]
            self._end(received)
        self._agency, self._due, self._paused_at = agency, due, paused
        if moved and is_open:
            self._add(_OPEN_IN, at)
        self._open = is_open
        if moved or clock:
            self._start_clock(at)

    def _leave(self, at: datetime) -> None:
        """Out of an agency's hands, or off the desk; what the rules pass on at once was never there."""
        came = self._came(_OPEN_IN)
        if came.at != at:
            self._went(came, at)
            self._add(Measure.OPEN_OUT, at)
        elif came.known_from == self._known_at:
            self._all.remove(came)
        else:
            self._end([came])

    def _came(self, measure: Measure) -> Occurrence:
        for row in reversed(self._all):
            if row.measure is measure and row.known_until is None:
                return row
        raise LookupError(measure)

    def _went(self, came: Occurrence, at: datetime) -> None:
        if self._known_at > at:
            # Whoever asks as of a time before we knew of it sees it there still.
            self._all.append(structs.replace(came, known_from=self._known_at, until=at))
            self._end([came])
        else:
            came.until = at

    def _stop_clock(self, at: datetime) -> None:
        if self._coming is not None:
            if self._known_at > self._coming.at:
                self._end([self._coming])
            else:
                self._all.remove(self._coming)
            self._coming = None
        if self._overdue:
            self._went(self._came(_OVERDUE_IN), at)
            self._add(Measure.OVERDUE_OUT, at)
            self._overdue = False

    def _start_clock(self, at: datetime) -> None:
        if not self._open or self._paused_at is not None or self._due is None:
            return
        if self._due <= at:
            self._add(_OVERDUE_IN, at)
            self._overdue = True
        else:
            self._coming = self._row(_OVERDUE_IN, self._due)
            self._all.append(self._coming)

    # ------------------------------------------------------------ rows

    def _row(self, measure: Measure, at: datetime, seconds: int | None = None) -> Occurrence:
        sent = self._submitted_at if measure is _OPEN_IN or measure is _OVERDUE_IN else None
        return Occurrence(
            measure,
            at,
            self._known_at,
            None,
            self._agency,
            self._category,
            self._commune,
            self._channel,
            seconds,
            None,
            sent,
        )

    def _add(self, measure: Measure, at: datetime, seconds: int | None = None) -> None:
        self._all.append(self._row(measure, at, seconds))

    def _end(self, rows: Iterable[Occurrence]) -> None:
        for row in rows:
            row.known_until = self._known_at

    def _rekey(self, category: str, commune: str) -> None:
        """From now on all of it counts under the corrected category and commune."""
        self._category, self._commune = category, commune
        live = [row for row in self._all if row.known_until is None]
        for row in live:
            moved = structs.replace(row, known_from=self._known_at, category=category, commune=commune)
            row.known_until = self._known_at
            self._all.append(moved)
            if row is self._coming:
                self._coming = moved
