"""A case as the staff on it may see it, whoever shows it then. Who reported it is in none of this."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from app.attachments.model import Attachment
from app.history.model import Event, Kind
from app.reports import proof
from app.reports.model import Message, Picture, PublicCopy, Rating, Report, Status
from app.reports.workflow import Act

_OF_FOLLOWERS = frozenset({Kind.FOLLOWED, Kind.UNFOLLOWED, Kind.VOICE_ADDED, Kind.FOLLOWER_RATED})


class By(Struct):
    """Who: the reporter or a follower (never by name), a member of staff, or the system."""

    kind: Literal["citizen", "follower", "staff", "system"]
    name: str | None = None


class Told(Struct):
    """A message that went out, or did not: by event, channel and what became of it; never to whom, only whether to
    staff or to a citizen."""

    seq: int
    channel: str
    template: str
    status: str
    attempts: int
    reason: str | None
    created_at: datetime
    updated_at: datetime
    to_staff: bool


class FirstAnswer(Struct):
    """The first word to the reporter or the public: a question, progress, the result, or why it is declined. ``due_at``
    is null where the rules set no limit; ``overdue``: nobody has said anything and it is due."""

    due_at: datetime | None
    answered_at: datetime | None
    overdue: bool


class Why(Struct, frozen=True):
    """Why this agency: the rule and its reasons, or the person who decided. ``message_id``: of that person's words."""

    rule: str | None
    rule_set: str | None
    reasons: tuple[str, ...]
    by: By
    message_id: str | None = None


class Proposal(Struct, frozen=True):
    """Who should have it by the rules, since category or place were corrected, and why."""

    agency_id: str
    co_agencies: tuple[str, ...]
    rule: str
    rule_set: str
    reasons: tuple[str, ...]


class CaseFile(Struct, frozen=True, kw_only=True):
    """Everything read for one case. ``events``: oldest first; ``names`` of the staff in it; ``original``: the code of
    the report it was merged into; ``voices``: people behind it, each once; ``ratings``: what followers think of the
    result that stands; ``calls``: agencies the rules call at once; ``acts``: what the reader may do now;
    ``whole``: the report it is a part of; ``parts``: those it was split into; ``deputy``: who stands in
    for the assignee today."""

    report: Report
    messages: list[Message]
    pictures: list[Picture]
    attachments: list[Attachment]
    public: PublicCopy
    events: list[Event]
    told: list[Told]
    names: Mapping[UUID, str]
    usernames: Mapping[UUID, str]
    """Of those whom notes call."""
    original: str | None
    voices: int
    ratings: Mapping[Rating, int]
    calls: tuple[str, ...]
    why: Why
    proposal: Proposal | None
    acts: list[Act]
    whole: Report | None = None
    parts: list[Report] = []
    deputy: str | None = None

    @property
    def recordings(self) -> int:
        """Voice messages the reporter left; none once their data was erased."""
        erased = any(event.kind == Kind.DATA_ERASED for event in self.events)
        return 0 if erased else sum(len(event.data.get("sounds", ())) for event in self.events)

    @property
    def last_proof(self) -> proof.Proof | None:
        """What the last result was proved with."""
        found = (proof.proof_of(event) for event in reversed(self.events) if event.kind == Kind.RESOLVED)
        return next(found, None)

    @property
    def proven(self) -> dict[str, proof.PhotoFacts]:
        """What is known of each photo that was brought with a result, by its hash; the last result's word counts."""
        found = (proof.proof_of(event) for event in self.events)
        return {photo.sha256: photo for each in found if each for photo in each.photos}

    def who_said(self, message: Message) -> By:
        return by(message.author_kind, message.author_id, self.names, follower=message.kind == "voice")

    def who_did(self, event: Event) -> By:
        return by(event.actor_kind, event.actor_id, self.names, follower=event.kind in _OF_FOLLOWERS)


def by(kind: str, actor_id: UUID | None, names: Mapping[UUID, str], *, follower: bool = False) -> By:
    """Staff by name. A citizen's id stays where it is."""
    if follower:
        return By("follower")
    if kind == "staff" and actor_id:
        return By("staff", names.get(actor_id))
    return By("citizen") if kind == "citizen" else By("system")


def why_agency(events: Iterable[Event], names: Mapping[UUID, str]) -> Why:
    """From the last event that chose an agency."""
    why = Why(None, None, (), By("system"))
    for event in events:
        chosen: dict[str, Any] = event.data.get("proposed") or event.data
        if "agency" in chosen or "supervisor" in chosen:
            who = By("system") if "rule" in chosen else by(event.actor_kind, event.actor_id, names)
            grounds = chosen.get("accepts", chosen)
            why = Why(
                grounds.get("rule"),
                grounds.get("rule_set"),
                tuple(grounds.get("reasons", ())),
                who,
                event.data.get("message_id"),
            )
    return why


def finished(status: Status) -> bool:
    """Nobody has to do anything more, unless somebody objects."""
    return status in (Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN)


def overdue(due_at: datetime, paused_at: datetime | None, status: Status, now: datetime) -> bool:
    return paused_at is None and not finished(status) and due_at < now


def first_answer(due_at: datetime | None, answered_at: datetime | None, status: Status, now: datetime) -> FirstAnswer:
    waiting = due_at is not None and answered_at is None and not finished(status)
    return FirstAnswer(due_at, answered_at, waiting and due_at is not None and due_at < now)
