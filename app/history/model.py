"""Facts about a report, in order, chained by hash. What has happened is never changed; only added to."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

ActorKind = Literal["citizen", "staff", "system"]
NO_HASH = bytes(32)


class Kind(StrEnum):
    """Every kind of fact. The value is stored for ever; never reuse or rename one."""

    SUBMITTED = "submitted"
    IMPORTED = "imported"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    GIVEN = "given"
    RELEASED = "released"
    STARTED = "started"
    ASKED = "asked"
    INFO_ADDED = "info_added"
    PHOTOS_ADDED = "photos_added"
    RESUMED = "resumed"
    RETURNED = "returned"
    TRANSFERRED = "transferred"
    PROGRESS = "progress"
    RESOLVED = "resolved"
    PROOF_CONFIRMED = "proof_confirmed"
    RATED = "rated"
    DISPUTED = "disputed"
    CLOSED = "closed"
    REOPENED = "reopened"
    REJECTED = "rejected"
    MERGED = "merged"
    MERGED_IN = "merged_in"
    UNMERGED = "unmerged"
    UNMERGED_FROM = "unmerged_from"
    WITHDRAWN = "withdrawn"
    SPLIT = "split"
    PART_ENDED = "part_ended"
    PART_REOPENED = "part_reopened"
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    VOICE_ADDED = "voice_added"
    FOLLOWER_RATED = "follower_rated"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    DIRECTED = "directed"
    DIRECTION_ANSWERED = "direction_answered"
    DIRECTION_LIFTED = "direction_lifted"
    NOTED = "noted"
    TAGGED = "tagged"
    ATTACHED = "attached"
    DETACHED = "detached"
    URGENCY_SET = "urgency_set"
    RECLASSIFIED = "reclassified"
    DEADLINE_RECOMPUTED = "deadline_recomputed"
    EXTENSION_ASKED = "extension_asked"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    REMINDED = "reminded"
    WARNED = "warned"
    IDENTITY_VIEWED = "identity_viewed"
    DATA_ERASED = "data_erased"
    REPORTER_BLOCKED = "reporter_blocked"
    REPORTER_UNBLOCKED = "reporter_unblocked"


class Fact(Struct, frozen=True):
    """What is about to become history. ``data`` is JSON and holds no personal data: words are kept apart, see
    ``report_messages``, and stand here only by their id and digest."""

    kind: Kind
    data: dict[str, Any] = {}
    by_system: bool = False
    """Whether the system did it in the wake of the actor's act, such as routing what a citizen sent."""


class Event(Struct, frozen=True):
    """One fact with its place in the chain."""

    report_id: UUID
    seq: int
    kind: str
    at: datetime
    actor_kind: ActorKind
    actor_id: UUID | None
    data: dict[str, Any]
    hash: bytes


class Happened(Struct, frozen=True, gc=False):
    """What counts of an event for whoever reads very many."""

    kind: str
    at: datetime
    data: dict[str, Any]


def known_at(event: Event | Happened) -> datetime:
    """Since when we know of it: as soon as it happened, but for what another system's history told us later."""
    known = event.data.get("known")
    return datetime.fromisoformat(known) if known else event.at


def from_elsewhere(event: Event | Happened) -> bool:
    """Whether another system's history told us of it: nobody is to be told as if it had happened here."""
    return "import" in event.data


def digest(text: str) -> str:
    """How the history names words that are kept elsewhere."""
    return hashlib.sha256(text.encode()).hexdigest()


def link(previous: bytes, event: Event) -> bytes:
    """The event's hash: sha256 over the previous hash and the event's canonical JSON (keys sorted, UTF-8, UTC)."""
    body = msgspec.json.encode(
        {
            "report_id": str(event.report_id),
            "seq": event.seq,
            "kind": str(event.kind),
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor_kind": event.actor_kind,
            "actor_id": str(event.actor_id) if event.actor_id else None,
            "data": event.data,
        },
        order="deterministic",
    )
    return hashlib.sha256(previous + body).digest()


def chain(
    report_id: UUID,
    last: tuple[int, bytes],
    facts: Sequence[Fact],
    *,
    at: datetime,
    actor: tuple[ActorKind, UUID | None],
) -> list[Event]:
    """The facts as events behind the last one, given by its (seq, hash); (0, NO_HASH) begins a history."""
    seq, previous = last
    events = []
    for fact in facts:
        seq += 1
        who: tuple[ActorKind, UUID | None] = ("system", None) if fact.by_system else actor
        event = Event(report_id, seq, str(fact.kind), at, *who, fact.data, b"")
        previous = link(previous, event)
        events.append(msgspec.structs.replace(event, hash=previous))
    return events
