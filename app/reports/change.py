"""One act on a report while it is being worked out. Pure: no I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.accounts.model import Actor
from app.attachments.model import Attachment, FileClaim
from app.history.model import Fact, Kind, digest
from app.reports.clock import Clock
from app.reports.judging import facts_of, limits_for
from app.reports.model import Audience, Direction, Form, Message, MessageKind, Picture, Report, Stage, Status, Urgency
from app.reports.proof import Seen
from app.routing.limits import Limit, parse_limit
from app.routing.model import Decision
from app.routing.ruleset import RuleSet


class Part(Struct, frozen=True):
    """A report that is split off from another one, and how its history begins."""

    report: Report
    facts: tuple[Fact, ...]


class End(Struct, frozen=True):
    """How a part ended: its words to the public or the reporter, and what the result shows (hashes in hex)."""

    report_id: UUID
    status: Status
    category: str
    agency_id: str
    words: str
    photos: tuple[str, ...] = ()


class Family(Struct, kw_only=True):
    """The report that a part belongs to, and what becomes of it. ``ends``: all its parts as they are after the act;
    ``names`` of their agencies in the reporter's language; ``photos``: of the common result."""

    whole: Report
    report: Report
    ends: list[End]
    names: Mapping[str, str]
    facts: list[Fact] = []
    messages: list[Message] = []
    photos: list[str] = []

    def set(self, **values: Any) -> None:
        self.report = msgspec.structs.replace(self.report, **values)


class Change(Struct, kw_only=True):
    """One act being worked out. Effects replace ``report`` and add to ``facts`` and ``messages``."""

    seen: Report
    report: Report
    actor: Actor
    form: Form
    at: datetime
    rules: RuleSet
    target: Report | None = None
    supervisor: str | None = None
    """The agency above the report's own, when the act needs it."""
    clock: Clock | None = None
    """How the handling clock ran so far, when the act needs it."""
    proposal: dict[str, Any] | None = None
    """The agency that the rules proposed since the report was last handed on."""
    has_photo: bool = False
    directions: list[Direction] = []
    """The leaders' directions that are open, when the act needs them."""
    pictures: Sequence[Picture] = ()
    """What the report shows, when the act needs it."""
    mentions: Sequence[UUID] = ()
    """Staff whom the words call into the case."""
    facts: list[Fact] = []
    target_facts: list[Fact] = []
    messages: list[Message] = []
    stage: Stage = "info"
    attached: Sequence[Attachment] = ()
    """What lies in the case already, when the act needs it."""
    claims: list[FileClaim] = []
    removed: UUID | None = None
    """The attachment that is taken out."""
    parts: list[Part] = []
    """What the report is split into."""
    family: Family | None = None
    """Of a part: the report it belongs to."""
    seen_photos: Sequence[Seen] = ()
    """Photos of any report that are like those of the form, when the act needs it."""

    def set(self, **values: Any) -> None:
        self.report = msgspec.structs.replace(self.report, **values)

    def say(self, kind: MessageKind, visibility: Audience) -> dict[str, Any]:
        """Keep what the form brought; gives how the history refers to it: words by id and digest, photos by hash."""
        said: dict[str, Any] = {}
        if self.form.text:
            words = Message(
                uuid7(), self.at, kind, self.actor.kind, self.actor.id, visibility, self.form.text, self.form.client_key
            )
            self.messages.append(words)
            said = {"message_id": str(words.message_id), "digest": digest(words.body)}
        if self.form.photos:
            said["photos"] = [p.sha256 for p in self.form.photos]
        return said

    def note(self, kind: Kind, data: dict[str, Any] | None = None, *, by_system: bool = False) -> None:
        self.facts.append(Fact(kind, data or {}, by_system))

    def note_on_target(self, kind: Kind) -> None:
        """The other report's side of it, for that one's own history."""
        self.target_facts.append(Fact(kind, {"report": str(self.seen.report_id), "code": self.seen.code}))

    def decide(self, category: str, urgency: Urgency | None = None) -> Decision:
        """What the rules say of the report now, were it of this category; ``urgency`` where a person's word stands."""
        known = category if category in self.rules.categories else None
        return self.rules.decide(
            facts_of(self.report, at=self.at, category=known, urgency=urgency, has_photo=self.has_photo)
        )

    def take_on(self, category: str) -> Decision:
        """Category, urgency and limit as the rules say of the report now. Of the same category, the urgency stays."""
        same = category == self.report.category
        decision = self.decide(category, self.report.urgency if same else None)
        # What was private stays so: that the matter was named wrongly makes nobody's words public.
        visibility = "private" if "private" in (self.report.visibility, decision.visibility) else "public"
        self.set(
            category=category,
            urgency=decision.urgency,
            visibility=visibility,
            handling=str(decision.handling),
            rule_set=decision.rule_set,
            rule_id=decision.rule_id,
        )
        return decision

    def resume_clock(self) -> dict[str, Any]:
        """End a pause: the deadline moves by exactly the office time that the pause took."""
        if self.report.paused_at is None:
            return {}
        limit = parse_limit(self.report.handling)
        due = self.rules.calendar.postpone(self.report.due_at, limit, self.report.paused_at, self.at)
        self.set(paused_at=None, due_at=due)
        return {"due": due.isoformat()}

    def restart_clock(self) -> dict[str, Any]:
        """Count the handling limit afresh from now."""
        due = self.rules.calendar.due(self.at, parse_limit(self.report.handling))
        # What was granted was granted to the clock that ends here.
        self.set(due_at=due, extended_to=None, extension_wanted=None)
        return {"due": due.isoformat()}

    def first_due(self, limit: Limit | None, since: datetime) -> dict[str, Any]:
        """As long as the reporter has heard nothing: by when they should, counted from ``since``. Gives what the
        history says of it where that changes."""
        due = self.rules.calendar.due(since, limit) if limit else None
        if self.report.first_answered_at is not None or due == self.report.first_answer_due_at:
            return {}
        self.set(first_answer_due_at=due)
        return {"first_answer_due": due.isoformat() if due else None, "first_answer": str(limit) if limit else None}

    def first_answer(self) -> dict[str, Any]:
        """These are words to the reporter or the public: the first of them end the wait for an answer."""
        if self.report.first_answered_at is not None:
            return {}
        due = self.report.first_answer_due_at
        self.set(first_answered_at=self.at)
        return {"first_answered": True} | ({"first_answer_on_time": self.at <= due} if due else {})

    def recount(self) -> dict[str, Any]:
        """The deadline by the limit as it is now, from when the clock was started, with the pauses there were."""
        assert self.clock is not None
        due = self.clock.due(self.rules.calendar, parse_limit(self.report.handling))
        self.set(due_at=due)
        return {"due": due.isoformat()}

    def start_over(self) -> dict[str, Any]:
        """Back to the coordinators' desk as if it had just come in: no agency, and both clocks from now."""
        intake_due = self.decide(self.report.category).intake_due
        limit = limits_for(self.rules, self.report, self.report.urgency, has_photo=self.has_photo).first_answer
        self.set(
            status=Status.RECEIVED,
            agency_id=self.rules.coordinator_id,
            assignee_id=None,
            assigned_at=None,
            ended_at=None,
            intake_due_at=intake_due,
            first_answered_at=None,
        )
        first_due = self.first_due(limit, self.at)
        return {"intake_due": intake_due.isoformat()} | first_due | self.restart_clock()

    def back_to_work(self, assignee_id: UUID | None) -> dict[str, Any]:
        """A result that did not stand: what was resolved, closed and rated is open again, with the whole limit."""
        self.set(
            status=Status.IN_PROGRESS,
            assignee_id=assignee_id,
            resolved_at=None,
            ended_at=None,
            rating=None,
            proof_doubts=(),
        )
        return self.restart_clock()
