"""From an event to everybody of staff who must hear of it: on the pages, by chat and by e-mail, deputies too.

Cards in chats for new work are another matter (``app.notify.staff``): here it is warnings, and what concerns a person
rather than an agency: a mention, a direction, a case given to them, one that came back.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts import absence, push_devices
from app.accounts.model import Staff
from app.db import Conn, Pool, transaction
from app.escalation import store, store_notices
from app.escalation.model import ALL_WAYS, USUAL, Audience, Person, Policy, audience, ways_to
from app.history import service as history
from app.history.model import Event, Kind
from app.jobs import Job
from app.notify import store as ledger
from app.notify.mail import CHANNEL as MAIL
from app.notify.manners import Quiet
from app.notify.push import CHANNEL as PUSH
from app.notify.staff import until_open
from app.reports import service as reports
from app.reports.model import Report
from app.reports.warning import reached_of
from app.reports.workflow import OPEN
from app.routing.calendar import Calendar
from app.routing.ruleset import RuleSet

_PAGES = frozenset({"in_app"})
_ANSWERS_FOR_IT: tuple[Audience, ...] = ("officer", "lead")


class Heard(Struct, frozen=True):
    """Who hears of one event, under which name, and by which ways. ``required``: whatever they switched off."""

    kind: str
    people: frozenset[UUID]
    ways: frozenset[str]
    required: frozenset[str] = _PAGES


async def policy_of(conn: Conn, agency_id: str) -> tuple[Policy, str | None]:
    """The rules that hold for an agency, and whose they are: its own, those of one above, None for the usual ones."""
    row = await store.policy_for(conn, agency_id)
    return (msgspec.convert(row["policy"], Policy), row["agency_id"]) if row else (USUAL, None)


class Own(Struct, frozen=True):
    """How somebody hears: the ways they switched off, those that their agency does not leave to them, and whether
    there is an address for each."""

    off: frozenset[str]
    required: frozenset[str]
    chats: int
    email: str


async def own_ways(conn: Conn, staff: Staff) -> Own:
    policy, _ = await policy_of(conn, staff.agency_id)
    linked = await store.chats_of(conn, [staff.staff_id])
    off = frozenset(await store.off_of(conn, staff.staff_id))
    return Own(off, frozenset(policy.required), len(linked), staff.email)


async def choose_ways(conn: Conn, staff_id: UUID, wanted: Collection[str]) -> None:
    """By which ways somebody wants to hear from now on; the others are off where their agency allows it."""
    await store.set_off(conn, staff_id, sorted(ALL_WAYS - set(wanted)))


async def tell(
    pool: Pool,
    rules: RuleSet,
    report_id: UUID,
    first: int,
    last: int,
    at: datetime | None = None,
    *,
    by_mail: bool = True,
    at_any_hour: bool = False,
) -> int:
    """Whoever should hear of events ``first`` to ``last``: notices at once, ledger rows and jobs for the rest.

    ``by_mail``: there is e-mail here. ``at_any_hour``: nothing waits. Repeating it adds nothing. Gives the number of
    new notices.
    """
    at = at or datetime.now(UTC)
    async with transaction(pool) as conn:
        events = [e for e in await history.of_report(conn, report_id) if first <= e.seq <= last and _concerns(e)]
        if not events:
            return 0
        report = await reports.get(conn, report_id)
        people = {one.staff_id: one for one in await store.people_around(conn, report)}
        policy, _ = await policy_of(conn, report.agency_id)
        delay = timedelta(0) if at_any_hour or report.urgency == "urgent" else _until_told(policy, rules.calendar, at)
        told = 0
        for event in events:
            heard = _heard(report, event, list(people.values()), policy)
            if heard is not None:
                told += await _enter(conn, report, event, heard, people, delay, by_mail=by_mail)
        return told


def _concerns(event: Event) -> bool:
    named = "mentions" in event.data or "assignee" in event.data
    return named or event.kind in (Kind.WARNED, Kind.DIRECTED, Kind.DISPUTED, Kind.RETURNED)


def _until_told(policy: Policy, calendar: Calendar, at: datetime) -> timedelta:
    if policy.quiet is None:
        return until_open(calendar, at)
    ends = Quiet(*policy.quiet).ends(at)
    return ends - at if ends else timedelta(0)


def _heard(report: Report, event: Event, people: Sequence[Person], policy: Policy) -> Heard | None:
    """Who hears of it; None: nobody. Who has the case by now counts."""
    if (reached := reached_of(event)) is not None:
        step = policy.step(reached.clock, reached.level)
        if step is None or report.status not in OPEN:
            return None
        ids = audience(people, report.assignee_id, step.to)
        if reached.level >= policy.people_from:
            ids |= set(policy.people)
        kind = f"warned_{reached.clock}_{reached.level}"
        return Heard(kind, frozenset(ids), _PAGES | frozenset(step.ways), frozenset(policy.required))
    match event.kind:
        case Kind.NOTED if mentions := event.data.get("mentions"):
            return Heard("mentioned", frozenset(map(UUID, mentions)), ALL_WAYS)
        case Kind.DIRECTED:
            # Its card in the chats is the agency's (``app.notify.staff``).
            answerable = audience(people, report.assignee_id, _ANSWERS_FOR_IT)
            return Heard("directed", frozenset(answerable), frozenset({"in_app", "mail"}))
        case Kind.DISPUTED:
            return Heard("disputed", frozenset(audience(people, None, ("lead", "above"))), _PAGES)
        case Kind.RETURNED:
            return Heard("returned", frozenset(audience(people, None, ("coordinators",))), _PAGES)
    given = event.data.get("assignee")
    return Heard("assigned", frozenset({UUID(given)}), ALL_WAYS) if given else None


async def _enter(
    conn: Conn,
    report: Report,
    event: Event,
    heard: Heard,
    people: dict[UUID, Person],
    delay: timedelta,
    *,
    by_mail: bool,
) -> int:
    """Notices, and ledger rows with their jobs. Nobody hears of what they did themselves, or may not see."""
    hearers: dict[UUID, UUID | None] = dict.fromkeys(heard.people)
    for away, deputy in (await absence.acting(conn, sorted(heard.people), event.at)).items():
        if deputy is not None:
            hearers.setdefault(deputy, away)
    ways = {
        staff_id: ways_to(people[staff_id], heard.ways, heard.required)
        for staff_id in hearers
        if staff_id in people and staff_id != event.actor_id
    }
    notices = [
        store_notices.New(staff_id, heard.kind, event.seq, hearers[staff_id])
        for staff_id, by in ways.items()
        if "in_app" in by
    ]
    entries = [
        ledger.Entry(report.report_id, event.seq, f"staff:{staff_id}", channel, chat, heard.kind, lang, 0)
        for staff_id, channel, chat, lang in await store.chats_of(conn, [s for s, by in ways.items() if "chat" in by])
    ]
    entries += [
        ledger.Entry(report.report_id, event.seq, f"staff:{s}", MAIL, str(s), heard.kind, people[s].lang, 0)
        for s, by in ways.items()
        if by_mail and "mail" in by and people[s].email
    ]
    # A device's screen says what the bell counts, to whoever switched it on there.
    devices = await push_devices.langs_of(conn, [s for s, by in ways.items() if "in_app" in by])
    entries += [
        ledger.Entry(report.report_id, event.seq, f"staff:{s}", PUSH, str(s), heard.kind, lang, 0)
        for s, lang in devices.items()
    ]
    if entries:
        await ledger.enter(conn, report.report_id, entries, [_job(entry, delay) for entry in entries])
    return await store_notices.add(conn, report.report_id, event.at, notices) if notices else 0


def _job(entry: ledger.Entry, delay: timedelta) -> Job:
    key = {"report_id": str(entry.report_id), "seq": entry.seq, "recipient": entry.recipient, "channel": entry.channel}
    dedupe = f"deliver:{entry.report_id}:{entry.seq}:{entry.recipient}:{entry.channel}"
    return Job("deliver_warning", key, delay, dedupe)
