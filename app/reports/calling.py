"""Who is called at once. The rules say it when a report comes in, and again where a person accepts what they say of it
later. Pure."""

from collections.abc import Iterable

from app.history.model import Event, Kind


def calls_of(event: Event) -> tuple[str, ...]:
    """The agencies to be called at once because of this event; they come on top of whoever has the report."""
    decided = event.data if event.kind == Kind.SUBMITTED else event.data.get("accepts", {})
    return tuple(decided.get("calls", ()))


def decided(events: Iterable[Event]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Calls and tags of the decision that stands. ``events``: the report's whole history, oldest first."""
    calls: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    for event in events:
        if event.kind == Kind.SUBMITTED or "accepts" in event.data:
            says = event.data.get("accepts", event.data)
            calls, tags = calls_of(event), tuple(says.get("tags", ()))
    return calls, tags
