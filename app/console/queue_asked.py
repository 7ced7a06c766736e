"""What the queue's address asks for: a tab, filters, a page. The address is all there is to a filter, so that it can be
kept, sent to a colleague and come back to."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from app.accounts.model import Actor, Role
from app.errors import Invalid
from app.i18n.text import nfc
from app.reports.model import Status
from app.reports.tags import tidy
from app.reports.workflow import DESK, OPEN, WORK
from app.routing.calendar import VIETNAM
from app.worklist.model import Filter

_DONE = tuple(str(status) for status in Status if status not in OPEN)
_TABS: dict[Role, tuple[str, ...]] = {
    Role.OFFICER: ("agency", "mine", "unassigned", "overdue", "awaiting", "directed", "done", "all"),
    Role.LEAD: ("agency", "mine", "unassigned", "overdue", "awaiting", "directed", "done", "all"),
    Role.COORDINATOR: ("desk", "open", "returned", "extension", "overdue", "awaiting", "directed", "done", "all"),
    Role.LEADER: ("directed", "open", "overdue", "done", "all"),
}
_OF_TAB: dict[str, Collection[str]] = {
    "done": _DONE,
    "all": tuple(Status),
    "desk": DESK,
    "mine": WORK,
    "unassigned": WORK,
    "awaiting": (Status.AWAITING_INFO,),
    "returned": (Status.RETURNED,),
}
UNCOUNTED = frozenset({"done", "all"})
"""Nobody has to clear these."""
_LONGEST = 200


class Asked(Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """Everything as typed; "" for what is not asked for. ``assignee``: "me" or nobody."""

    tab: str = ""
    status: str = ""
    category: str = ""
    commune: str = ""
    agency: str = ""
    urgency: str = ""
    channel: str = ""
    rating: str = ""
    tag: str = ""
    assignee: str = ""
    since: str = ""
    until: str = ""
    q: str = ""

    def query(self, **changes: str) -> str:
        """The address's query for this with some of it changed, without what is not asked for."""
        said: dict[str, str] = msgspec.to_builtins(self) | changes
        return urlencode({name: value for name, value in said.items() if value})

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters in use, apart from the tab."""
        said: dict[str, str] = msgspec.to_builtins(self)
        return {name: value for name, value in said.items() if value and name != "tab"}


def asked(query: Mapping[str, str], actor: Actor) -> Asked:
    """From an address. A tab that is not the reader's is their first one: the address may be a colleague's."""
    names = [field.encode_name for field in msgspec.structs.fields(Asked)]
    said = {name: nfc(query.get(name, "")[:_LONGEST]) for name in names}
    tabs = tabs_of(actor)
    said["tab"] = said["tab"] if said["tab"] in tabs else tabs[0]
    return msgspec.convert(said, Asked)


def tabs_of(actor: Actor) -> tuple[str, ...]:
    assert actor.role is not None
    return _TABS[actor.role]


def statuses_of(tab: str) -> tuple[str, ...]:
    """Those that a filter by status may choose from."""
    chosen = _OF_TAB.get(tab, OPEN)
    return tuple(str(status) for status in Status if status in chosen)


def filter_of(wanted: Asked, actor: Actor, now: datetime) -> Filter:
    """What the address asks for. Raises Invalid for dates that are none."""
    rest: dict[str, Any] = {
        "category": wanted.category or None,
        "commune_code": wanted.commune or None,
        "agency_id": wanted.agency or None,
        "urgency": wanted.urgency or None,
        "channel": wanted.channel or None,
        "rating": wanted.rating or None,
        "tag": next(iter(tidy([wanted.tag])), None),
        "assignee_id": actor.id if wanted.assignee == "me" else None,
        "since": _day(wanted.since, "from"),
        "until": _day(wanted.until, "to", after=True),
        "text": wanted.q,
    }
    rest |= _of_tab(wanted.tab, actor, now)
    if wanted.status in statuses_of(wanted.tab):
        rest["statuses"] = (wanted.status,)
    return Filter(**rest)


def _of_tab(tab: str, actor: Actor, now: datetime) -> dict[str, Any]:
    match tab:
        case "mine":
            return {"assignee_id": actor.id, "statuses": statuses_of(tab)}
        case "unassigned":
            return {"unassigned": True}
        case "overdue":
            return {"overdue_at": now}
        case "awaiting" | "returned" | "desk":
            return {"statuses": statuses_of(tab)}
        case "extension":
            return {"extension_wanted": True}
        case "directed":
            return {"directed": True}
        case "done":
            return {"statuses": _DONE, "order": "finished"}
        case "all":
            return {"statuses": statuses_of(tab), "order": "newest"}
        case _:
            return {}


def _day(typed: str, field: str, *, after: bool = False) -> datetime | None:
    """Midnight in Vietnam that begins the day, or the one ``after`` it."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        if not 2000 <= day.year < 2200:
            raise ValueError(typed)
        return datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(days=after)
    except ValueError:
        raise Invalid("queue.day_wrong", field=field, day=typed[:20]) from None
