"""Reports of figures that come by themselves: setting them up, and finding out what is due.

What each recipient gets is decided when it is sent, by what they themselves may see then (``app.schedules.sending``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from uuid import UUID

from msgspec import Struct, structs
from uuid_utils.compat import uuid7

from app.accounts import service as accounts
from app.accounts.model import Actor, Role
from app.accounts.permissions import Permission, may, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.i18n.text import nfc
from app.jobs import Job, enqueue
from app.routing.calendar import Calendar
from app.schedules import store, store_sends
from app.schedules.due import LATE, due_between, last_ended
from app.schedules.model import (
    ADD_ADDRESSES,
    ADDRESSES_MOST,
    CUT_DAY,
    CUT_MINUTE,
    FORMATS,
    NAME_MOST,
    PEOPLE_MOST,
    SCHEDULES_MOST,
    Draft,
    Due,
    Run,
    Schedule,
    Send,
    Status,
    When,
    may_manage,
    may_name,
)
from app.stats.periods import Period, parse
from app.stats.rights import narrowed

_LISTED = 60
_ANY_PERIOD = parse("2026")
"""For asking whether the filters are somebody's: a period has no say in that."""
_KEPT = timedelta(days=400)
_QUERY_MOST, _ADDRESS_MOST = 4000, 200


class Shown(Struct, frozen=True):
    """A run with what became of it."""

    run: Run
    sends: list[Send]


# ---------------------------------------------------------------- setting up


async def listed(conn: Conn, actor: Actor) -> list[Schedule]:
    """One's own; whoever keeps the desk sees all. Raises Forbidden."""
    require(actor, Permission.READ_STATS)
    return await store.listed(conn, None if actor.role is Role.COORDINATOR else actor.id)


async def get(conn: Conn, actor: Actor, schedule_id: UUID, *, lock: bool = False) -> Schedule:
    """Raises Forbidden, NotFound: another's is not told."""
    require(actor, Permission.READ_STATS)
    found = await store.get(conn, schedule_id, lock=lock)
    if found is None or not may_manage(actor, found.owner_id):
        raise NotFound("schedules.gone")
    return found


async def create(pool: Pool, actor: Actor, draft: Draft, now: datetime | None = None) -> UUID:
    """From the next time on. Raises Forbidden, Invalid, Conflict when there are too many."""
    now, schedule_id = now or datetime.now(UTC), uuid7()
    async with transaction(pool) as conn:
        draft = await _checked(conn, actor, draft)
        assert actor.id is not None
        if not await store.add(conn, schedule_id, actor.id, draft, now, SCHEDULES_MOST):
            raise Conflict("schedules.too_many", most=SCHEDULES_MOST)
    return schedule_id


async def change(
    pool: Pool, actor: Actor, schedule_id: UUID, version: int, draft: Draft, now: datetime | None = None
) -> None:
    """Whoever names addresses outside of the house answers for them from now on. Raises Forbidden, Invalid, NotFound,
    Conflict when somebody else has changed it since."""
    now = now or datetime.now(UTC)
    async with transaction(pool) as conn:
        found = await get(conn, actor, schedule_id, lock=True)
        draft = await _checked(conn, actor, draft)
        owner = actor.id if draft.addresses and actor.id else found.owner_id
        # What had come due by another clock is not made up for by this one.
        until = found.planned_until if draft.when == found.draft.when else now
        if not await store.change(conn, schedule_id, version, owner, draft, until):
            raise Conflict("schedules.changed_meanwhile")


async def pause(pool: Pool, actor: Actor, schedule_id: UUID, *, paused: bool, now: datetime | None = None) -> None:
    """Raises Forbidden, NotFound."""
    async with transaction(pool) as conn:
        await get(conn, actor, schedule_id, lock=True)
        await store.pause(conn, schedule_id, paused=paused, at=now or datetime.now(UTC))


async def delete(pool: Pool, actor: Actor, schedule_id: UUID, now: datetime | None = None) -> None:
    """What waits to be sent is not sent any more. Raises Forbidden, NotFound."""
    async with transaction(pool) as conn:
        await get(conn, actor, schedule_id, lock=True)
        await store.delete(conn, schedule_id, now or datetime.now(UTC))


async def _checked(conn: Conn, actor: Actor, draft: Draft) -> Draft:
    """As it is kept. Raises Forbidden when others' figures are asked for, Invalid naming all that is wrong."""
    require(actor, Permission.READ_STATS)
    wrong = []
    name = " ".join(nfc(draft.name).split())
    if not 1 <= len(name) <= NAME_MOST:
        wrong.append(Problem("schedules.name_wrong", {"most": NAME_MOST}, "name"))
    if (problem := _when_problem(draft.when)) is not None:
        wrong.append(problem)
    if not set(draft.formats) <= set(FORMATS) or len(draft.query) > _QUERY_MOST:
        wrong.append(Problem("schedules.what_wrong", {}, "formats"))
    people, addresses = tuple(dict.fromkeys(draft.people)), tuple(dict.fromkeys(draft.addresses))
    wrong += await _people_problems(conn, actor, people)
    wrong += _address_problems(actor, addresses)
    if not people and not addresses:
        wrong.append(Problem("schedules.nobody", {}, "people"))
    if wrong:
        raise Invalid.many(wrong)
    formats = tuple(each for each in FORMATS if each in draft.formats)
    kept = structs.replace(draft, name=name, formats=formats, people=people, addresses=addresses)
    narrowed(actor, kept.asked(_ANY_PERIOD))
    return kept


def _when_problem(when: When) -> Problem | None:
    days = {"daily": range(1), "weekly": range(1, 8)}.get(when.kind, range(1, 32))
    if when.day not in days or not 0 <= when.minute < 24 * 60:
        return Problem("schedules.when_wrong", {}, "when")
    if when.kind == "cut" and when.day == CUT_DAY and when.minute < CUT_MINUTE:
        return Problem("schedules.before_the_cut", {}, "when")
    return None


async def _people_problems(conn: Conn, actor: Actor, people: Sequence[UUID]) -> list[Problem]:
    if len(people) > PEOPLE_MOST:
        return [Problem("schedules.people_many", {"most": PEOPLE_MOST}, "people")]
    names = await accounts.staff_names(conn, people)
    for staff_id in people:
        reader = await accounts.actor_of(conn, staff_id)
        if reader is None or not may(reader, Permission.READ_STATS) or not may_name(actor, reader):
            return [Problem("schedules.person_wrong", {"name": names.get(staff_id, str(staff_id))}, "people")]
    return []


def _address_problems(actor: Actor, addresses: Sequence[str]) -> list[Problem]:
    if not addresses:
        return []
    if actor.role not in ADD_ADDRESSES:
        return [Problem("schedules.addresses_not_yours", {}, "addresses")]
    if len(addresses) > ADDRESSES_MOST:
        return [Problem("schedules.addresses_many", {"most": ADDRESSES_MOST}, "addresses")]
    strange = [each for each in addresses if not _is_address(each)]
    return [Problem("schedules.address_wrong", {"address": strange[0][:80]}, "addresses")] if strange else []


def _is_address(said: str) -> bool:
    try:
        parsed = Address(addr_spec=said)
    except (MessageError, ValueError, IndexError):
        return False
    return len(said) <= _ADDRESS_MOST and bool(parsed.username) and "." in parsed.domain


# ---------------------------------------------------------------- what is due


async def plan(pool: Pool, calendar: Calendar, at: datetime | None = None) -> int:
    """Enter what came due, with a job for each recipient; gives how many runs. Called often, does it once."""
    at, entered = at or datetime.now(UTC), 0
    async with pool.acquire() as conn:
        waiting = await store.active(conn)
    for schedule in waiting:
        if not due_between(schedule.draft.when, calendar, schedule.planned_until, at):
            continue
        async with transaction(pool) as conn:
            found = await store.get(conn, schedule.schedule_id, lock=True)
            if found is None or found.paused:
                continue
            for due in due_between(found.draft.when, calendar, found.planned_until, at):
                entered += await _enter(conn, found, due, at)
            await store.planned(conn, found.schedule_id, at)
    return entered


async def _enter(conn: Conn, schedule: Schedule, due: Due, at: datetime) -> bool:
    run = Run(uuid7(), schedule.schedule_id, due.period.key, due.at, at, at - due.at > LATE, trial=False)
    if not await store.add_run(conn, run):
        return False
    await _enter_sends(conn, schedule, run, due.period, schedule.draft.people, schedule.draft.addresses)
    return True


async def trial(pool: Pool, calendar: Calendar, actor: Actor, schedule_id: UUID, now: datetime | None = None) -> None:
    """The last period that ended, to whoever asks alone. Raises Forbidden, NotFound."""
    now = now or datetime.now(UTC)
    async with transaction(pool) as conn:
        schedule = await get(conn, actor, schedule_id, lock=True)
        due = last_ended(schedule.draft.when, calendar, now)
        run = Run(uuid7(), schedule_id, due.period.key, now, now, late=False, trial=True)
        await store.add_run(conn, run)
        assert actor.id is not None
        await _enter_sends(conn, schedule, run, due.period, [actor.id], [])


async def _enter_sends(
    conn: Conn, schedule: Schedule, run: Run, period: Period, people: Sequence[UUID], addresses: Sequence[str]
) -> None:
    sends: list[Send] = []
    for staff_id in people:
        sends += await _sends_to(conn, schedule, run, period, staff_id)
    for address in addresses:
        sends.append(_send(run, f"address:{address}", "mail", address))
    await store_sends.add(conn, sends)
    await enqueue(
        conn, [job(run.run_id, who) for who in dict.fromkeys(s.recipient for s in sends if s.status == "queued")]
    )


async def _sends_to(conn: Conn, schedule: Schedule, run: Run, period: Period, staff_id: UUID) -> list[Send]:
    """By every way they want; or why not."""
    who, reader = f"staff:{staff_id}", await accounts.actor_of(conn, staff_id)
    why = why_not(reader, schedule, period)
    mail, chats = await store_sends.reach(conn, staff_id)
    if why or not (mail or chats):
        return [_send(run, who, "none", "", "left_out", why or "no_way")]
    ways = ([("mail", mail)] if mail else []) + sorted(chats.items())
    return [_send(run, who, channel, address) for channel, address in ways]


def why_not(reader: Actor | None, schedule: Schedule, period: Period) -> str:
    """Why somebody gets nothing, as ``schedules.why_<word>``; "" when they do."""
    if reader is None:
        return "inactive"
    try:
        narrowed(reader, schedule.draft.asked(period))
    except Forbidden:
        return "no_right"
    return ""


def _send(run: Run, recipient: str, channel: str, address: str, status: Status = "queued", reason: str = "") -> Send:
    return Send(run.run_id, recipient, channel, address, status, reason, 0, None, run.planned_at)


def job(run_id: UUID, recipient: str) -> Job:
    return Job(
        "send_schedule", {"run_id": str(run_id), "recipient": recipient}, dedupe=f"schedule:{run_id}:{recipient}"
    )


# ---------------------------------------------------------------- what became of it


async def history(conn: Conn, schedule: Schedule) -> list[Shown]:
    """The latest first."""
    runs = await store.runs(conn, schedule.schedule_id, _LISTED)
    sends = await store_sends.of_runs(conn, [run.run_id for run in runs])
    return [Shown(run, sends.get(run.run_id, [])) for run in runs]


async def last_runs(conn: Conn, schedules: Sequence[Schedule]) -> dict[UUID, Shown]:
    runs = await store.last_runs(conn, [one.schedule_id for one in schedules])
    sends = await store_sends.of_runs(conn, [run.run_id for run in runs.values()])
    return {key: Shown(run, sends.get(run.run_id, [])) for key, run in runs.items()}


async def send_again(pool: Pool, actor: Actor, schedule_id: UUID, run_id: UUID, recipient: str) -> None:
    """By hand: also what may have arrived already. Raises Forbidden, NotFound, Conflict while it is under way."""
    async with transaction(pool) as conn:
        schedule, run = await get(conn, actor, schedule_id, lock=True), await store.run(conn, run_id)
        if run is None or run.schedule_id != schedule_id:
            raise NotFound("schedules.run_gone")
        if await store_sends.without_way(conn, run_id, recipient):
            await _enter_sends(conn, schedule, run, parse(run.period), [UUID(recipient.partition(":")[2])], [])
        elif await store_sends.again(conn, run_id, recipient):
            await enqueue(conn, [job(run_id, recipient)])
        else:
            raise Conflict("schedules.under_way")


async def sweep(pool: Pool) -> int:
    """Forget what was sent more than a year ago."""
    async with pool.acquire() as conn:
        return await store.sweep(conn, _KEPT)
