"""A row of the queue and what may be asked of the queue."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

PAGE = 50


class Filter(Struct, frozen=True, kw_only=True):
    """All conditions must hold. ``statuses`` empty: everything still open. ``text`` is matched without accents."""

    statuses: tuple[str, ...] = ()
    category: str | None = None
    commune_code: str | None = None
    agency_id: str | None = None
    assignee_id: UUID | None = None
    overdue_at: datetime | None = None
    extension_wanted: bool = False
    text: str = ""


class QueueRow(Struct, frozen=True):
    """What a queue shows of a report. No trace of the reporter."""

    report_id: UUID
    code: str
    version: int
    status: str
    category: str
    body: str
    commune_name: str
    address: str
    agency_id: str
    assignee_id: UUID | None
    urgency: str
    submitted_at: datetime
    due_at: datetime
    paused_at: datetime | None
    photo: str | None
    first_answer_due_at: datetime | None = None
    first_answered_at: datetime | None = None


class EndedUp(Struct, frozen=True):
    """So many reports are with this agency now; with the operations centre: nobody has been found yet."""

    agency_id: str
    reports: int


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
