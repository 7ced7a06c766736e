"""How a report's clocks ran, read from its history. Pure.

At any time the deadline is what the limit gives when it is counted from the clock's last start and put off by the
pauses since; a granted extension is a deadline it is never before. So it can be reckoned again whenever the calendar or
the limit changes, and again to the same end.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct

from app.history.model import Event, Kind
from app.routing.calendar import Calendar
from app.routing.limits import Limit

_MAY_START = frozenset(
    {Kind.SUBMITTED, Kind.ASSIGNED, Kind.TRANSFERRED, Kind.REOPENED, Kind.UNMERGED, Kind.DISPUTED, Kind.URGENCY_SET}
    | {Kind.IMPORTED}
)
"""They start the handling clock when they say what is due; else it runs on."""


class Clock(Struct, frozen=True):
    """When the handling clock was last started, the pauses since that are over, and when the intake clock was.

    ``first``: since when the reporter waits for the first word, where that is not the intake; ``first_limit``: the
    limit last counted with, as the rules file writes it. Asking is a first word itself, so there are no pauses.
    ``extensions``: each granted deadline with the number of pauses that lay before it; later pauses put it off too.
    """

    start: datetime
    intake: datetime
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    first: datetime | None = None
    first_limit: str | None = None
    extensions: tuple[tuple[int, datetime], ...] = ()

    def due(self, calendar: Calendar, limit: Limit) -> datetime:
        """The deadline; while a pause lasts, without that one, as the report's row has it."""
        due = calendar.due(self.start, limit)
        done = 0
        for before, granted in self.extensions:
            due = max(self._paused(calendar, limit, due, done, before), granted)
            done = before
        return self._paused(calendar, limit, due, done, len(self.pauses))

    def _paused(self, calendar: Calendar, limit: Limit, due: datetime, first: int, last: int) -> datetime:
        for paused_at, resumed_at in self.pauses[first:last]:
            due = calendar.postpone(due, limit, paused_at, resumed_at)
        return due

    @property
    def waiting_since(self) -> datetime:
        return self.first or self.intake

    def first_answer_due(self, calendar: Calendar, limit: Limit | None) -> datetime | None:
        return calendar.due(self.waiting_since, limit) if limit else None


def clock_of(events: Iterable[Event]) -> Clock:
    """``events``: the report's whole history, oldest first."""
    start = intake = first = first_limit = paused_at = None
    pauses: list[tuple[datetime, datetime]] = []
    extensions: list[tuple[int, datetime]] = []
    for event in events:
        first_limit = event.data.get("first_answer", first_limit)
        if event.kind == Kind.SUBMITTED or (event.kind in _MAY_START and "intake_due" in event.data):
            intake, first = event.at, None
        elif event.kind == Kind.URGENCY_SET and "first_answer" in event.data:
            first = event.at
        if event.kind == Kind.SUBMITTED or _starts(event):
            start, paused_at, pauses, extensions = event.at, None, [], []
        elif event.kind == Kind.ASKED:
            paused_at = event.at
        elif event.kind == Kind.RESUMED and paused_at is not None:
            pauses.append((paused_at, event.at))
            paused_at = None
        elif event.kind == Kind.EXTENSION_GRANTED:
            extensions.append((len(pauses), datetime.fromisoformat(event.data["due"])))
    assert start is not None
    assert intake is not None
    return Clock(start, intake, tuple(pauses), first, first_limit, tuple(extensions))


def _starts(event: Event) -> bool:
    if event.kind == Kind.RECLASSIFIED:
        return bool(event.data.get("restarted"))
    return event.kind in _MAY_START and "due" in event.data


def proposal_of(events: Iterable[Event]) -> dict[str, Any] | None:
    """The agency that the rules proposed since the report was last handed on: agency, co_agencies, rule, rule_set and
    reasons; None when there is none."""
    proposal: dict[str, Any] | None = None
    for event in events:
        if event.kind in (Kind.ASSIGNED, Kind.TRANSFERRED):
            proposal = None
        elif event.kind == Kind.RECLASSIFIED:
            proposal = event.data["proposal"]
    return proposal
