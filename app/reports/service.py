"""Verbs on reports that exist. Each reads the report, works the act out (``effects``) and writes one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.history.model import ActorKind, Event, Fact, Kind, chain
from app.i18n.text import nfc
from app.reports import codes, store
from app.reports.effects import ALREADY, EFFECTS, Change
from app.reports.intake import tell_job
from app.reports.model import PHOTOS_MAX, TEXT_MAX, Contact, Form, Message, Picture, Report, Status
from app.reports.workflow import ENDED, Act, Need, check
from app.routing.ruleset import RuleSet

_RACES = 3
"""How often a change that states no version is tried again after somebody else was faster."""
_ANSWER_DAYS = 5
"""A pause ends by itself after so many working days."""
_CLOSE_AFTER = timedelta(days=7)
"""A resolved report closes by itself after this."""


class Case(Struct, frozen=True):
    """A report with everything said and shown about it."""

    report: Report
    messages: list[Message]
    pictures: list[Picture]


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


async def get(conn: Conn, report_id: UUID) -> Report:
    report = await store.by_id(conn, report_id)
    if report is None:
        raise NotFound("reports.gone")
    return report


async def case(conn: Conn, report: Report) -> Case:
    """The whole case. What of it a reader may see is the handler's choice by ``visibility``."""
    return Case(
        report, await store.messages_of(conn, report.report_id), await store.pictures_of(conn, report.report_id)
    )


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


async def of_citizen(pool: Pool, citizen_id: UUID, limit: int = 10) -> list[Report]:
    """The citizen's own and followed reports, newest first."""
    async with pool.acquire() as conn:
        return await store.of_citizen(conn, citizen_id, limit)


async def follow(pool: Pool, report: Report, citizen_id: UUID) -> None:
    """Hear of a public report's changes. Raises Forbidden for a private one of somebody else's."""
    async with pool.acquire() as conn:
        if report.visibility == "private" and await store.citizen_of(conn, report.report_id) != citizen_id:
            raise Forbidden("reports.private")
        await store.follow(conn, report.report_id, citizen_id)


def visible(actor: Actor, report: Report) -> Report:
    """The report, or NotFound when it is none of the actor's business: whether it exists is not told either."""
    if not actor.may_see(report.agency_id, report.supervisor_id):
        raise NotFound("reports.code_unknown", code=report.code)
    return report


def _missing(needs: Sequence[Need], form: Form, rules: RuleSet) -> list[Problem]:
    """What the act needs and the form does not bring."""
    problems = []
    if len(form.text) > TEXT_MAX:
        problems.append(Problem("reports.text_long", {"most": TEXT_MAX, "length": len(form.text)}, "text"))
    if len(form.photos) > PHOTOS_MAX:
        problems.append(Problem("reports.photos_many", {"most": PHOTOS_MAX}, "photos"))
    if form.category is not None and form.category not in rules.categories:
        problems.append(Problem("reports.category_unknown", {"category": form.category[:60]}, "category"))
    given: dict[Need, bool] = {
        "text": bool(form.text),
        "agency": bool(form.agency_id),
        "proof": bool(form.photos),
        "photos": bool(form.photos),
        "target": bool(form.target),
        "rating": form.rating is not None,
    }
    return problems + [Problem(f"reports.needs_{need}", field=need) for need in needs if not given[need]]


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

    ``version``: what the actor saw; another one now is a Conflict. Without it the act is judged on the present state.
    Raises Forbidden, Conflict, Invalid or NotFound, each saying why.
    """
    at = at or datetime.now(UTC)
    form = msgspec.structs.replace(form, text=nfc(form.text))
    for _ in range(_RACES):
        if actor.kind == "staff":
            visible(actor, report)
        if version is not None and version != report.version:
            raise Conflict("reports.changed_meanwhile", version=report.version)
        if act in ALREADY and ALREADY[act](report, form):
            return report
        move = check(act, actor, report)
        if problems := _missing(move.needs, form, rules):
            raise Invalid.many(problems)
        async with transaction(pool) as conn:
            if form.client_key and await store.has_message_key(conn, report.report_id, form.client_key):
                return await get(conn, report.report_id)
            change = Change(seen=report, report=report, actor=actor, form=form, at=at, rules=rules)
            await _gather(conn, change, act)
            if move.to is not None:
                change.set(status=move.to)
            EFFECTS[act](change)
            written = await _write(conn, change)
            if written is not None:
                if act is Act.MERGE and change.target is not None:
                    await _add_fact(conn, change.target, _both_sides(change, Kind.MERGED_IN), at, actor)
                if act is Act.UNMERGE and change.target is not None:
                    await _add_fact(conn, change.target, _both_sides(change, Kind.UNMERGED_FROM), at, actor)
                return written
            if version is not None:
                raise Conflict("reports.changed_meanwhile", version=version + 1)
            report = await get(conn, report.report_id)
    raise Conflict("reports.changed_meanwhile", version=report.version)


async def _gather(conn: Conn, change: Change, act: Act) -> None:
    """What an act must know from elsewhere: the agency exists, the target is usable, who supervises."""
    form, report = change.form, change.report
    if form.agency_id is not None:
        agency = await accounts.agency(conn, form.agency_id)
        if agency is None or not agency.active:
            raise Invalid("reports.agency_unknown", field="agency", agency=form.agency_id[:60])
        if act is Act.TRANSFER and form.agency_id == report.agency_id:
            raise Invalid("reports.same_agency", field="agency")
    if act is Act.MERGE:
        change.target = await _target(conn, form.target or "", report)
    if act is Act.UNMERGE and report.duplicate_of is not None:
        change.target = await get(conn, report.duplicate_of)
    if act is Act.RETURN:
        change.agency = await accounts.coordinating_agency(conn)
    if act is Act.DISPUTE:
        change.agency = await accounts.parent_agency(conn, report.agency_id)
    if act is Act.RATE and report.duplicate_of is not None:
        original = await get(conn, report.duplicate_of)
        if original.status not in (Status.RESOLVED, Status.CLOSED):
            raise Conflict("reports.act_not_now", act=act, status=original.status)


async def _target(conn: Conn, typed: str, report: Report) -> Report:
    code = codes.read_code(typed)
    target = await store.by_code(conn, code) if code else None
    if target is None:
        raise Invalid("reports.target_unknown", field="target", code=typed[:40])
    if target.report_id == report.report_id:
        raise Invalid("reports.target_self", field="target")
    if target.status in ENDED and target.status is not Status.CLOSED:
        raise Invalid("reports.target_ended", field="target", code=target.code)
    return target


def _both_sides(change: Change, kind: Kind) -> Fact:
    return Fact(kind, {"report": str(change.seen.report_id), "code": change.seen.code})


async def _write(conn: Conn, change: Change) -> Report | None:
    seen, actor = change.seen, change.actor
    who: tuple[ActorKind, UUID | None] = (actor.kind, actor.id)
    events = chain(seen.report_id, (seen.last_seq, seen.last_hash), change.facts, at=change.at, actor=who)
    report = msgspec.structs.replace(change.report, updated_at=change.at)
    claims = [store.PhotoClaim(uuid7(), bytes.fromhex(p.sha256), change.stage) for p in change.form.photos]
    by = "staff" if actor.kind == "staff" else "citizen"
    tell = [tell_job(seen.report_id, events[0].seq, events[-1].seq)]
    if not await store.update(conn, seen, report, events, change.messages, (by, claims), tell):
        return None
    return _after(report, seen, events)


def _after(report: Report, seen: Report, events: Sequence[Event]) -> Report:
    return msgspec.structs.replace(report, version=seen.version + 1, last_seq=events[-1].seq, last_hash=events[-1].hash)


async def _add_fact(conn: Conn, report: Report, fact: Fact, at: datetime, actor: Actor) -> None:
    """Add one fact to another report inside the caller's transaction. Raises Conflict when that one just changed."""
    events = chain(report.report_id, (report.last_seq, report.last_hash), [fact], at=at, actor=(actor.kind, actor.id))
    if not await store.update(conn, report, report, events, [], ("staff", []), []):
        raise Conflict("reports.changed_meanwhile", version=report.version)


async def view_identity(
    pool: Pool, rules: RuleSet, actor: Actor, report: Report, reason: str, at: datetime | None = None
) -> Contact:
    """Who reported it. Coordinators only, with a reason; the look itself becomes history before anything is shown."""
    if actor.role is not Role.COORDINATOR:
        raise Forbidden("reports.identity_confidential")
    words = nfc(reason)
    if not 5 <= len(words) <= 300:
        raise Invalid("reports.needs_text", field="reason")
    at = at or datetime.now(UTC)
    async with transaction(pool) as conn:
        seen = await get(conn, report.report_id)
        change = Change(seen=seen, report=seen, actor=actor, form=Form(text=words), at=at, rules=rules)
        change.note(Kind.IDENTITY_VIEWED, change.say("note", "staff"))
        if await _write(conn, change) is None:
            raise Conflict("reports.changed_meanwhile", version=report.version)
        contact = await store.contact_of(conn, report.report_id)
    return contact or Contact()


async def close_silent(pool: Pool, rules: RuleSet, at: datetime | None = None, limit: int = 500) -> int:
    """Close what was resolved seven days ago and nobody objected to. Gives the number closed."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        ids = await store.resolved_before(conn, at - _CLOSE_AFTER, limit)
    return await _system_acts(pool, rules, ids, Act.CLOSE, at)


async def resume_unanswered(pool: Pool, rules: RuleSet, at: datetime | None = None, limit: int = 500) -> int:
    """Start the clock again where the citizen has not answered within five working days. Gives the number."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        waiting = await store.awaiting(conn, at, limit)
    late = [i for i, since in waiting if rules.calendar.add_working_days(since, _ANSWER_DAYS) <= at]
    return await _system_acts(pool, rules, late, Act.RESUME, at)


async def _system_acts(pool: Pool, rules: RuleSet, ids: Sequence[UUID], act: Act, at: datetime) -> int:
    done = 0
    for report_id in ids:
        async with pool.acquire() as conn:
            report = await get(conn, report_id)
        try:
            await perform(pool, rules, SYSTEM, report, act, at=at)
            done += 1
        except Conflict:
            # Somebody acted on it since the list was read; it is no longer ours to end.
            continue
    return done


async def forget_keys(pool: Pool, before: datetime) -> int:
    """Drop idempotency keys from before a moment; a request repeated later than that is a new one."""
    async with pool.acquire() as conn:
        return await store.forget_keys(conn, before)
