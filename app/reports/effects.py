"""What each act does to a report: the new row, the facts and the words.

Pure: no I/O, so every rule can be tested bare.
"""

from collections.abc import Callable
from typing import Any

from app.accounts.model import Role
from app.history.model import Kind
from app.reports import directions, extension, files, giving, parts, proof, publication, tags
from app.reports.change import Change
from app.reports.judging import limits_for
from app.reports.model import Form, Rating, Report, Status
from app.reports.workflow import MOVES, Act, in_dispute
from app.routing.model import Decision

_RATED = {Rating.SATISFIED, Rating.ACCEPTABLE}


def _accept(c: Change) -> None:
    c.note(Kind.RECEIVED, c.say("note", "staff"))


def _hand_to(c: Change, kind: Kind, extra: dict[str, Any]) -> None:
    """Give the report to the form's agency. The handling clock runs on from the first agency to the next; it starts
    afresh only when nobody had it before or the matter turned out to be another one."""
    category = c.form.category or c.report.category
    another = category != c.report.category
    proposal, first = c.proposal, {}
    if another:
        decision = c.take_on(category)
        proposal, first = _proposed(decision), _first_due(c, decision)
    if proposal and proposal["agency"] == c.form.agency_id:
        grounds = ("rule", "rule_set", "reasons", "calls", "tags")
        extra = extra | {"accepts": {name: proposal[name] for name in grounds if name in proposal}}
    clock = first | (c.restart_clock() if another or c.report.assigned_at is None else {})
    c.set(agency_id=c.form.agency_id, assignee_id=None, assigned_at=c.at, extension_wanted=None)
    c.note(kind, {"agency": c.form.agency_id, "from": c.seen.agency_id, "category": category} | clock | extra)


def _proposed(decision: Decision) -> dict[str, Any]:
    """Who should have it by the rules, and why."""
    return {
        "agency": decision.agency_id,
        "co_agencies": list(decision.co_agencies),
        "rule": decision.rule_id,
        "rule_set": decision.rule_set,
        "reasons": list(decision.reasons),
        "calls": list(decision.calls),
        "tags": list(decision.tags),
    }


def _first_due(c: Change, decision: Decision) -> dict[str, Any]:
    """Another matter may have another limit for the first answer. The reporter waits since they wrote, whatever we
    call the matter, so it is counted from there."""
    assert c.clock is not None
    return c.first_due(decision.first_answer, c.clock.waiting_since)


def _assign(c: Change) -> None:
    _hand_to(c, Kind.ASSIGNED, {"binding": in_dispute(c.report)} | c.say("reason", "staff"))


def _transfer(c: Change) -> None:
    c.set(handovers=c.report.handovers + 1)
    _hand_to(c, Kind.TRANSFERRED, c.say("reason", "staff"))


def _claim(c: Change) -> None:
    c.set(assignee_id=c.actor.id)
    c.note(Kind.ACCEPTED, c.say("note", "staff"))


def _start(c: Change) -> None:
    c.set(assignee_id=c.actor.id or c.report.assignee_id)
    c.note(Kind.STARTED, c.say("note", "staff"))


def _ask(c: Change) -> None:
    c.set(paused_at=c.at, assignee_id=c.report.assignee_id or c.actor.id)
    c.note(Kind.ASKED, c.first_answer() | c.say("question", "reporter"))


def _resume(c: Change) -> None:
    why = "no_answer" if c.actor.kind == "system" else "officer"
    c.note(Kind.RESUMED, {"why": why} | c.resume_clock() | c.say("note", "staff"))


def _return(c: Change) -> None:
    """Back on the coordinators' desk; the history keeps which agency had it and for how long."""
    c.set(handovers=c.report.handovers + 1, assignee_id=None, agency_id=c.rules.coordinator_id, extension_wanted=None)
    c.note(Kind.RETURNED, {"agency": c.seen.agency_id} | c.say("reason", "staff"))


def _progress(c: Change) -> None:
    c.note(Kind.PROGRESS, c.first_answer() | c.say("progress", "public"))


def _resolve(c: Change) -> None:
    c.stage = "after"
    c.set(resolved_at=c.at, assignee_id=c.report.assignee_id or c.actor.id, extension_wanted=None)
    clock: dict[str, Any] = {"on_time": c.at <= c.report.due_at, "due": c.report.due_at.isoformat()}
    if c.report.extended_to is not None:
        clock["extended"] = True
    found = proof.examine(c.report, c.form.photos, len(c.form.documents), c.seen_photos, c.at)
    c.set(proof_doubts=found.doubts)
    said = clock | {"proof": proof.as_data(found)} | files.claim(c, proof=True)
    c.note(Kind.RESOLVED, said | c.first_answer() | c.say("resolution", "public"))


def _confirm_proof(c: Change) -> None:
    """A coordinator has looked at what is odd and lets the result stand."""
    c.set(proof_doubts=())
    c.note(Kind.PROOF_CONFIRMED, {"doubts": list(c.seen.proof_doubts)} | c.say("note", "staff"))


def _close(c: Change) -> None:
    c.set(ended_at=c.at)
    c.note(Kind.CLOSED, {"why": "silence"})


def _reopen(c: Change) -> None:
    clock = c.start_over() if c.report.resolved_at is None else c.back_to_work(c.report.assignee_id)
    c.note(Kind.REOPENED, clock | c.say("reason", "reporter"))


def _reclassify(c: Change) -> None:
    """The matter is another one, or elsewhere. Who should have it now is proposed; that nobody is bypassed, a person
    hands it on. An agency cannot win time by it: only a coordinator's change of the category starts the clock anew."""
    seen, commune = c.seen, c.form.commune
    if commune is not None:
        c.set(
            commune_code=commune.code,
            commune_name=commune.full_name,
            province_code=commune.province_code,
            place_approximate=False,
        )
    another = c.form.category not in (None, seen.category)
    decision = c.take_on(c.form.category or seen.category)
    anew = another and c.actor.role is Role.COORDINATOR
    said = {
        "category": c.report.category,
        "from_category": seen.category,
        "commune": c.report.commune_code,
        "from_commune": seen.commune_code,
        "restarted": anew,
        "proposal": _proposed(decision),
    }
    first = _first_due(c, decision)
    clock = first | (c.restart_clock() if anew else c.recount())
    c.note(Kind.RECLASSIFIED, said | clock | c.say("reason", "staff"))


def _set_urgency(c: Change) -> None:
    """How urgent it is became known now, so the limit for that counts from now: nobody is late for what nobody knew."""
    assert c.form.urgency is not None
    was = c.report.urgency
    before, limits = (limits_for(c.rules, c.report, u, has_photo=c.has_photo) for u in (was, c.form.urgency))
    c.set(urgency=c.form.urgency, handling=str(limits.handling))
    said = {"urgency": c.report.urgency, "was": was, "handling": str(limits.handling)}
    # A limit that is the same for both starts no clock anew: the reporter waits since they wrote.
    first = c.first_due(limits.first_answer, c.at) if limits.first_answer != before.first_answer else {}
    c.note(Kind.URGENCY_SET, said | first | c.restart_clock() | c.say("reason", "staff"))


def _remind(c: Change) -> None:
    """The reporter is reminded once of the question, or of saying what they think of the result."""
    c.note(Kind.REMINDED, {"of": "question" if c.report.status is Status.AWAITING_INFO else "rating"})


def _reject(c: Change) -> None:
    c.set(ended_at=c.at, paused_at=None, extension_wanted=None)
    c.note(Kind.REJECTED, c.first_answer() | c.say("reason", "reporter"))


def _merge(c: Change) -> None:
    assert c.target is not None
    c.set(ended_at=c.at, paused_at=None, extension_wanted=None, duplicate_of=c.target.report_id)
    c.note(Kind.MERGED, {"into": str(c.target.report_id), "code": c.target.code} | c.say("reason", "staff"))
    c.note_on_target(Kind.MERGED_IN)


def _unmerge(c: Change) -> None:
    assert c.target is not None
    c.set(duplicate_of=None, rating=None)
    other = {"from": str(c.target.report_id), "code": c.target.code}
    c.note(Kind.UNMERGED, other | c.start_over() | c.say("reason", "staff"))
    c.note_on_target(Kind.UNMERGED_FROM)


def _publish(c: Change) -> None:
    """Also anew: what is public from now on is what the form says, where it says anything."""
    c.set(published_at=c.at)
    copy = {"public": publication.said_of(c.form.public, c.pictures)} if c.form.public else {}
    c.note(Kind.PUBLISHED, copy | c.say("note", "staff"))


def _unpublish(c: Change) -> None:
    c.set(published_at=None)
    c.note(Kind.UNPUBLISHED, c.say("note", "staff"))


def _note(c: Change) -> None:
    called = {"mentions": [str(one) for one in c.mentions]} if c.mentions else {}
    c.note(Kind.NOTED, called | c.say("note", "staff"))


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
    Act.GIVE: giving.give,
    Act.RELEASE: giving.release,
    Act.START: _start,
    Act.ASK: _ask,
    Act.RESUME: _resume,
    Act.RETURN: _return,
    Act.TRANSFER: _transfer,
    Act.PROGRESS: _progress,
    Act.RESOLVE: _resolve,
    Act.CONFIRM_PROOF: _confirm_proof,
    Act.CLOSE: _close,
    Act.REOPEN: _reopen,
    Act.RECLASSIFY: _reclassify,
    Act.SET_URGENCY: _set_urgency,
    Act.ASK_EXTENSION: extension.ask,
    Act.GRANT_EXTENSION: extension.grant,
    Act.REFUSE_EXTENSION: extension.refuse,
    Act.REMIND: _remind,
    Act.REJECT: _reject,
    Act.MERGE: _merge,
    Act.UNMERGE: _unmerge,
    Act.SPLIT: parts.split,
    Act.PUBLISH: _publish,
    Act.UNPUBLISH: _unpublish,
    Act.DIRECT: directions.direct,
    Act.REPORT_BACK: directions.report_back,
    Act.LIFT_DIRECTION: directions.lift,
    Act.NOTE: _note,
    Act.TAG: tags.set_tags,
    Act.ATTACH: files.attach,
    Act.DETACH: files.detach,
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
    Act.GIVE: giving.already,
    Act.WITHDRAW: lambda report, _: report.status is Status.WITHDRAWN,
    Act.RATE: lambda report, form: report.rating == form.rating and not form.text,
    Act.CLOSE: lambda report, _: report.status is Status.CLOSED,
    Act.RESUME: lambda report, _: report.status is Status.IN_PROGRESS,
    Act.RECLASSIFY: lambda report, form: (
        form.category in (None, report.category)
        and (form.commune is None or form.commune.code == report.commune_code)
        and not (form.commune and report.place_approximate)
        and not (form.category is None and form.commune is None)
    ),
    Act.SET_URGENCY: lambda report, form: report.urgency == form.urgency,
    Act.PUBLISH: lambda report, form: report.published_at is not None and form.public is None,
    Act.UNPUBLISH: lambda report, _: report.published_at is None,
    Act.TAG: tags.already,
}
"""Acts that may be repeated without harm: when the wish is already so, nothing is written and nobody is told again."""
