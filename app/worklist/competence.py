"""A dispute over competence on one page: which agency had the case, for how long, and why it let go of it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.history.model import Event, Kind
from app.routing.calendar import Calendar

How = Literal["returned", "transferred", "assigned"]
_HANDED = frozenset({Kind.ASSIGNED, Kind.TRANSFERRED})


class Holding(Struct, frozen=True):
    """One agency's time with a case. ``until`` None: it has it now. ``office``: office hours passed meanwhile.
    ``ended``: how it lost it, with the ``reason`` that was given ("" where none was) and by whom."""

    agency_id: str
    since: datetime
    until: datetime | None
    office: timedelta
    ended: How | None = None
    reason: str = ""
    by: UUID | None = None


def holdings(
    events: Iterable[Event], words: Mapping[UUID, str], calendar: Calendar, now: datetime
) -> tuple[Holding, ...]:
    """``events``: the whole history, oldest first; ``words``: what was said, by the message's id."""
    done: list[Holding] = []
    held: tuple[str, datetime] | None = None
    for event in events:
        if held is not None and (event.kind in _HANDED or event.kind == Kind.RETURNED):
            how: How = "returned" if event.kind == Kind.RETURNED else "transferred"
            if event.kind == Kind.ASSIGNED:
                how = "assigned"
            message = event.data.get("message_id")
            reason = words.get(UUID(message), "") if message else ""
            office = calendar.office_hours_between(held[1], event.at)
            done.append(Holding(*held, event.at, office, how, reason, event.actor_id))
            held = None
        if event.kind in _HANDED:
            held = event.data["agency"], event.at
    if held is not None:
        done.append(Holding(*held, None, calendar.office_hours_between(held[1], now)))
    return tuple(done)
