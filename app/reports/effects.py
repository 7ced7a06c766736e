"""What each act does to a report: the new row, the facts and the words.

Pure: no I/O, so every rule can be tested bare.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.accounts.model import Actor
from app.history.model import Fact, Kind, digest
from app.i18n.text import fold
from app.reports.model import Audience, Form, Message, MessageKind, Rating, Report, Stage, Status
from app.reports.workflow import MOVES, Act, in_dispute
from app.routing.limits import parse_limit
from app.routing.model import COMMUNE_KINDS, Decision, Facts
from app.routing.ruleset import RuleSet

_RATED = {Rating.SATISFIED, Rating.ACCEPTABLE}


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
    facts: list[Fact] = []
    target_facts: list[Fact] = []
    messages: list[Message] = []
    stage: Stage = "info"

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

    def decide(self, category: str) -> Decision:
        """What the rules say of the report now, were it of this category."""
        report = self.report
        kind = next((kind for kind in COMMUNE_KINDS if report.commune_name.lower().startswith(f"{kind} ")), None)
        return self.rules.decide(
            Facts(
                at=self.at,
                # A category that has left the rules since counts as none.
                category=category if category in self.rules.categories else None,
                commune_code=report.commune_code,
                commune_name=report.commune_name,
                commune_kind=kind,
                province_code=report.province_code,
                text_folded=fold(report.body),
                channel=report.channel,
                lat=report.lat,
                lon=report.lon,
            )
        )

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
        self.set(due_at=due)
        return {"due": due.isoformat()}

    def start_over(self) -> dict[str, Any]:
        """Back to the coordinators' desk as if it had just come in: no agency, and both clocks from now."""
        intake_due = self.decide(self.report.category).intake_due
        self.set(
            status=Status.RECEIVED,
            agency_id=self.rules.coordinator_id,
            assignee_id=None,
            assigned_at=None,
            ended_at=None,
            intake_due_at=intake_due,
        )
        return {"intake_due": intake_due.isoformat()} | self.restart_clock()

    def back_to_work(self, assignee_id: UUID | None) -> dict[str, Any]:
        """A result that did not stand: what was resolved, closed and rated is open again, with the whole limit."""
        self.set(status=Status.IN_PROGRESS, assignee_id=assignee_id, resolved_at=None, ended_at=None, rating=None)
        return self.restart_clock()


def _accept(c: Change) -> None:
    c.note(Kind.RECEIVED, c.say("note", "staff"))


def _hand_to(c: Change, kind: Kind, extra: dict[str, Any]) -> None:
    """Give the report to the form's agency. The handling clock runs on from the first agency to the next; it starts
    afresh only when nobody had it before or the matter turned out to be another one."""
    category = c.form.category or c.report.category
    another = category != c.report.category
    if another:
        decision = c.decide(category)
        # What was private stays so: that the matter was named wrongly makes nobody's words public.
        visibility = "private" if "private" in (c.report.visibility, decision.visibility) else "public"
        c.set(category=category, handling=str(decision.handling), urgency=decision.urgency, visibility=visibility)
    clock = c.restart_clock() if another or c.report.assigned_at is None else {}
    c.set(agency_id=c.form.agency_id, assignee_id=None, assigned_at=c.at)
    c.note(kind, {"agency": c.form.agency_id, "from": c.seen.agency_id, "category": category} | clock | extra)


def _assign(c: Change) -> None:
    _hand_to(c, Kind.ASSIGNED, {"binding": in_dispute(c.report)} | c.say("reason", "staff"))


def _transfer(c: Change) -> None:
    c.set(handovers=c.report.handovers + 1)
    _hand_to(c, Kind.TRANSFERRED, c.say("reason", "staff"))


def _claim(c: Change) -> None:
    c.set(assignee_id=c.actor.id)
    c.note(Kind.ACCEPTED, c.say("note", "staff"))


def _start(c: Change) -> None:
    c.set(assignee_id=c.actor.id)
    c.note(Kind.STARTED, c.say("note", "staff"))


def _ask(c: Change) -> None:
    c.set(paused_at=c.at, assignee_id=c.report.assignee_id or c.actor.id)
    c.note(Kind.ASKED, c.say("question", "reporter"))


def _resume(c: Change) -> None:
    why = "no_answer" if c.actor.kind == "system" else "officer"
    c.note(Kind.RESUMED, {"why": why} | c.resume_clock() | c.say("note", "staff"))


def _return(c: Change) -> None:
    """Back on the coordinators' desk; the history keeps which agency had it and for how long."""
    c.set(handovers=c.report.handovers + 1, assignee_id=None, agency_id=c.rules.coordinator_id)
    c.note(Kind.RETURNED, {"agency": c.seen.agency_id} | c.say("reason", "staff"))


def _progress(c: Change) -> None:
    c.note(Kind.PROGRESS, c.say("progress", "public"))


def _resolve(c: Change) -> None:
    c.stage = "after"
    c.set(resolved_at=c.at, assignee_id=c.report.assignee_id or c.actor.id)
    clock = {"on_time": c.at <= c.report.due_at, "due": c.report.due_at.isoformat()}
    c.note(Kind.RESOLVED, clock | c.say("resolution", "public"))


def _close(c: Change) -> None:
    c.set(ended_at=c.at)
    c.note(Kind.CLOSED, {"why": "silence"})


def _reopen(c: Change) -> None:
    clock = c.start_over() if c.report.resolved_at is None else c.back_to_work(c.report.assignee_id)
    c.note(Kind.REOPENED, clock | c.say("reason", "reporter"))


def _reject(c: Change) -> None:
    c.set(ended_at=c.at, paused_at=None)
    c.note(Kind.REJECTED, c.say("reason", "reporter"))


def _merge(c: Change) -> None:
    assert c.target is not None
    c.set(ended_at=c.at, paused_at=None, duplicate_of=c.target.report_id)
    c.note(Kind.MERGED, {"into": str(c.target.report_id), "code": c.target.code} | c.say("reason", "staff"))
    c.note_on_target(Kind.MERGED_IN)


def _unmerge(c: Change) -> None:
    assert c.target is not None
    c.set(duplicate_of=None, rating=None)
    other = {"from": str(c.target.report_id), "code": c.target.code}
    c.note(Kind.UNMERGED, other | c.start_over() | c.say("reason", "staff"))
    c.note_on_target(Kind.UNMERGED_FROM)


def _publish(c: Change) -> None:
    c.set(published_at=c.at)
    c.note(Kind.PUBLISHED, c.say("note", "staff"))


def _unpublish(c: Change) -> None:
    c.set(published_at=None)
    c.note(Kind.UNPUBLISHED, c.say("note", "staff"))


def _direct(c: Change) -> None:
    c.note(Kind.DIRECTED, c.say("note", "staff"))


def _note(c: Change) -> None:
    c.note(Kind.NOTED, c.say("note", "staff"))


def _answered(c: Change) -> None:
    """Whatever the citizen adds while an officer waits is the answer."""
    if c.report.status is Status.AWAITING_INFO:
        c.set(status=Status.IN_PROGRESS)
        c.note(Kind.RESUMED, {"why": "answered"} | c.resume_clock(), by_system=True)


def _add_info(c: Change) -> None:
    c.note(Kind.INFO_ADDED, c.say("info", "reporter"))
    _answered(c)


def _add_photos(c: Change) -> None:
    c.note(Kind.PHOTOS_ADDED, c.say("info", "reporter"))
    _answered(c)


def _withdraw(c: Change) -> None:
    c.set(ended_at=c.at)
    c.note(Kind.WITHDRAWN, c.say("reason", "reporter"))


def _rate(c: Change) -> None:
    assert c.form.rating is not None
    c.set(rating=c.form.rating)
    c.note(Kind.RATED, {"rating": c.form.rating} | c.say("rating", "reporter"))
    if c.report.status is Status.RESOLVED and c.form.rating in _RATED:
        c.set(status=Status.CLOSED, ended_at=c.at)
        c.note(Kind.CLOSED, {"why": "confirmed"}, by_system=True)


def _dispute(c: Change) -> None:
    """Back to work, and not silently to the same desk: nobody in the agency has it yet, the one above watches."""
    c.set(supervisor_id=c.supervisor)
    c.note(Kind.DISPUTED, {"supervisor": c.supervisor} | c.back_to_work(None) | c.say("dispute", "reporter"))


EFFECTS: dict[Act, Callable[[Change], None]] = {
    Act.ACCEPT: _accept,
    Act.ASSIGN: _assign,
    Act.CLAIM: _claim,
    Act.START: _start,
    Act.ASK: _ask,
    Act.RESUME: _resume,
    Act.RETURN: _return,
    Act.TRANSFER: _transfer,
    Act.PROGRESS: _progress,
    Act.RESOLVE: _resolve,
    Act.CLOSE: _close,
    Act.REOPEN: _reopen,
    Act.REJECT: _reject,
    Act.MERGE: _merge,
    Act.UNMERGE: _unmerge,
    Act.PUBLISH: _publish,
    Act.UNPUBLISH: _unpublish,
    Act.DIRECT: _direct,
    Act.NOTE: _note,
    Act.ADD_INFO: _add_info,
    Act.ADD_PHOTOS: _add_photos,
    Act.WITHDRAW: _withdraw,
    Act.RATE: _rate,
    Act.DISPUTE: _dispute,
}


def carry_out(act: Act, change: Change) -> None:
    """Work the act out on a change whose act the status table has let pass."""
    to = MOVES[act].to
    if to is not None:
        change.set(status=to)
    EFFECTS[act](change)


ALREADY: dict[Act, Callable[[Report, Form], bool]] = {
    Act.WITHDRAW: lambda report, _: report.status is Status.WITHDRAWN,
    Act.RATE: lambda report, form: report.rating == form.rating and not form.text,
    Act.CLOSE: lambda report, _: report.status is Status.CLOSED,
    Act.RESUME: lambda report, _: report.status is Status.IN_PROGRESS,
    Act.PUBLISH: lambda report, _: report.published_at is not None,
    Act.UNPUBLISH: lambda report, _: report.published_at is None,
}
"""Acts that may be repeated without harm: when the wish is already so, nothing is written and nobody is told again."""
