"""Webhooks: other systems that are told what happens to reports, and the messages they get. No I/O."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from app.cursors import Moment
from app.history.model import Event, Kind, from_elsewhere
from app.reports.model import Report

State = Literal["active", "paused", "disabled"]
DeliveryState = Literal["waiting", "delivered", "given_up"]
STATES: tuple[DeliveryState, ...] = ("waiting", "given_up", "delivered")

KINDS: tuple[Kind, ...] = (
    Kind.SUBMITTED,
    Kind.RECEIVED,
    Kind.ASSIGNED,
    Kind.STARTED,
    Kind.ASKED,
    Kind.RESUMED,
    Kind.RETURNED,
    Kind.TRANSFERRED,
    Kind.PROGRESS,
    Kind.RESOLVED,
    Kind.RATED,
    Kind.DISPUTED,
    Kind.CLOSED,
    Kind.REOPENED,
    Kind.REJECTED,
    Kind.MERGED,
    Kind.UNMERGED,
    Kind.WITHDRAWN,
    Kind.SPLIT,
    Kind.PUBLISHED,
    Kind.UNPUBLISHED,
    Kind.URGENCY_SET,
    Kind.RECLASSIFIED,
    Kind.EXTENSION_GRANTED,
    Kind.DEADLINE_RECOMPUTED,
)
"""What can be subscribed to. What staff do among themselves, and what concerns a reporter as a person, is not."""
_TELLABLE = frozenset(
    {"agency", "from", "category", "from_category", "commune", "from_commune", "due", "urgency", "was", "on_time"}
    | {"extended", "rating", "into", "code", "supervisor", "binding", "rule", "why", "at_intake"}
)
"""Of an event's data; nothing of it is personal."""
WAITS = tuple(timedelta(seconds=each) for each in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""Before each further attempt, as Standard Webhooks has it: some three days in all."""
_JITTER = 0.2
GIVEN_UP_AFTER = timedelta(days=3)
"""Without a single success a receiver is disabled."""
KNOWN_ERRORS = ("late", "refused", "secret")
"""Why there was no answer: none in time; the address is none of a receiver's; our key does not open the secret."""
OLD_SECRET_KEPT = timedelta(days=1)


class Webhook(Struct, frozen=True, kw_only=True):
    """``kinds`` and ``agencies``: empty means all. ``words``: what everybody may read of a published report goes along.
    ``failing_since``: the first failure after the last success."""

    webhook_id: UUID
    name: str
    url: str
    kinds: tuple[str, ...]
    agencies: tuple[str, ...]
    words: bool
    state: State
    created_at: datetime
    created_by: str
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: Literal["failing", "gone"] | None

    def wants(self, event: Event, agency_id: str) -> bool:
        """``agency_id``: that has the report now. An agency also hears of what was theirs until this event."""
        agencies = {agency_id, event.data.get("from"), event.data.get("agency")}
        return (
            event.kind in KINDS
            and not from_elsewhere(event)
            and (not self.kinds or event.kind in self.kinds)
            and (not self.agencies or bool(agencies & set(self.agencies)))
        )


class Health(Struct, frozen=True):
    """How it goes with a webhook: for how many seconds nothing has reached it, how many messages wait, by how many
    seconds the first of them is late, and how many were given up within a day."""

    name: str
    state: State
    failing: float
    queued: int
    late: float
    given_up: int


class Delivery(Struct, frozen=True, kw_only=True):
    """``tries`` since it was queued last; ``status`` and ``error`` of the last attempt."""

    webhook_id: UUID
    report_id: UUID
    seq: int
    kind: str
    state: DeliveryState
    tries: int
    next_at: datetime
    status: int | None
    error: str
    created_at: datetime
    settled_at: datetime | None
    code: str = ""


Place = tuple[Moment, UUID, int]
"""Where a message stands in the ledger."""


class Tried(Struct, frozen=True):
    """What came of an attempt; ``status`` None: no answer, and ``error`` one of KNOWN_ERRORS, or in a library's words.
    ``after``: how long the receiver asks us to wait."""

    delivery: Delivery
    at: datetime
    status: int | None
    error: str
    ms: int
    after: timedelta | None = None

    @property
    def well(self) -> bool:
        return is_well(self.status)


def is_well(status: int | None) -> bool:
    return status is not None and 200 <= status < 300  # what HTTP calls success


def message_id(report_id: UUID, seq: int) -> str:
    """The same whenever the same fact is sent."""
    return f"{report_id}-{seq}"


def wait(tries: int, after: timedelta | None, waits: tuple[timedelta, ...] = WAITS) -> timedelta | None:
    """Until the next attempt after so many; None: no more. Never all receivers' at the same moment."""
    if tries > len(waits):
        return None
    usual = waits[tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # spreads load, hides nothing
    return max(usual, min(after, timedelta(days=1))) if after else usual


def envelope(event: Event, report: Report, source: str, words: Mapping[str, str] | None = None) -> bytes:
    """A CloudEvents 1.0 event in JSON. Of the event what happened then; of the report how it stands when it is sent.
    No place but the commune, nobody's name, and no words but ``words``."""
    about: dict[str, Any] = {
        "code": report.code,
        "status": report.status,
        "category": report.category,
        "commune": report.commune_code,
        "agency": report.agency_id,
        "urgency": report.urgency,
        "channel": report.channel,
        "submitted_at": report.submitted_at,
        "due_at": report.due_at,
        "resolved_at": report.resolved_at,
        "public": report.published_at is not None and report.visibility == "public",
        "version": report.version,
    }
    if report.part_of is not None:
        about["part"] = True
    data: dict[str, Any] = {"event": event.kind, "seq": event.seq, "by": event.actor_kind, "report": about}
    detail = event.data.get("proposed") or event.data
    data["detail"] = {name: value for name, value in detail.items() if name in _TELLABLE}
    if words:
        data["words"] = words
    return _cloud(message_id(event.report_id, event.seq), f"report.{event.kind}", report.code, source, event.at, data)


def trial(ident: str, source: str, at: datetime) -> bytes:
    return _cloud(ident, "test", "test", source, at, {"event": "test"})


def _cloud(ident: str, kind: str, subject: str, source: str, at: datetime, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": ident,
            "source": source,
            "type": f"vn.phananh.{kind}",
            "subject": subject,
            "time": at,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
