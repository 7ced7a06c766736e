"""A row of the queue and what may be asked of the queue."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from app.reports.workflow import OPEN

PAGE = 50
MANY = 100
"""Counting stops here: whoever has that much to do need not know how much more it is."""

Order = Literal["burns", "finished", "newest"]
"""What burns most first, or the latest finished, or the latest sent."""


class Filter(Struct, frozen=True, kw_only=True):
    """All conditions must hold. ``statuses`` empty: everything still open. ``text`` is matched without accents;
    ``since`` and ``until`` mean when it was sent, the end excluded. ``order`` "finished" is for what is done alone."""

    statuses: tuple[str, ...] = ()
    category: str | None = None
    commune_code: str | None = None
    agency_id: str | None = None
    assignee_id: UUID | None = None
    unassigned: bool = False
    overdue_at: datetime | None = None
    extension_wanted: bool = False
    directed: bool = False
    urgency: str | None = None
    channel: str | None = None
    rating: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    order: Order = "burns"


class QueueRow(Struct, frozen=True):
    """What a queue shows of a report. No trace of the reporter. ``voices``: how many people stand behind it; ``at``:
    where it stands in the order of this queue."""

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
    voices: int
    photo: str | None
    first_answer_due_at: datetime | None
    first_answered_at: datetime | None
    handling: str
    channel: str
    rating: str | None
    tags: tuple[str, ...]
    directed_due_at: datetime | None
    extension_wanted: datetime | None
    finished_at: datetime | None
    agency: str
    agency_en: str
    assignee: str | None
    at: datetime
    origin: tuple[str, ...] | None = None
    """What another system calls itself and the report, where the report comes from there."""

    @property
    def finished(self) -> bool:
        return self.status not in OPEN
