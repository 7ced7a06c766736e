"""Verbs on reports that exist. Each reads the report, works the act out (``effects``) and writes one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts import citizens
from app.accounts import service as accounts
from app.accounts.model import Actor, Role
from app.accounts.onlookers import who_may_see
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.history.model import Event, Kind
from app.i18n.text import nfc
from app.reports import codes, colleagues, directions, mentions, parts, publication, store
from app.reports.change import Change
from app.reports.clock import clock_of, proposal_of
from app.reports.effects import ALREADY, carry_out
from app.reports.extension import check_wanted
from app.reports.masking import mask
from app.reports.model import (
    NOTHING_EDITED,
    Contact,
    Form,
    Message,
    Picture,
    PublicCopy,
    Report,
    Status,
)
from app.reports.needs import missing
from app.reports.proving import look_at_files
from app.reports.publication import is_public
from app.reports.workflow import ENDED, Act, check, permitted
from app.reports.writing import Raced, family_of, write
from app.routing.ruleset import RuleSet

_T = TypeVar("_T")

_RACES = 10
"""How often a change that states no version is tried again after somebody else was faster."""
_BY_RULES = frozenset({Act.ASSIGN, Act.TRANSFER, Act.RECLASSIFY, Act.SET_URGENCY, Act.REOPEN, Act.UNMERGE})
"""Acts for which the rules are asked again, or what they said last matters."""
_ON_DIRECTIONS = frozenset({Act.DIRECT, Act.REPORT_BACK, Act.LIFT_DIRECTION})
_REASON_LEAST, _REASON_MOST = 5, 300
_ADDED = ("info", "citizen")


class Case(Struct, frozen=True):
    """A report with everything said and shown about it."""

    report: Report
    messages: list[Message]
    pictures: list[Picture]
    public: PublicCopy = NOTHING_EDITED


async def find(pool: Pool, code: str) -> Report:
    """The report with this public code, as typed by a person. Raises NotFound, telling a mistyped code apart."""
    clean = codes.read_code(code)
    if clean is None:
        raise NotFound("reports.code_wrong", code=code[:40])
    async with pool.acquire() as conn:
        report = await store.by_code(conn, clean)
    if report is None:
        raise NotFound("reports.code_unknown", code=clean)
    return report


async def find_whole(pool: Pool, code: str) -> Report:
    """The report with this public code, for people who are no staff: parts of reports do not exist for them."""
    report = await find(pool, code)
    if report.part_of is not None:
        raise NotFound("reports.code_unknown", code=report.code)
    return report


async def get(conn: Conn, report_id: UUID) -> Report:
    report = await store.by_id(conn, report_id)
    if report is None:
        raise NotFound("reports.gone")
    return report


async def by_code(conn: Conn, code: str) -> Report | None:
    return await store.by_code(conn, code)


async def by_ids(conn: Conn, report_ids: Sequence[UUID]) -> list[Report]:
    return await store.by_ids(conn, report_ids) if report_ids else []


async def case(conn: Conn, report: Report) -> Case:
    """The whole case; of a part with what its reporter added to the whole since. What of it a reader may see is the
    handler's choice by ``visibility``."""
    messages, pictures = (
        await store.messages_of(conn, report.report_id),
        await store.pictures_of(conn, report.report_id),
    )
    if report.part_of is not None:
        # What the reporter adds to the whole is meant for whoever works on it.
        messages += [m for m in await store.messages_of(conn, report.part_of) if (m.kind, m.author_kind) == _ADDED]
        messages.sort(key=lambda message: (message.at, message.message_id))
        have = {picture.sha256 for picture in pictures}
        more = [p for p in await store.pictures_of(conn, report.part_of) if p.added_by == "citizen"]
        pictures += [p for p in more if p.sha256 not in have]
    return Case(report, messages, pictures, await publication.of(conn, report.report_id))


async def several(conn: Conn, report_ids: Sequence[UUID]) -> list[tuple[Report, list[Picture]]]:
    """These reports with their pictures, in this order. What of them a reader may see is the caller's to check."""
    found = {report.report_id: report for report in await store.by_ids(conn, report_ids)}
    pictures = await store.pictures_of_each(conn, list(found))
    return [(found[one], pictures[one]) for one in report_ids if one in found]


async def reporter(pool: Pool, report: Report, *, secret: str | None = None, citizen_id: UUID | None = None) -> Actor:
    """The citizen as an Actor, once proved to be this report's reporter by tracking secret or chat identity.

    Raises Forbidden otherwise.
    """
    async with pool.acquire() as conn:
        owner = await store.citizen_of(conn, report.report_id)
        if secret and await store.is_secret_of(conn, report.report_id, codes.secret_hash(secret)):
            return Actor("citizen", owner)
    if citizen_id is not None and owner == citizen_id:
        return Actor("citizen", citizen_id)
    raise Forbidden("reports.not_reporter")


async def is_reporter(conn: Conn, report: Report, citizen_id: UUID) -> bool:
    """Whether this person sent it in a chat."""
    return await store.citizen_of(conn, report.report_id) == citizen_id


class Listed(Struct, frozen=True):
    """A report in somebody's list: their own, or (``mine`` False) one they follow."""

    report: Report
    mine: bool


async def of_citizen(pool: Pool, citizen_id: UUID, limit: int = 10, skip: int = 0) -> list[Listed]:
    """The citizen's own and followed reports, newest first. What they only follow they read as anybody does."""
    async with pool.acquire() as conn:
        found = await store.of_citizen(conn, citizen_id, limit, skip)
    return [Listed(report if mine else _as_public(report, words), mine) for report, mine, words in found]


def _as_public(report: Report, words: str | None) -> Report:
    """The report with its words as a stranger may read them: its public copy or masked once published, before that
    none."""
    text = words or mask(report.body, report.lang)
    return msgspec.structs.replace(report, body=text if is_public(report) else "", address="")


async def mute(pool: Pool, report: Report, citizen_id: UUID, *, muted: bool) -> None:
    """Whether this person does not want to hear of this report; officers' questions come all the same."""
    async with pool.acquire() as conn:
        await store.mute(conn, report.report_id, citizen_id, muted=muted)


def visible(actor: Actor, report: Report) -> Report:
    """The report, or NotFound when it is none of the actor's business: whether it exists is not told either."""
    if not actor.may_see(report):
        raise NotFound("reports.code_unknown", code=report.code)
    return report


async def perform(
    pool: Pool,
    rules: RuleSet,
    actor: Actor,
    report: Report,
    act: Act,
    form: Form = Form(),  # noqa: B008  # frozen
    *,
    version: int | None = None,
    at: datetime | None = None,
) -> Report:
    """Do an act to a report and give the report as it is now.

    ``report``: as just read. ``version``: what the actor saw; another one now is a Conflict. Without it the act is
    judged on the present state. An act whose ``client_key`` was seen before has been done: nothing more happens.
    Raises Forbidden, Conflict, Invalid or NotFound, each saying why.
    """
    at = at or datetime.now(UTC)
    form = msgspec.structs.replace(
        form,
        text=nfc(form.text),
        parts=parts.composed(form.parts),
        public=form.public and publication.clean(form.public),
    )
    for _ in range(_RACES):
        done = await _done_before(pool, report.report_id, form.client_key) if form.client_key else None
        # Whoever did it is answered even where the act has taken the report out of their sight.
        if done and done.by == (actor.kind, actor.id):
            return done.report
        if actor.kind == "staff":
            visible(actor, report)
        move = permitted(act, actor)
        if done:
            return done.report
        if version is not None and version != report.version:
            raise Conflict("reports.changed_meanwhile", version=report.version)
        if act in ALREADY and ALREADY[act](report, form):
            return report
        check(act, actor, report)
        if problems := missing(move.needs, form, rules):
            raise Invalid.many(problems)
        try:
            async with transaction(pool) as conn:
                change = Change(seen=report, report=report, actor=actor, form=form, at=at, rules=rules)
                await _gather(conn, change, act)
                carry_out(act, change)
                parts.follow(change)
                return await write(conn, change)
        except Raced:
            async with pool.acquire() as conn:
                report = await get(conn, report.report_id)
    raise Conflict("reports.changed_meanwhile", version=report.version)


class _Done(Struct, frozen=True):
    by: tuple[str, UUID | None]
    report: Report


async def done_already(pool: Pool, actor: Actor, report: Report, client_key: str) -> Report | None:
    """The report as it is now, where this actor has done before what the key stands for: to be asked before photos of
    a repeated request are worked on, and before the report is out of the actor's sight by that very act."""
    done = await _done_before(pool, report.report_id, client_key)
    return done.report if done and done.by == (actor.kind, actor.id) else None


async def _done_before(pool: Pool, report_id: UUID, client_key: str) -> _Done | None:
    """Who has done what this key stands for, and the report as it is since."""
    async with pool.acquire() as conn:
        by = await store.who_did(conn, report_id, client_key)
        return _Done(by, await get(conn, report_id)) if by else None


async def _gather(conn: Conn, change: Change, act: Act) -> None:
    """What an act must know from elsewhere: the agency exists, the target is usable, who supervises."""
    form, report = change.form, change.report
    await _known_agency(conn, form.agency_id, "agency")
    if act is Act.GIVE and form.colleague is not None:
        await colleagues.check_taker(conn, report, form.colleague)
    if act is Act.TRANSFER and form.agency_id == report.agency_id:
        raise Invalid("reports.same_agency", field="agency")
    commune = form.commune
    if commune and commune.province_code != change.rules.province_code:
        raise Invalid(
            "reports.other_province", field="commune", place=commune.full_name, province=commune.province_name
        )
    if act in (Act.ASK_EXTENSION, Act.GRANT_EXTENSION):
        check_wanted(form.days, form.due, report.due_at, change.at)
    await look_at_files(conn, change, act)
    if act is Act.REMIND and _reminded(await history.of_report(conn, report.report_id)):
        raise Conflict("reports.act_not_now", act=act, status=report.status)
    if act is Act.NOTE and mentions.names_in(form.text):
        change.mentions = mentions.called(form.text, await who_may_see(conn, report))
    if act in _BY_RULES:
        events = await history.of_report(conn, report.report_id)
        change.clock, change.proposal = clock_of(events), proposal_of(events)
        change.has_photo = bool(await store.with_photo(conn, [report.report_id]))
    if act is Act.DIRECT:
        directions.check_due(form.days, form.due, change.at)
    if act in _ON_DIRECTIONS:
        change.directions = directions.open_of(await history.of_report(conn, report.report_id))
    if act is Act.PUBLISH and form.public is not None:
        whole = await case(conn, report)
        publication.check(report, whole.messages, whole.pictures, form.public)
        change.pictures = whole.pictures
    if act is Act.SPLIT:
        for number, part in enumerate(form.parts):
            await _known_agency(conn, part.agency_id, f"parts[{number}].agency")
        change.pictures = await store.pictures_of(conn, report.report_id)
    if report.part_of is not None:
        change.family = await family_of(conn, report.part_of)
    if act is Act.MERGE:
        change.target = await _target(conn, form.target or "", change)
    if act is Act.UNMERGE and report.duplicate_of is not None:
        change.target = await get(conn, report.duplicate_of)
    if act is Act.DISPUTE:
        change.supervisor = await accounts.parent_agency(conn, report.agency_id)
    if act is Act.WITHDRAW and await store.has_others(conn, report.report_id):
        raise Conflict("reports.others_merged_in")
    if act is Act.RATE and report.duplicate_of is not None:
        original = await _original(conn, report)
        if original.status not in (Status.RESOLVED, Status.CLOSED):
            raise Conflict("reports.act_not_now", act=act, status=original.status)


async def _known_agency(conn: Conn, agency_id: str | None, field: str) -> None:
    agency = await accounts.agency(conn, agency_id) if agency_id is not None else None
    if agency_id is not None and (agency is None or not agency.active):
        raise Invalid("reports.agency_unknown", field=field, agency=agency_id[:60])


def _reminded(events: Sequence[Event]) -> bool:
    """Whether the question that is open, or the result that stands, was reminded of before."""
    kinds = [event.kind for event in events if event.kind in (Kind.ASKED, Kind.RESOLVED, Kind.REMINDED)]
    return kinds[-1:] == [Kind.REMINDED]


async def _original(conn: Conn, report: Report) -> Report:
    """The report that answers for a duplicate: the one it was merged into, or the one that was merged into."""
    while report.duplicate_of is not None:
        report = await get(conn, report.duplicate_of)
    return report


async def _target(conn: Conn, typed: str, change: Change) -> Report:
    code = codes.read_code(typed)
    target = await store.by_code(conn, code) if code else None
    if target is None or target.part_of is not None or not change.actor.may_see(target):
        raise Invalid("reports.target_unknown", field="target", code=typed[:40])
    if target.report_id == change.seen.report_id:
        raise Invalid("reports.target_self", field="target")
    if target.status in ENDED and target.status is not Status.CLOSED:
        raise Invalid("reports.target_ended", field="target", code=target.code)
    return target


async def view_identity(
    pool: Pool, rules: RuleSet, actor: Actor, report: Report, reason: str, at: datetime | None = None
) -> Contact:
    """Who reported it. Coordinators only, with a reason; the look itself becomes history before anything is shown.

    Somebody who reported in a chat is named as the chat does, unless they gave their name.
    """
    return await about_reporter(pool, rules, actor, report, Kind.IDENTITY_VIEWED, reason, _contact, at)


async def about_reporter(
    pool: Pool,
    rules: RuleSet,
    actor: Actor,
    report: Report,
    kind: Kind,
    reason: str,
    what: Callable[[Conn, UUID], Awaitable[_T]],
    at: datetime | None = None,
) -> _T:
    """Something that concerns the reporter as a person: coordinators only, with a reason that becomes history in the
    same transaction as ``what`` is done with the report's id. Raises Forbidden, Invalid, Conflict.
    """
    if actor.role is not Role.COORDINATOR:
        raise Forbidden("reports.identity_confidential")
    if report.part_of is not None:
        raise Conflict("reports.is_part")
    words = nfc(reason)
    if not _REASON_LEAST <= len(words) <= _REASON_MOST:
        raise Invalid("reports.needs_reason", field="reason", least=_REASON_LEAST, most=_REASON_MOST)
    at = at or datetime.now(UTC)
    for _ in range(_RACES):
        try:
            async with transaction(pool) as conn:
                seen = await get(conn, report.report_id)
                change = Change(seen=seen, report=seen, actor=actor, form=Form(text=words), at=at, rules=rules)
                change.note(kind, change.say("note", "staff"))
                await write(conn, change)
                return await what(conn, report.report_id)
        except Raced:
            continue
    raise Conflict("reports.changed_meanwhile", version=report.version)


async def _contact(conn: Conn, report_id: UUID) -> Contact:
    contact = await store.contact_of(conn, report_id) or Contact()
    citizen_id = None if contact.name else await store.citizen_of(conn, report_id)
    return msgspec.structs.replace(contact, name=await citizens.name(conn, citizen_id)) if citizen_id else contact


async def forget_keys(pool: Pool, before: datetime) -> int:
    """Drop idempotency keys from before a moment; a request repeated later than that is a new one."""
    async with pool.acquire() as conn:
        return await store.forget_keys(conn, before)
