"""Directions from leaders: a leader says what is to be done with a case and by when, the agency reports back. Pure.

A direction is an event; it is open until one that names it ends it, so what is open is read from the history. The
report's row keeps the earliest deadline of the open ones (``directed_due_at``), which puts it on top of the queues. It
changes no status: a case that has ended stays ended, and the coordinators hear of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from app.errors import Conflict, Invalid
from app.history.model import Event, Kind
from app.reports.change import Change
from app.reports.model import Direction
from app.reports.workflow import OPEN

DAYS_MOST = 60
_AHEAD_MOST = timedelta(days=366)
ENDINGS = frozenset({Kind.DIRECTION_ANSWERED, Kind.DIRECTION_LIFTED})


def open_of(events: Iterable[Event]) -> list[Direction]:
    """The open directions of a report, soonest deadline first. ``events``: its whole history, oldest first.

    What was directed before directions had a deadline has no id, and nothing to report on.
    """
    found: dict[str, Direction] = {}
    for event in events:
        named: str = event.data.get("direction", "")
        if event.kind == Kind.DIRECTED and named:
            words = event.data.get("message_id")
            due = datetime.fromisoformat(event.data["due"])
            found[named] = Direction(UUID(named), event.at, due, event.actor_id, UUID(words) if words else None)
        elif event.kind in ENDINGS:
            found.pop(named, None)
    return sorted(found.values(), key=lambda one: (one.due, one.direction_id))


def chosen(open_ones: Sequence[Direction], wanted: UUID | None) -> Direction:
    """The direction that is meant: the one named, or the only one. Raises Invalid, or Conflict when none is open."""
    if not open_ones:
        raise Conflict("reports.no_direction_open")
    if wanted is None and len(open_ones) > 1:
        raise Invalid("reports.needs_direction", field="direction", count=len(open_ones))
    found = next((one for one in open_ones if wanted in (None, one.direction_id)), None)
    if found is None:
        raise Invalid("reports.direction_unknown", field="direction")
    return found


def check_due(days: int | None, due: datetime | None, at: datetime) -> None:
    """Whether that is a deadline for a direction at all. Raises Invalid."""
    if days is not None and not 1 <= days <= DAYS_MOST:
        raise Invalid("reports.direction_days", field="days", most=DAYS_MOST)
    if due is not None and not at < due <= at + _AHEAD_MOST:
        raise Invalid("reports.direction_due", field="due")


def direct(c: Change) -> None:
    due = c.form.due if c.form.due is not None else c.rules.calendar.add_working_days(c.at, c.form.days or 1)
    named = uuid7()
    c.set(directed_due_at=min([due, *(one.due for one in c.directions)]))
    said = {"direction": str(named), "due": due.isoformat(), "ended": c.report.status not in OPEN}
    c.note(Kind.DIRECTED, said | c.say("note", "staff"))


def report_back(c: Change) -> None:
    """What was done. The leader who gave the direction reads it; one who is not content directs again."""
    _end(c, Kind.DIRECTION_ANSWERED)


def lift(c: Change) -> None:
    """Taken back by a leader, not only by the one who gave it: people move on to other posts."""
    _end(c, Kind.DIRECTION_LIFTED)


def _end(c: Change, kind: Kind) -> None:
    over = chosen(c.directions, c.form.direction)
    others = [one.due for one in c.directions if one is not over]
    c.set(directed_due_at=min(others, default=None))
    said = {"direction": str(over.direction_id), "by": str(over.by) if over.by else None, "on_time": c.at <= over.due}
    c.note(kind, said | c.say("note", "staff"))
