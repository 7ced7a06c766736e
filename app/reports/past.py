"""What another system knows of a report, made a report of ours: its history has its own times, and nobody is told.

What happened elsewhere stands in the history at the time it happened; ``known`` says since when we know of it, where
figures of that time may have been given out before (``app.history.model.known_at``). Every such event names its run
(``import``). The last one, ``imported``, says where the report comes from, and starts the clocks of a report that is
still open: nobody here could have been late with it before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn
from app.errors import Invalid
from app.history.model import NO_HASH, ActorKind, Event, Fact, Kind, chain, digest, from_elsewhere
from app.i18n import Lang
from app.i18n.text import fold, nfc
from app.places.gazetteer import Gazetteer
from app.reports import codes, store_past
from app.reports.intake import ADDRESS_MOST, Located, check_contact, facts_for, locate, row_of, search_text
from app.reports.model import (
    LOOK_FIRST,
    TEXT_MAX,
    Channel,
    Contact,
    Message,
    MessageKind,
    NewReport,
    Place,
    Rating,
    Report,
    Status,
)
from app.routing.model import Decision
from app.routing.ruleset import RuleSet
from app.watchwords.model import NONE as NO_WORDS
from app.watchwords.model import WordList

Stage = Literal["open", "assigned", "in_progress", "closed", "rejected", "withdrawn"]
"""How far it has come. ``open``: nobody has it. What was resolved there is ``closed``: here its reporter has no way to
say what they think of it."""
ENDED: frozenset[Stage] = frozenset({"closed", "rejected", "withdrawn"})
_ELSEWHERE = frozenset({"reports.place_missing", "reports.other_province"})
"""Of a place that is no reason to lose a report."""
_NOWHERE = frozenset({"places.point_abroad", "places.point_zero"})
"""Of a point that says nothing."""
_CONSENT = "import"
"""Whoever reported elsewhere agreed there, if at all."""


class Past(Struct, frozen=True, kw_only=True):
    """One report as another system tells of it. Times are aware; None: not said. ``finished_at``: when it got its
    result, was declined or withdrawn; ``answer``: the words of that. ``agency_id`` None: who should have it by the
    rules."""

    number: str
    text: str
    stage: Stage
    submitted_at: datetime
    category: str | None = None
    place: Place = Place()
    channel: Channel = "import"
    lang: Lang = "vi"
    received_at: datetime | None = None
    assigned_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    due: datetime | None = None
    agency_id: str | None = None
    answer: str = ""
    rating: Rating | None = None
    contact: Contact | None = None


class Ground(Struct, frozen=True, kw_only=True):
    """What a whole run shares. ``source``: what the other system is called; ``now``: when it is taken over;
    ``known_before``: what happened before this moment can be in no figure that was given out."""

    rules: RuleSet
    gazetteer: Gazetteer
    secret_key: bytes
    source: str
    run_id: UUID
    now: datetime
    known_before: datetime
    words: WordList = NO_WORDS


class Life(Struct, frozen=True, kw_only=True):
    """All there is to write of one report, or all that has been added to it."""

    number: str
    report: Report
    events: Sequence[Event]
    messages: Sequence[Message] = ()
    secret_hash: bytes = b""
    search_text: str = ""
    contact: Contact | None = None


class _Step(Struct, frozen=True):
    """``words``: said on that occasion, kept as ``said``."""

    at: datetime
    kind: Kind
    data: dict[str, Any] = {}
    said: MessageKind = "reason"
    words: str = ""


def begin(ground: Ground, past: Past) -> Life:
    """A report that was not here before. ``past`` has passed ``intake.check_text``. Raises Invalid for a place, an
    agency or times that cannot be."""
    _check_times(ground, past)
    located = place_of(ground, past.place)
    then = _decide(ground, past, located, past.submitted_at)
    now = then if past.stage in ENDED else _decide(ground, past, located, ground.now)
    report = _first(ground, past, located, then, now)
    facts = [*_steps(ground, past, report, then), _imported(ground, past, now)]
    report, events, messages = _lived(ground, report, (0, NO_HASH), facts)
    return Life(
        number=past.number,
        report=report,
        events=events,
        messages=messages,
        secret_hash=codes.secret_hash(codes.tracking_secret(ground.secret_key, report.report_id)),
        search_text=f"{search_text(report)} {fold(past.number)}",
        contact=_usable(past.contact) if past.contact else None,
    )


def go_on(ground: Ground, past: Past, report: Report, history: Sequence[Event]) -> Life | None:
    """What has happened elsewhere since the report was taken over, as new events behind its last one; None: nothing
    that a history can say, such as other words. Raises Invalid where the other system has gone back on something."""
    _check_times(ground, past)
    then = _decide(ground, past, place_of(ground, past.place), past.submitted_at)
    new = _new(_steps(ground, past, report, then), history)
    if not new and past.agency_id and past.agency_id != report.agency_id and past.stage not in ENDED:
        new = [_Step(ground.now, Kind.ASSIGNED, _to_agency(ground, past, then))]
    if not new:
        return None
    last = history[-1]
    # The clock of an open report has run since it was taken over, and goes on to.
    new = [_Step(max(s.at, last.at), s.kind, _without_due(s), s.said, s.words) for s in new]
    after, events, messages = _lived(ground, report, (last.seq, last.hash), new)
    return Life(number=past.number, report=after, events=events, messages=messages)


_BY_THE_WAY = frozenset({Kind.RECEIVED, Kind.STARTED})


def _new(steps: Sequence[_Step], history: Sequence[Event]) -> list[_Step]:
    """Those that the history does not tell of yet. Raises Invalid where it tells of something that they do not; but who
    says when a report was received or begun as long as it is open may say no more of that once it is finished."""
    told = [event.kind for event in history if from_elsewhere(event) and event.kind != Kind.IMPORTED]
    had = [kind for kind in told if kind not in _BY_THE_WAY]
    new = []
    for step in steps:
        if had and step.kind == had[0]:
            del had[0]
        elif not had and not (step.kind in _BY_THE_WAY and step.kind in told):
            new.append(step)
        elif step.kind not in _BY_THE_WAY:
            break
    if had:
        raise Invalid("importing.went_back", field="status")
    return new


def _without_due(step: _Step) -> dict[str, Any]:
    return {k: v for k, v in step.data.items() if step.kind != Kind.ASSIGNED or k != "due"}


async def write(conn: Conn, lives: Sequence[Life]) -> None:
    """New reports with all that belongs to them. Raises asyncpg.UniqueViolationError when a public code is taken."""
    await store_past.insert(conn, lives, _CONSENT)


async def write_on(conn: Conn, life: Life) -> bool:
    """False: somebody changed the report meanwhile, and nothing was written."""
    return await store_past.advance(conn, life)


def place_of(ground: Ground, place: Place) -> Located:
    """A place that nobody can tell, or that is elsewhere, is kept without a commune; a coordinator sees it."""
    place = msgspec.structs.replace(place, address=nfc(place.address)[:ADDRESS_MOST])
    try:
        return locate(ground.gazetteer, ground.rules, place)
    except Invalid as error:
        said = {problem.key for problem in error.problems}
        if said <= _NOWHERE:
            return place_of(ground, msgspec.structs.replace(place, lat=None, lon=None))
        if not said <= _ELSEWHERE:
            raise
        return Located(place.lat, place.lon, place.address, None, True)


# ---------------------------------------------------------------- pieces


def _check_times(ground: Ground, past: Past) -> None:
    for name in ("submitted_at", "received_at", "assigned_at", "started_at", "finished_at"):
        moment = getattr(past, name)
        if moment is not None and moment > ground.now:
            raise Invalid("importing.in_future", field=name)
    if past.stage in ENDED and past.finished_at is None:
        raise Invalid("importing.end_missing", field="finished_at")
    if past.finished_at is not None and past.finished_at < past.submitted_at:
        raise Invalid("importing.ends_before", field="finished_at")


def _decide(ground: Ground, past: Past, located: Located, at: datetime) -> Decision:
    return ground.rules.decide(facts_for(_as_new(past), located, past.category, at))


def _as_new(past: Past) -> NewReport:
    return NewReport(text=past.text, place=past.place, channel=past.channel, lang=past.lang, consent=True)


def _first(ground: Ground, past: Past, located: Located, then: Decision, now: Decision) -> Report:
    """The row as it is before anything has happened to it. An open one has its limits from now on."""
    return msgspec.structs.replace(
        row_of(_as_new(past), located, then, ground.rules.coordinator_id, past.submitted_at),
        intake_due_at=now.intake_due,
        due_at=_due(ground, past, now),
        handling=str(now.handling),
        updated_at=ground.now,
        first_answer_due_at=now.first_answer_due if past.stage not in ENDED else None,
        tags=(*then.tags, LOOK_FIRST) if ground.words.found(f"{past.text}\n{located.address}") else then.tags,
    )


def _due(ground: Ground, past: Past, decision: Decision) -> datetime:
    """The other system's deadline, but for an open report only one that is still to come."""
    if past.due is not None and (past.stage in ENDED or past.due > ground.now):
        return past.due
    return decision.handling_due


def _steps(ground: Ground, past: Past, report: Report, then: Decision) -> list[_Step]:
    """All that the other system tells, in order and each no earlier than the one before."""
    agency = past.agency_id or then.agency_id
    steps = [_Step(past.submitted_at, Kind.SUBMITTED, _submitted(past, report, then))]
    if past.received_at is not None:
        steps.append(_Step(past.received_at, Kind.RECEIVED))
    if past.stage not in ("open", "withdrawn") and agency != ground.rules.coordinator_id:
        steps.append(_Step(past.assigned_at or steps[-1].at, Kind.ASSIGNED, _to_agency(ground, past, then)))
        if past.stage == "in_progress" or past.started_at is not None:
            steps.append(_Step(past.started_at or steps[-1].at, Kind.STARTED))
    end = past.finished_at
    if past.stage in ENDED:
        assert end is not None
        steps = [msgspec.structs.replace(step, at=min(step.at, end)) for step in steps]
        steps += _ending(past, end, past.due or report.due_at)
    for n in range(1, len(steps)):
        steps[n] = msgspec.structs.replace(steps[n], at=max(steps[n].at, steps[n - 1].at))
    return steps


def _submitted(past: Past, report: Report, then: Decision) -> dict[str, Any]:
    return {
        "channel": past.channel,
        "category": report.category,
        "category_by": "import",
        "commune": report.commune_code,
        "approximate": report.place_approximate,
        "photos": [],
        "message_id": str(report.report_id),
        "digest": digest(report.body),
        "intake_due": then.intake_due.isoformat(),
    }


def _to_agency(ground: Ground, past: Past, then: Decision) -> dict[str, Any]:
    """By the other system's word, else by the rules, with their grounds."""
    said: dict[str, Any] = {"from": ground.rules.coordinator_id, "category": then.category}
    if past.agency_id is None:
        said |= {"rule": then.rule_id, "rule_set": then.rule_set, "reasons": list(then.reasons)}
    if past.assigned_at is None:
        said["untimed"] = True
    if past.stage in ENDED:
        said["due"] = _due(ground, past, then).isoformat()
    return {"agency": past.agency_id or then.agency_id} | said


def _ending(past: Past, end: datetime, due: datetime) -> list[_Step]:
    words = past.answer[:TEXT_MAX]
    if past.stage == "rejected":
        return [_Step(end, Kind.REJECTED, {}, "reason", words)]
    if past.stage == "withdrawn":
        return [_Step(end, Kind.WITHDRAWN)]
    rated = [_Step(end, Kind.RATED, {"rating": str(past.rating)})] if past.rating is not None else []
    resolved = _Step(end, Kind.RESOLVED, {"on_time": end <= due, "due": due.isoformat()}, "resolution", words)
    return [resolved, _Step(end, Kind.CLOSED, {"why": "import"}), *rated]


def _imported(ground: Ground, past: Past, now: Decision) -> _Step:
    said: dict[str, Any] = {"source": ground.source, "number": past.number}
    if past.stage not in ENDED:
        said |= {"due": _due(ground, past, now).isoformat(), "intake_due": now.intake_due.isoformat()}
        if now.first_answer is not None and now.first_answer_due is not None:
            due = now.first_answer_due.isoformat()
            said |= {"first_answer": str(now.first_answer), "first_answer_due": due}
    return _Step(ground.now, Kind.IMPORTED, said)


def _lived(
    ground: Ground, report: Report, last: tuple[int, bytes], steps: Sequence[_Step]
) -> tuple[Report, list[Event], list[Message]]:
    """The report after these steps, and what they leave behind."""
    events: list[Event] = []
    messages: list[Message] = []
    for step in steps:
        data = step.data | {"import": str(ground.run_id)}
        if step.at >= ground.known_before and step.kind != Kind.IMPORTED:
            data["known"] = ground.now.isoformat()
        if step.words:
            visible: Literal["public", "reporter"] = "public" if step.said == "resolution" else "reporter"
            message = Message(uuid7(), step.at, step.said, "system", None, visible, step.words)
            data |= {"message_id": str(message.message_id), "digest": digest(step.words)}
            messages.append(message)
        who: tuple[ActorKind, UUID | None] = ("citizen" if step.kind == Kind.SUBMITTED else "system", None)
        events += chain(report.report_id, last, [Fact(step.kind, data)], at=step.at, actor=who)
        last = (events[-1].seq, events[-1].hash)
        report = _after(report, step)
    return msgspec.structs.replace(report, last_seq=last[0], last_hash=last[1]), events, messages


_ENDS = {Kind.CLOSED: Status.CLOSED, Kind.REJECTED: Status.REJECTED, Kind.WITHDRAWN: Status.WITHDRAWN}


def _after(report: Report, step: _Step) -> Report:
    changed: dict[str, Any] = {}
    match step.kind:
        case Kind.RECEIVED:
            changed = {"status": Status.RECEIVED}
        case Kind.ASSIGNED:
            changed = {"status": Status.ASSIGNED, "agency_id": step.data["agency"], "assigned_at": step.at}
            changed["assignee_id"] = None
        case Kind.STARTED:
            changed = {"status": Status.IN_PROGRESS}
        case Kind.RESOLVED:
            changed = {"status": Status.RESOLVED, "resolved_at": step.at}
        case Kind.RATED:
            changed = {"rating": Rating(step.data["rating"])}
        case Kind.CLOSED | Kind.REJECTED | Kind.WITHDRAWN:
            changed = {"status": _ENDS[step.kind], "ended_at": step.at, "first_answer_due_at": None}
    return msgspec.structs.replace(report, **changed)


def _usable(contact: Contact) -> Contact:
    """Without what is no telephone number, address or name of ours: it is no reason to lose a report either."""
    contact = Contact(nfc(contact.name), nfc(contact.phone), nfc(contact.email))
    wrong = {str(problem.field).removeprefix("contact.") for problem in check_contact(contact)}
    return msgspec.structs.replace(contact, **dict.fromkeys(wrong, ""))
