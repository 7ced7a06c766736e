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
from app.reports.workflow import Act
from app.routing.limits import parse_limit
from app.routing.model import Facts
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
    agency: str | None = None
    """The agency an act leads to by itself: the coordinators' after a return, the supervising one after a dispute."""
    facts: list[Fact] = []
    messages: list[Message] = []
    stage: Stage = "info"

    def set(self, **values: Any) -> None:
        self.report = msgspec.structs.replace(self.report, **values)

    def say(self, kind: MessageKind, visibility: Audience) -> dict[str, Any]:
        """Keep the form's words, if any; gives how the history refers to them."""
        if not self.form.text:
            return {}
        words = Message(
            uuid7(), self.at, kind, self.actor.kind, self.actor.id, visibility, self.form.text, self.form.client_key
        )
        self.messages.append(words)
        return {"message_id": str(words.message_id), "digest": digest(words.body)}

    def note(self, kind: Kind, data: dict[str, Any] | None = None, *, by_system: bool = False) -> None:
        self.facts.append(Fact(kind, data or {}, by_system))

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


def _photos(change: Change) -> dict[str, Any]:
    return {"photos": [p.sha256 for p in change.form.photos]} if change.form.photos else {}


def _accept(c: Change) -> None:
    c.set(status=Status.RECEIVED)
    c.note(Kind.RECEIVED)


def _hand_to(c: Change, kind: Kind, extra: dict[str, Any]) -> None:
    """Give the report to the form's agency. The handling clock runs on from the first agency to the next; it starts
    afresh only when nobody had it before or the matter turned out to be another one."""
    category = c.form.category or c.report.category
    clock: dict[str, Any] = {}
    if category != c.report.category:
        decision = c.rules.decide(_facts(c.report, category, c.at))
        c.set(category=category, handling=str(decision.handling))
    if category != c.seen.category or c.report.assigned_at is None:
        clock = c.restart_clock()
    c.set(status=Status.ASSIGNED, agency_id=c.form.agency_id, assignee_id=None, assigned_at=c.at)
    c.note(kind, {"agency": c.form.agency_id, "from": c.seen.agency_id, "category": category} | clock | extra)


def _facts(report: Report, category: str, at: datetime) -> Facts:
    """The report as the rules engine sees it, were it of this category."""
    return Facts(
        at=at,
        category=category,
        commune_code=report.commune_code,
        commune_name=report.commune_name,
        province_code=report.province_code,
        text_folded=fold(report.body),
        channel=report.channel,
    )


def _assign(c: Change) -> None:
    # A coordinator's assignment is binding: what was handed around before no longer counts as a dispute.
    binding = c.report.handovers >= 2
    c.set(handovers=0)
    _hand_to(c, Kind.ASSIGNED, {"binding": binding} | c.say("reason", "staff"))


def _transfer(c: Change) -> None:
    c.set(handovers=c.report.handovers + 1)
    _hand_to(c, Kind.TRANSFERRED, c.say("reason", "staff"))


def _claim(c: Change) -> None:
    c.set(assignee_id=c.actor.id)
    c.note(Kind.ACCEPTED)


def _start(c: Change) -> None:
    c.set(status=Status.IN_PROGRESS, assignee_id=c.actor.id)
    c.note(Kind.STARTED)


def _ask(c: Change) -> None:
    c.set(status=Status.AWAITING_INFO, paused_at=c.at, assignee_id=c.report.assignee_id or c.actor.id)
    c.note(Kind.ASKED, c.say("question", "reporter"))


def _resume(c: Change) -> None:
    c.set(status=Status.IN_PROGRESS)
    c.note(Kind.RESUMED, c.resume_clock() | {"why": "no_answer" if c.actor.kind == "system" else "officer"})


def _return(c: Change) -> None:
    """Back on the coordinators' desk; the history keeps which agency had it and for how long."""
    c.set(
        status=Status.RETURNED,
        handovers=c.report.handovers + 1,
        assignee_id=None,
        agency_id=c.agency or c.seen.agency_id,
    )
    c.note(Kind.RETURNED, {"agency": c.seen.agency_id} | c.say("reason", "staff"))


def _progress(c: Change) -> None:
    c.note(Kind.PROGRESS, c.say("progress", "public") | _photos(c))


def _resolve(c: Change) -> None:
    c.stage = "after"
    c.set(status=Status.RESOLVED, resolved_at=c.at, assignee_id=c.report.assignee_id or c.actor.id)
    on_time = c.at <= c.report.due_at
    c.note(
        Kind.RESOLVED,
        {"on_time": on_time, "due": c.report.due_at.isoformat()} | c.say("resolution", "public") | _photos(c),
    )


def _close(c: Change) -> None:
    c.set(status=Status.CLOSED, ended_at=c.at)
    c.note(Kind.CLOSED, {"why": "silence"})


def _reopen(c: Change) -> None:
    handled = c.report.status in (Status.RESOLVED, Status.CLOSED)
    c.set(status=Status.IN_PROGRESS if handled else Status.RECEIVED, ended_at=None)
    c.note(Kind.REOPENED, (c.restart_clock() if handled else {}) | c.say("reason", "reporter"))


def _reject(c: Change) -> None:
    c.set(status=Status.REJECTED, ended_at=c.at, paused_at=None)
    c.note(Kind.REJECTED, c.say("reason", "reporter"))


def _merge(c: Change) -> None:
    assert c.target is not None
    c.set(status=Status.DUPLICATE, ended_at=c.at, paused_at=None, duplicate_of=c.target.report_id)
    c.note(Kind.MERGED, {"into": str(c.target.report_id), "code": c.target.code} | c.say("reason", "staff"))


def _unmerge(c: Change) -> None:
    c.set(status=Status.RECEIVED, ended_at=None, duplicate_of=None)
    c.note(Kind.UNMERGED, {"from": str(c.seen.duplicate_of)} | c.say("reason", "staff"))


def _publish(c: Change) -> None:
    c.set(published_at=c.report.published_at or c.at)
    c.note(Kind.PUBLISHED)


def _unpublish(c: Change) -> None:
    c.set(published_at=None)
    c.note(Kind.UNPUBLISHED)


def _direct(c: Change) -> None:
    c.note(Kind.DIRECTED, c.say("note", "staff"))


def _note(c: Change) -> None:
    c.note(Kind.NOTED, c.say("note", "staff"))


def _add_info(c: Change) -> None:
    c.note(Kind.INFO_ADDED, c.say("info", "reporter") | _photos(c))
    if c.report.status is Status.AWAITING_INFO:
        c.set(status=Status.IN_PROGRESS)
        c.note(Kind.RESUMED, c.resume_clock() | {"why": "answered"}, by_system=True)


def _add_photos(c: Change) -> None:
    c.note(Kind.PHOTOS_ADDED, _photos(c))


def _withdraw(c: Change) -> None:
    c.set(status=Status.WITHDRAWN, ended_at=c.at)
    c.note(Kind.WITHDRAWN, c.say("reason", "reporter"))


def _rate(c: Change) -> None:
    assert c.form.rating is not None
    c.set(rating=c.form.rating)
    c.note(Kind.RATED, {"rating": c.form.rating} | c.say("rating", "reporter"))
    if c.report.status is Status.RESOLVED and c.form.rating in _RATED:
        c.set(status=Status.CLOSED, ended_at=c.at)
        c.note(Kind.CLOSED, {"why": "confirmed"}, by_system=True)


def _dispute(c: Change) -> None:
    """Back to work, and not silently to the same desk: the supervising agency watches."""
    c.set(status=Status.IN_PROGRESS, supervisor_id=c.agency)
    c.note(Kind.DISPUTED, {"supervisor": c.agency} | c.restart_clock() | c.say("dispute", "reporter"))


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

ALREADY: dict[Act, Callable[[Report, Form], bool]] = {
    Act.WITHDRAW: lambda report, _: report.status is Status.WITHDRAWN,
    Act.RATE: lambda report, form: report.rating == form.rating and not form.text,
    Act.CLOSE: lambda report, _: report.status is Status.CLOSED,
    Act.RESUME: lambda report, _: report.status is Status.IN_PROGRESS,
    Act.PUBLISH: lambda report, _: report.published_at is not None,
    Act.UNPUBLISH: lambda report, _: report.published_at is None,
}
"""Acts that may be repeated without harm: when the wish is already so, nothing is written and nobody is told again."""


def merged_in(target: UUID, source: Report) -> Fact:
    """The other side of a merge, for the target's own history."""
    return Fact(Kind.MERGED_IN, {"from": str(source.report_id), "code": source.code, "into": str(target)})
