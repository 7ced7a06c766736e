"""One report split between several agencies, and brought together again. What is decided here is pure.

Each part is a report of its own: code, agency, deadline, history. The whole stays the citizen's one report: it waits in
progress with the coordinators until its parts are done, tells its reporter of the split and of the common result, and
is what is published, followed, rated and disputed. A part has no reporter, so nobody but staff ever hears of it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.errors import Conflict, Invalid, Problem
from app.history.model import NO_HASH, Fact, Kind, digest
from app.i18n import Lang, t
from app.i18n.text import nfc
from app.reports import codes
from app.reports.change import Change, End, Family, Part
from app.reports.judging import facts_of
from app.reports.model import (
    PARTS_LEAST,
    PARTS_MOST,
    PHOTOS_MAX,
    TEXT_MAX,
    TEXT_MIN,
    Message,
    NewPart,
    Report,
    Status,
)
from app.reports.workflow import ENDED
from app.routing.model import Decision
from app.routing.ruleset import RuleSet

_PROBLEMS_MOST = 12
_BETWEEN = 2  # characters between two parts' answers
DONE = ENDED | {Status.RESOLVED}
"""Nothing is being done about a part any more."""


class Planned(Struct, frozen=True):
    """A part as it would be. ``agency_id``: as named, else by the rules; ``by_rules``: the rules name the same one."""

    new: NewPart
    decision: Decision
    agency_id: str

    @property
    def by_rules(self) -> bool:
        return self.agency_id == self.decision.agency_id


def composed(new: Sequence[NewPart]) -> tuple[NewPart, ...]:
    """The parts as they will be kept."""
    return tuple(msgspec.structs.replace(part, text=nfc(part.text)) for part in new)


def plan(rules: RuleSet, report: Report, new: Sequence[NewPart], at: datetime, *, has_photo: bool) -> list[Planned]:
    """Each part with its agency and deadline by the rules. Raises Invalid with everything that is wrong: the fields are
    ``parts[i].category`` and so on."""
    problems = []
    if not PARTS_LEAST <= len(new) <= PARTS_MOST:
        problems.append(Problem("reports.parts_number", {"least": PARTS_LEAST, "most": PARTS_MOST}, "parts"))
    planned = []
    for number, one in enumerate(new):
        field = f"parts[{number}]"
        if one.category not in rules.categories:
            problems.append(Problem("reports.category_unknown", {"category": one.category[:60]}, f"{field}.category"))
            continue
        if one.text and not TEXT_MIN <= len(one.text) <= TEXT_MAX:
            key = "reports.text_short" if len(one.text) < TEXT_MIN else "reports.text_long"
            said = {"least": TEXT_MIN, "most": TEXT_MAX, "length": len(one.text)}
            problems.append(Problem(key, said, f"{field}.text"))
        own = msgspec.structs.replace(report, body=one.text or report.body)
        decision = rules.decide(facts_of(own, at=at, category=one.category, has_photo=has_photo))
        agency_id = one.agency_id or decision.agency_id
        if agency_id == rules.coordinator_id:
            problems.append(Problem("reports.part_needs_agency", field=f"{field}.agency"))
        planned.append(Planned(one, decision, agency_id))
    if problems:
        raise Invalid.many(problems[:_PROBLEMS_MOST])
    return planned


def split(c: Change) -> None:
    """The parts begin, each with the whole limit of its category; the whole waits for the last of them."""
    planned = plan(c.rules, c.report, c.form.parts, c.at, has_photo=c.has_photo)
    c.parts = [_part(c, one, number) for number, one in enumerate(planned, 1)]
    due = max(part.report.due_at for part in c.parts)
    c.set(
        agency_id=c.rules.coordinator_id,
        assignee_id=None,
        assigned_at=c.report.assigned_at or c.at,
        extension_wanted=None,
        due_at=max(c.report.due_at, due),
        open_parts=len(c.parts),
    )
    listed = [
        {"report": str(one.report_id), "code": one.code, "category": one.category, "agency": one.agency_id}
        for one in (part.report for part in c.parts)
    ]
    said = {"parts": listed, "agency": c.rules.coordinator_id, "due": c.report.due_at.isoformat()}
    c.note(Kind.SPLIT, said | c.say("note", "staff"))


def _part(c: Change, planned: Planned, number: int) -> Part:
    decision, whole = planned.decision, c.seen
    report = msgspec.structs.replace(
        whole,
        report_id=uuid7(),
        code=codes.new_code(),
        version=1,
        last_seq=1,
        last_hash=NO_HASH,
        status=Status.ASSIGNED,
        category=decision.category,
        body=planned.new.text or whole.body,
        agency_id=planned.agency_id,
        assignee_id=None,
        urgency=decision.urgency,
        visibility="private" if "private" in (whole.visibility, decision.visibility) else "public",
        published_at=None,
        rule_set=decision.rule_set,
        rule_id=decision.rule_id,
        assigned_at=c.at,
        intake_due_at=decision.intake_due,
        due_at=decision.handling_due,
        handling=str(decision.handling),
        handovers=0,
        supervisor_id=None,
        updated_at=c.at,
        first_answer_due_at=None,
        first_answered_at=None,
        extension_wanted=None,
        extended_to=None,
        directed_due_at=None,
        tags=decision.tags,
        part_of=whole.report_id,
    )
    made = {
        "part_of": str(whole.report_id),
        "code": whole.code,
        "number": number,
        "channel": report.channel,
        "category": report.category,
        "commune": report.commune_code,
        "approximate": report.place_approximate,
        "photos": [picture.sha256 for picture in c.pictures if picture.added_by == "citizen"],
        "message_id": str(report.report_id),
        "digest": digest(report.body),
        "intake_due": report.intake_due_at.isoformat(),
    }
    given: dict[str, Any] = {"agency": report.agency_id, "from": whole.agency_id, "category": report.category}
    given |= {"urgency": report.urgency, "due": report.due_at.isoformat()}
    if planned.by_rules:
        given |= {"rule": decision.rule_id, "rule_set": decision.rule_set, "reasons": list(decision.reasons)}
    return Part(report, (Fact(Kind.SUBMITTED, made), Fact(Kind.ASSIGNED, given)))


def follow(c: Change) -> None:
    """What an act on a part means for the whole: the last part that ends brings the result, one that is opened again
    takes it back, and a later deadline of a part is one of the whole."""
    family = c.family
    if family is None:
        return
    family.ends = [_as_now(c, end) if end.report_id == c.seen.report_id else end for end in family.ends]
    was, now, whole = c.seen.status in DONE, c.report.status in DONE, family.whole
    about = {"code": c.seen.code, "report": str(c.seen.report_id), "part_agency": c.seen.agency_id}
    if now and not was:
        family.set(open_parts=max(0, whole.open_parts - 1))
        family.facts.append(Fact(Kind.PART_ENDED, about | {"status": c.report.status}))
        if family.report.open_parts == 0 and whole.status not in DONE:
            _bring_together(c, family)
    elif was and not now:
        _begin_again(c, family, about)
    elif not now and c.report.due_at > whole.due_at and whole.open_parts:
        family.set(due_at=c.report.due_at)
        moved = {"why": "part", "due": c.report.due_at.isoformat(), "due_was": whole.due_at.isoformat()}
        family.facts.append(Fact(Kind.DEADLINE_RECOMPUTED, moved, by_system=True))


def _as_now(c: Change, end: End) -> End:
    """How the part that the act is about has ended by it."""
    words = next((message.body for message in c.messages if message.visibility != "staff"), end.words)
    shown = tuple(photo.sha256 for photo in c.form.photos) if c.stage == "after" else ()
    return msgspec.structs.replace(end, status=c.report.status, words=words, photos=(*shown, *end.photos))


def _bring_together(c: Change, family: Family) -> None:
    """All parts have ended: with a result among them that is the whole's result; without any, nobody has done anything,
    and what is to become of it is for a coordinator to say."""
    whole = family.whole
    if not any(end.status in (Status.RESOLVED, Status.CLOSED) for end in family.ends):
        family.set(status=Status.RETURNED, agency_id=c.rules.coordinator_id, paused_at=None)
        family.facts[-1] = msgspec.structs.replace(family.facts[-1], data=family.facts[-1].data | {"back": True})
        return
    words = Message(uuid7(), c.at, "resolution", "system", None, "public", together(family, c.rules, whole.lang))
    family.messages.append(words)
    family.photos = list(dict.fromkeys(sha256 for end in family.ends for sha256 in end.photos))
    data: dict[str, Any] = {"on_time": c.at <= whole.due_at, "due": whole.due_at.isoformat(), "parts": len(family.ends)}
    if whole.extended_to is not None:
        data["extended"] = True
    if whole.first_answered_at is None:
        data["first_answered"] = True
        if whole.first_answer_due_at:
            data["first_answer_on_time"] = c.at <= whole.first_answer_due_at
        family.set(first_answered_at=c.at)
    data |= {"message_id": str(words.message_id), "digest": digest(words.body), "photos": family.photos[:PHOTOS_MAX]}
    family.set(status=Status.RESOLVED, resolved_at=c.at, paused_at=None)
    family.facts.append(Fact(Kind.RESOLVED, data, by_system=True))


def _begin_again(c: Change, family: Family, about: dict[str, Any]) -> None:
    """The whole waits again, and a result that it had no longer stands: its reporter is told why."""
    whole, desk = family.whole, c.rules.coordinator_id
    if whole.status in (Status.DUPLICATE, Status.WITHDRAWN):
        raise Conflict("reports.whole_over", code=whole.code)
    family.set(
        status=Status.IN_PROGRESS,
        agency_id=desk,
        assignee_id=None,
        paused_at=None,
        extension_wanted=None,
        open_parts=whole.open_parts + 1,
        due_at=max(whole.due_at, c.report.due_at),
    )
    family.facts.append(Fact(Kind.PART_REOPENED, about | {"agency": desk}))
    if whole.status not in DONE:
        return
    family.set(resolved_at=None, ended_at=None, rating=None)
    said: dict[str, Any] = {"due": family.report.due_at.isoformat()}
    if c.form.text:
        words = Message(uuid7(), c.at, "reason", "system", None, "reporter", c.form.text)
        family.messages.append(words)
        said |= {"message_id": str(words.message_id), "digest": digest(words.body)}
    family.facts.append(Fact(Kind.REOPENED, said, by_system=True))


def together(family: Family, rules: RuleSet, lang: Lang) -> str:
    """The parts' answers as one: each under its category and agency, as long as there is room for all."""
    said = []
    for end in family.ends:
        category = rules.categories.get(end.category)
        name = end.category if category is None else category.name_en if lang == "en" else category.name
        agency = family.names.get(end.agency_id, end.agency_id)
        key = "reports.part_rejected" if end.status is Status.REJECTED else "reports.part_resolved"
        said.append((t(key, lang, category=name, agency=agency), end.words))
    room = TEXT_MAX // max(1, len(said)) - _BETWEEN
    return "\n\n".join(_fitted(f"{head}\n{words}".strip(), room) for head, words in said)


def _fitted(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
