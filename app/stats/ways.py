"""How a report found its way between the agencies: which rule sent it where, and how often it was handed on. Pure."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from app.history.model import Event, Happened, Kind
from app.stats.life import DESK, holder

_ASSIGNED, _RECLASSIFIED, _RETURNED, _TRANSFERRED = Kind.ASSIGNED, Kind.RECLASSIFIED, Kind.RETURNED, Kind.TRANSFERRED
_MOVES = frozenset({_RETURNED, _TRANSFERRED})
AGAIN = 2
"""Returns and transfers after which a report is said to go round: from then on it is a dispute over competence."""


class Way(Struct, frozen=True, gc=False):
    """``rule`` sent it to ``chosen``; "" where no rule decided.

    ``ended_up``: of what a rule sent wrongly, who has it now (``DESK``: nobody has been found yet), else None. Wrong is
    what was returned, transferred, or is with another agency now, however it got there. ``again_at`` and ``last_at``:
    when it was handed on for the second time and for the last.
    """

    sent: datetime
    rule: str
    chosen: str
    ended_up: str | None
    returned: bool
    transferred: bool
    reclassified: bool
    again_at: datetime | None
    last_at: datetime | None


def way_of(events: Sequence[Event | Happened]) -> Way | None:
    """``events``: a report's history as ``occurrences`` wants it. None for what no rule sent anywhere and nobody handed
    on twice."""
    rule, chosen, agency = "", DESK, DESK
    returned = transferred = reclassified = False
    moves: list[datetime] = []
    for event in events:
        kind = event.kind
        agency = holder(agency, event)
        if kind == _ASSIGNED and event.data.get("at_intake"):
            rule, chosen = str(event.data["rule"]), agency
        elif kind == _RECLASSIFIED:
            reclassified = True
        elif kind in _MOVES:
            moves.append(event.at)
            returned, transferred = returned or kind == _RETURNED, transferred or kind == _TRANSFERRED
    if not rule and len(moves) < AGAIN:
        return None
    return Way(
        sent=events[0].at,
        rule=rule,
        chosen=chosen,
        ended_up=agency if rule and (moves or agency != chosen) else None,
        returned=returned,
        transferred=transferred,
        reclassified=reclassified,
        again_at=moves[AGAIN - 1] if len(moves) >= AGAIN else None,
        last_at=moves[-1] if moves else None,
    )
