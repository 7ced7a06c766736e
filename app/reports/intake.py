"""``file_report``: the one verb behind every channel that takes a report in.

Photos have been stored before (``app.photos``); everything else happens here and ends in a single SQL statement:
report, photo claims, history and jobs, or none of them. One intake costs one statement; a repeated one two.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from uuid_utils.compat import uuid7

from app.db import Pool
from app.errors import Conflict, Invalid, Problem
from app.history.model import NO_HASH, ActorKind, Fact, Kind, chain, digest
from app.i18n.text import fold, nfc
from app.jobs import Job
from app.places.gazetteer import Gazetteer
from app.places.model import Commune, check_point
from app.reports import codes, store
from app.reports.model import (
    CONSENT_VERSION,
    LOOK_FIRST,
    PHOTOS_MAX,
    TEXT_MAX,
    TEXT_MIN,
    Contact,
    Filed,
    NewReport,
    Place,
    Report,
    Status,
)
from app.routing.danger import is_danger
from app.routing.guess import clear_guess
from app.routing.model import COMMUNE_KINDS, Decision, Facts
from app.routing.ruleset import RuleSet
from app.watchwords.model import NONE as NO_WORDS
from app.watchwords.model import WordList

_PHONE = re.compile(r"\+?[0-9(][0-9 .()-]{6,18}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_NAME_MOST, ADDRESS_MOST, _EMAIL_MOST = 120, 300, 254
_CODE_TRIES = 5
_PROBLEMS_MOST = 10


class Located(msgspec.Struct, frozen=True):
    """Where a report turned out to be. ``commune`` None: nobody could tell, a coordinator will."""

    lat: float | None
    lon: float | None
    address: str
    commune: Commune | None
    approximate: bool


def check_text(text: str, field: str = "text") -> tuple[str, list[Problem]]:
    """The text as it will be stored, and what is wrong with it."""
    if "\x00" in text or "\ufffd" in text:
        return "", [Problem("reports.text_binary", field=field)]
    clean = nfc(text)
    if len(clean) < TEXT_MIN or not any(c.isalpha() for c in clean):
        return clean, [Problem("reports.text_short", {"least": TEXT_MIN}, field)]
    if len(clean) > TEXT_MAX:
        return clean, [Problem("reports.text_long", {"most": TEXT_MAX, "length": len(clean)}, field)]
    return clean, []


def check_contact(contact: Contact) -> list[Problem]:
    problems = []
    if len(contact.name) > _NAME_MOST:
        problems.append(Problem("reports.name_long", {"most": _NAME_MOST}, "contact.name"))
    if contact.phone and not _PHONE.fullmatch(contact.phone):
        problems.append(Problem("reports.phone_wrong", field="contact.phone"))
    if contact.email and not (_EMAIL.fullmatch(contact.email) and len(contact.email) <= _EMAIL_MOST):
        problems.append(Problem("reports.email_wrong", field="contact.email"))
    return problems


def _check_answers(rules: RuleSet, new: NewReport) -> list[Problem]:
    """Answers belong to the questions of a category that was chosen; which one is meant is not guessed."""
    if not new.answers:
        return []
    if new.category is None:
        return [Problem("reports.answers_without_category", field="answers")]
    category = rules.categories.get(new.category)
    problems = []
    for question_id, answer_id in new.answers.items() if category else ():
        assert category is not None
        question, field = category.questions.get(question_id), f"answers.{question_id[:60]}"
        if question is None:
            problems.append(Problem("reports.question_unknown", {"question": question_id[:60]}, field))
        elif answer_id not in question.answers:
            known = ", ".join(question.answers)
            problems.append(Problem("reports.answer_unknown", {"answer": answer_id[:60], "known": known}, field))
    return problems[:_PROBLEMS_MOST]


def locate(gazetteer: Gazetteer, rules: RuleSet, place: Place) -> Located:
    """Where the report is. Raises Invalid when nothing usable was given or the place is surely in another province."""
    home, address = rules.province_code, nfc(place.address)
    if len(address) > ADDRESS_MOST:
        raise Invalid("reports.address_long", field="place.address", most=ADDRESS_MOST)
    if (place.lat is None) != (place.lon is None):
        raise Invalid("reports.half_point", field="place")
    confirmed = gazetteer.commune(place.commune_code) if place.commune_code else None
    if place.commune_code and confirmed is None:
        raise Invalid("reports.commune_unknown", field="place.commune_code", code=place.commune_code[:20])
    if place.lat is not None and place.lon is not None:
        lat, lon = check_point(place.lat, place.lon)
        found = gazetteer.locate(lat, lon)
        likely = [candidate.commune for candidate in found.candidates]
        # Near a border, or with approximate places, the home province is taken when it is among the likely ones.
        best = next((c for c in likely if c.province_code == home), found.commune) if found.commune else None
        # A point far from the commune that the person named is a doubt for the coordinators, not an error.
        doubt = found.approximate if confirmed is None else confirmed not in likely
        located = Located(lat, lon, address, confirmed or best, doubt)
    elif confirmed:
        located = Located(None, None, address, confirmed, False)
    elif address:
        located = _by_words(gazetteer, home, address)
    else:
        raise Invalid("reports.place_missing", field="place")
    commune = located.commune
    if commune and commune.province_code != home:
        raise Invalid("reports.other_province", field="place", place=commune.full_name, province=commune.province_name)
    return located


def _by_words(gazetteer: Gazetteer, home: str, address: str) -> Located:
    """By a typed address. What may be here is taken to be; what is ambiguous and all elsewhere is nobody's yet: a
    street here may be named like a commune there."""
    candidates = gazetteer.search(address, default_province_code=home)
    if len(candidates) == 1 and not candidates[0].approximate:
        return Located(None, None, address, candidates[0].commune, False)
    ours = next((c.commune for c in candidates if c.commune.province_code == home), None)
    return Located(None, None, address, ours, True)


def _examine(rules: RuleSet, gazetteer: Gazetteer, new: NewReport) -> tuple[NewReport, Located]:
    """The report as it will be kept, and where it is. Raises Invalid with everything that is wrong."""
    text, problems = check_text(new.text)
    contact = Contact(nfc(new.contact.name), nfc(new.contact.phone), nfc(new.contact.email))
    if not new.consent:
        problems.append(Problem("reports.consent_missing", field="consent"))
    if len(new.photos) > PHOTOS_MAX:
        problems.append(Problem("reports.photos_many", {"most": PHOTOS_MAX}, "photos"))
    if new.category is not None and new.category not in rules.categories:
        problems.append(Problem("reports.category_unknown", {"category": new.category[:60]}, "category"))
    problems += _check_answers(rules, new)
    problems += check_contact(contact)
    try:
        located = locate(gazetteer, rules, new.place)
    except Invalid as error:
        raise Invalid.many([*problems, *error.problems]) from None
    if problems:
        raise Invalid.many(problems)
    return msgspec.structs.replace(new, text=text, contact=contact), located


def check(rules: RuleSet, gazetteer: Gazetteer, new: NewReport) -> None:
    """What ``file_report`` would refuse, before photos are stored for it. Raises Invalid with everything at once."""
    _examine(rules, gazetteer, new)


def _body_hash(new: NewReport) -> bytes:
    """What makes two requests the same: everything the person said, not how the channel wrapped it."""
    photos = sorted(p.sha256 for p in new.photos)
    said: tuple[Any, ...] = (new.text, new.place, new.category, new.contact, new.channel, photos)
    if new.answers or new.reporter_kind != "citizen":
        said = (*said, sorted(new.answers.items()), new.reporter_kind)
    return hashlib.sha256(msgspec.json.encode(said)).digest()


def _facts_of_intake(report: Report, decision: Decision, new: NewReport) -> list[Fact]:
    submitted = Fact(
        Kind.SUBMITTED,
        {
            "channel": report.channel,
            "category": report.category,
            "category_by": "citizen" if new.category else "keywords",
            "commune": report.commune_code,
            "approximate": report.place_approximate,
            "photos": [p.sha256 for p in new.photos],
            "message_id": str(report.report_id),
            "digest": digest(new.text),
            "consent": CONSENT_VERSION,
            "intake_due": report.intake_due_at.isoformat(),
        }
        | {name: list(said) for name, said in (("calls", decision.calls), ("tags", decision.tags)) if said}
        | ({"answers": dict(report.answers)} if report.answers else {})
        | ({"reporter": report.reporter_kind} if report.reporter_kind != "citizen" else {})
        | ({"sounds": [s.sha256 for s in new.sounds]} if new.sounds else {})
        | ({"forwarded": True} if new.forwarded else {})
        | _first_answer(decision),
    )
    routed = {
        "agency": decision.agency_id,
        "co_agencies": list(decision.co_agencies),
        "rule": decision.rule_id,
        "rule_set": decision.rule_set,
        "reasons": list(decision.reasons),
        "urgency": decision.urgency,
        "due": report.due_at.isoformat(),
        "at_intake": True,
    }
    if report.status is Status.SUBMITTED:
        return [Fact(submitted.kind, submitted.data | {"proposed": routed})]
    return [submitted, Fact(Kind.ASSIGNED, routed, by_system=True)]


def _first_answer(decision: Decision) -> dict[str, str]:
    if decision.first_answer is None or decision.first_answer_due is None:
        return {}
    return {"first_answer": str(decision.first_answer), "first_answer_due": decision.first_answer_due.isoformat()}


def row_of(new: NewReport, located: Located, decision: Decision, desk: str | None, at: datetime) -> Report:
    """The report as it begins. ``desk``: the operations centre, where a coordinator looks first; None: it goes to the
    agency that the rules say."""
    commune, to_desk = located.commune, desk is not None
    return Report(
        report_id=uuid7(),
        code=codes.new_code(),
        version=1,
        last_seq=1,
        last_hash=NO_HASH,
        status=Status.SUBMITTED if to_desk else Status.ASSIGNED,
        category=decision.category,
        body=new.text,
        channel=new.channel,
        lang=new.lang,
        lat=located.lat,
        lon=located.lon,
        address=located.address,
        commune_code=commune.code if commune else None,
        commune_name=commune.full_name if commune else "",
        province_code=commune.province_code if commune else None,
        place_approximate=located.approximate,
        agency_id=desk or decision.agency_id,
        assignee_id=None,
        urgency=decision.urgency,
        visibility=decision.visibility,
        published_at=None,
        rule_set=decision.rule_set,
        rule_id=decision.rule_id,
        submitted_at=at,
        assigned_at=None if to_desk else at,
        resolved_at=None,
        ended_at=None,
        intake_due_at=decision.intake_due,
        due_at=decision.handling_due,
        handling=str(decision.handling),
        paused_at=None,
        handovers=0,
        supervisor_id=None,
        duplicate_of=None,
        rating=None,
        updated_at=at,
        first_answer_due_at=decision.first_answer_due,
        answers=new.answers,
        reporter_kind=new.reporter_kind,
        tags=decision.tags,
    )


def facts_for(new: NewReport, located: Located, category: str | None, at: datetime) -> Facts:
    """The report as the rules engine sees it."""
    commune = located.commune
    return Facts(
        category=category,
        commune_code=commune.code if commune else None,
        commune_name=commune.full_name if commune else "",
        commune_kind=next((kind for kind in COMMUNE_KINDS if commune and kind == commune.kind), None),
        province_code=commune.province_code if commune else None,
        text_folded=fold(new.text),
        danger=is_danger(new.text),
        channel=new.channel,
        has_photo=bool(new.photos),
        lat=located.lat,
        lon=located.lon,
        answers=new.answers,
        reporter_kind=new.reporter_kind,
        at=at,
    )


async def file_report(
    pool: Pool,
    rules: RuleSet,
    gazetteer: Gazetteer,
    secret_key: bytes,
    new: NewReport,
    at: datetime | None = None,
    words: WordList = NO_WORDS,
) -> Filed:
    """Take a report in: check, place, route, write, answer. ``at`` is the moment it was sent (default: now); ``words``
    are those after which a coordinator looks first.

    Raises Invalid (every problem at once), or Conflict when the idempotency key was used for something else.
    """
    at = at or datetime.now(UTC)
    new, located = _examine(rules, gazetteer, new)
    category = new.category or clear_guess(rules.guess_category(new.text))
    decision = _looked_at_first(rules, rules.decide(facts_for(new, located, category, at)), new, words)
    body_hash = _body_hash(new)
    desk = rules.coordinator_id if new.to_desk or decision.agency_id == rules.coordinator_id else None
    for _ in range(_CODE_TRIES):
        report = row_of(new, located, decision, desk, at)
        secret = codes.tracking_secret(secret_key, report.report_id)
        filing = _filing(new, report, decision, body_hash, secret)
        try:
            async with pool.acquire() as conn:
                written = await store.insert(conn, filing)
        except asyncpg.UniqueViolationError as taken:
            if taken.constraint_name != "report_codes_pkey":
                raise
            continue
        return Filed(filing.report, secret, False) if written else await _replay(pool, new, body_hash, secret_key)
    raise RuntimeError("no free public code found; the code space is exhausted")


def _looked_at_first(rules: RuleSet, decision: Decision, new: NewReport, words: WordList) -> Decision:
    """With words to look at in it, the report goes to the coordinators' desk with a tag that keeps it from being
    published. What is urgent waits for nobody: it has the tag, and goes where it must."""
    if not words.found(f"{new.text}\n{new.place.address}"):
        return decision
    decision = msgspec.structs.replace(decision, tags=(*decision.tags, LOOK_FIRST))
    if decision.urgency == "urgent":
        return decision
    return msgspec.structs.replace(decision, agency_id=rules.coordinator_id, co_agencies=())


def _filing(new: NewReport, report: Report, decision: Decision, body_hash: bytes, secret: str) -> store.Filing:
    facts = _facts_of_intake(report, decision, new)
    reporter: tuple[ActorKind, UUID | None] = ("citizen", new.citizen_id)
    events = chain(report.report_id, (0, NO_HASH), facts, at=report.submitted_at, actor=reporter)
    report = msgspec.structs.replace(report, last_seq=events[-1].seq, last_hash=events[-1].hash)
    return store.Filing(
        report=report,
        secret_hash=codes.secret_hash(secret),
        search_text=search_text(report),
        key=new.key,
        body_hash=body_hash,
        citizen_id=new.citizen_id,
        contact=new.contact,
        consent_version=CONSENT_VERSION,
        photos=[store.PhotoClaim(uuid7(), bytes.fromhex(p.sha256), "before") for p in new.photos],
        sounds=[bytes.fromhex(s.sha256) for s in new.sounds],
        events=events,
        jobs=[tell_job(report.report_id, events[0].seq, events[-1].seq), *_fetching(new, report.report_id)],
    )


def _fetching(new: NewReport, report_id: UUID) -> list[Job]:
    """See ``app.reports.media``."""
    return [Job("fetch_media", {"report_id": str(report_id), "url": new.media_url})] if new.media_url else []


def search_text(report: Report) -> str:
    """What a search looks through."""
    return fold(f"{report.code} {report.body} {report.address} {report.commune_name}")


def tell_job(report_id: UUID, first: int, last: int) -> Job:
    """Whoever should hear of these events hears of them: ``app.notify`` works it off."""
    return Job("tell", {"report_id": str(report_id), "first": first, "last": last})


async def filed_before(pool: Pool, key: tuple[str, str], secret_key: bytes) -> Filed | None:
    """What was filed under this idempotency key, whatever it said; for who must be the one who chose the key."""
    async with pool.acquire() as conn:
        found = await store.by_key(conn, *key)
    return Filed(found[1], codes.tracking_secret(secret_key, found[1].report_id), True) if found else None


async def _replay(pool: Pool, new: NewReport, body_hash: bytes, secret_key: bytes) -> Filed:
    assert new.key is not None
    async with pool.acquire() as conn:
        found = await store.by_key(conn, *new.key)
    if found is None or found[0] != body_hash:
        raise Conflict("reports.key_reused", field="Idempotency-Key")
    return Filed(found[1], codes.tracking_secret(secret_key, found[1].report_id), True)
