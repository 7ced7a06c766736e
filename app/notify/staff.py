"""What staff hear of a case in their chats: an agency's group gets a card when the case comes to it, and each card is
brought up to date when something happens.

Sent by the same rules as to citizens (``app.notify.service``): a ledger row and a job each, claimed before the call, at
most once. What is not urgent waits for office hours. Changing a card may be repeated without harm.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.accounts import absence, chats
from app.accounts import service as accounts
from app.db import Conn, Pool, transaction
from app.errors import NotFound, Unavailable
from app.history import service as history
from app.history.model import Event
from app.i18n import Lang, t
from app.jobs import Job, enqueue
from app.notify import staff_cards, store, store_staff
from app.notify.attempts import again, outcome
from app.notify.model import Button, CardSender, SendFailed, Telling, TryLater, Unreachable
from app.notify.store_staff import Card, Ear
from app.photos import service as photos
from app.reports import service as reports
from app.reports.calling import calls_of
from app.reports.model import Report
from app.reports.workflow import OPEN
from app.routing.calendar import Calendar
from app.routing.ruleset import RuleSet
from storage.objects import ObjectStore

_TICK = timedelta(microseconds=1)
_BACKOFF_MOST = 600.0
"""Seconds."""
_PREFIX = "staff_"
"""Of the ledger's template names; what follows is the card's first line (``officers.<key>``)."""


Buttons = tuple[tuple[Button, ...], ...]


# ---------------------------------------------------------------- who hears of what


async def tell(
    pool: Pool,
    rules: RuleSet,
    report_id: UUID,
    first: int,
    last: int,
    at: datetime | None = None,
    *,
    at_any_hour: bool = False,
) -> int:
    """Enter whoever of staff should hear of events ``first`` to ``last``, and have cards brought up to date.

    ``at_any_hour``: nothing waits for office hours. Repeating it adds nothing. Gives the number of new messages.
    """
    at = at or datetime.now(UTC)
    async with transaction(pool) as conn:
        report = await reports.get(conn, report_id)
        events = [e for e in await history.of_report(conn, report_id) if first <= e.seq <= last]
        entries: list[store.Entry] = []
        new_jobs = []
        for event in events:
            for ear, key in await _ears(conn, report, event, rules.coordinator_id):
                entry = store.Entry(
                    report_id, event.seq, ear.recipient, ear.channel, ear.chat_id, f"{_PREFIX}{key}", ear.lang, 0
                )
                at_once = at_any_hour or report.urgency == "urgent" or key in ("called", "directed")
                entries.append(entry)
                new_jobs.append(_job(entry, timedelta(0) if at_once else until_open(rules.calendar, at)))
        await _refresh_soon(conn, report_id)
        return await store.enter(conn, report_id, entries, new_jobs) if entries else 0


async def _ears(conn: Conn, report: Report, event: Event, centre: str) -> list[tuple[Ear, str]]:
    """Who hears of an event, and under which heading. Who has the case by now counts: nobody else may read it. A
    leader's direction is also heard where the case has ended, and there by the centre too, which may reopen it."""
    found = []
    if (key := staff_cards.headline(event)) and (report.status in OPEN or key == "directed"):
        agencies = {report.agency_id} if report.status in OPEN else {report.agency_id, centre}
        people = await _responsible(conn, report, event.at)
        for agency_id in sorted(agencies):
            ears = await store_staff.ears(conn, agency_id, people, event.at, report)
            found += [(ear, key) for ear in ears]
    for agency_id in calls_of(event):
        if agency_id != report.agency_id:
            found += [(ear, "called") for ear in await store_staff.ears(conn, agency_id, [], event.at, report)]
    return found


async def _responsible(conn: Conn, report: Report, at: datetime) -> list[UUID]:
    """Who has the case, and who stands in while they are away."""
    if report.assignee_id is None:
        return []
    deputy = (await absence.acting(conn, [report.assignee_id], at)).get(report.assignee_id)
    return [report.assignee_id, deputy] if deputy else [report.assignee_id]


def _job(entry: store.Entry, delay: timedelta) -> Job:
    key = {"report_id": str(entry.report_id), "seq": entry.seq, "recipient": entry.recipient, "channel": entry.channel}
    dedupe = f"deliver:{entry.report_id}:{entry.seq}:{entry.recipient}:{entry.channel}"
    return Job("deliver_staff", key, delay, dedupe)


def until_open(calendar: Calendar, at: datetime) -> timedelta:
    """How long until it is office hours; nothing while it is."""
    return timedelta(0) if calendar.is_open(at) else calendar.add_office_hours(at, _TICK) - _TICK - at


# ---------------------------------------------------------------- sending


async def deliver(
    pool: Pool,
    objects: ObjectStore,
    rules: RuleSet,
    senders: Mapping[str, CardSender],
    key: store.Key,
    map_link: str = "",
) -> None:
    """Send one message of the ledger to staff. Raises RetryRequested when the channel asks us to come back later."""
    async with pool.acquire() as conn:
        found = await store_staff.waiting(conn, key)
        if found is None:
            return
        entry, dead = found
        sender = senders.get(entry.channel)
        if dead or sender is None:
            why = "no longer linked, or unreachable" if dead else "no such channel here"
            await store.settle(conn, entry, "unreachable" if dead else "failed", why, was=("queued",))
            return
        report = await reports.get(conn, entry.report_id)
        composed = await _compose(conn, rules, report, entry, map_link)
        if composed is None:
            # It lay through the night, or the channel was away: what is no longer theirs is not shown to them.
            await store.settle(conn, entry, "failed", "no longer in their hands", was=("queued",))
            return
    text, shots, buttons = composed
    telling = Telling(text, await _pictures(objects, shots), buttons)
    async with pool.acquire() as conn:
        attempt = await store.claim(conn, entry)
    if attempt is not None:
        await _send(pool, sender, entry, attempt, telling, report.last_seq)


async def _compose(
    conn: Conn, rules: RuleSet, report: Report, entry: store.Entry, map_link: str
) -> tuple[str, list[str], Buttons] | None:
    """Words, photos (sha256) and buttons. None: the case is no longer theirs."""
    key, lang = entry.template.removeprefix(_PREFIX), entry.lang
    agency_id = await _agency_of(conn, entry, report)
    if agency_id is None or not _theirs(report, agency_id, key, rules.coordinator_id):
        return None
    in_group = entry.recipient.startswith("agency:")
    shown = await show(conn, report, lang, theirs=True, in_group=in_group, map_link=map_link)
    text = staff_cards.card(rules, lang, shown, key)
    buttons = staff_cards.buttons(lang, shown) if agency_id == report.agency_id else ()
    if shown.hushed:
        return text, [], buttons
    case = await reports.case(conn, report)
    if key != "answered":
        return text, [p.sha256 for p in case.pictures if p.stage == "before"][:1], buttons
    if said := [m for m in case.messages if m.kind == "info"]:
        text = f"{text}\n\n💬 “{staff_cards.readable(said[-1].body, lang)}”"
    return text, [p.sha256 for p in case.pictures if p.stage == "info" and p.added_by == "citizen"][-1:], buttons


def _theirs(report: Report, agency_id: str, key: str, centre: str) -> bool:
    """Whether this is still for them to read."""
    if key == "directed" and report.status not in OPEN:
        return report.directed_due_at is not None and agency_id in (report.agency_id, centre)
    return report.status in OPEN and (agency_id == report.agency_id or key == "called")


async def _agency_of(conn: Conn, entry: store.Entry, report: Report) -> str | None:
    """The agency for which this chat hears of the report; None when it may not any more."""
    kind, _, ident = entry.recipient.partition(":")
    if kind == "agency":
        return ident
    who = await chats.officer(conn, entry.channel, entry.channel_user_id)
    return who.staff.agency_id if who and who.actor.within_limits(report) else None


async def _pictures(objects: ObjectStore, hashes: list[str]) -> tuple[bytes, ...]:
    """A photo that cannot be read never holds the case back."""
    try:
        return tuple([await photos.read_photo(objects, sha256, "large") for sha256 in hashes])
    except (NotFound, Unavailable):
        return ()


async def show(
    conn: Conn, report: Report, lang: Lang, *, theirs: bool, in_group: bool, map_link: str = ""
) -> staff_cards.Shown:
    """What a card shows, with names: colleagues may know who of them has it."""
    names = await accounts.agency_names(conn, [report.agency_id], lang)
    people = await _responsible(conn, report, datetime.now(UTC))
    who = await accounts.staff_names(conn, people)
    assignee, deputy = [*(who.get(person, "") for person in people), "", ""][:2]
    return staff_cards.Shown(
        report=report,
        agency=names.get(report.agency_id, report.agency_id),
        assignee=t("absence.stands_in", lang, name=assignee, deputy=deputy) if deputy else assignee,
        theirs=theirs,
        hushed=in_group and report.visibility == "private",
        map_link=map_link,
    )


async def _send(pool: Pool, sender: CardSender, entry: store.Entry, attempt: int, telling: Telling, seq: int) -> None:
    failure: SendFailed | None = None
    ref: str | None = None
    try:
        ref = await sender.send(entry.channel_user_id, telling)
    except SendFailed as failed:
        failure = failed
    status = outcome(failure, attempt)
    was = ("sending",) if status == "queued" else ("sending", "uncertain")
    async with transaction(pool) as conn:
        reason = failure.reason if failure else None
        if isinstance(failure, Unreachable):
            await chats.unreachable(conn, entry.channel, entry.channel_user_id)
        settled = await store.settle(conn, entry, status, reason, ref, was=was, attempt=attempt)
        if ref is not None and not entry.template.endswith("called"):
            # Who was called to help is not kept up to date: the case is another's.
            await store_staff.add_card(conn, entry.report_id, entry.channel, entry.channel_user_id, ref, seq)
            # Something may have happened while it was on its way.
            await _refresh_soon(conn, entry.report_id)
    if settled and isinstance(failure, TryLater) and status == "queued":
        raise again(failure, attempt, _BACKOFF_MOST)


# ---------------------------------------------------------------- bringing up to date


async def _refresh_soon(conn: Conn, report_id: UUID) -> None:
    if await store_staff.stale_cards(conn, report_id):
        await enqueue(conn, [Job("refresh_cards", {"report_id": str(report_id)})])


async def note_card(conn: Conn, report_id: UUID, channel: str, chat_id: str, message_id: str) -> None:
    """A message on which a case's button was pressed shows that case, however it came there."""
    await store_staff.add_card(conn, report_id, channel, chat_id, message_id)


async def move(conn: Conn, channel: str, old: str, new: str) -> None:
    """A group has another number: what waits to be sent goes there. In the caller's transaction."""
    await store_staff.move(conn, channel, old, new)


async def refresh(
    pool: Pool, rules: RuleSet, senders: Mapping[str, CardSender], report_id: UUID, map_link: str = ""
) -> None:
    """Bring every message that shows this case up to date. Raises RetryRequested where one has to wait."""
    async with pool.acquire() as conn:
        stale = await store_staff.stale_cards(conn, report_id)
    for channel, chat_id, message_id in stale:
        if (sender := senders.get(channel)) is None:
            continue
        # The row stays locked during the call: of two changes, the one with the later state must come last.
        async with transaction(pool) as conn:
            card = await store_staff.take_card(conn, report_id, channel, chat_id, message_id)
            if card is not None:
                await _refresh(conn, rules, sender, report_id, card, map_link)


async def _refresh(conn: Conn, rules: RuleSet, sender: CardSender, report_id: UUID, card: Card, map_link: str) -> None:
    report = await reports.get(conn, report_id)
    theirs, in_group = await _still_theirs(conn, report, card), card.agency_id is not None
    shown = await show(conn, report, card.lang, theirs=theirs, in_group=in_group, map_link=map_link)
    buttons = staff_cards.buttons(card.lang, shown)
    try:
        await sender.edit(
            card.chat_id, card.message_id, Telling(staff_cards.card(rules, card.lang, shown), (), buttons)
        )
    except TryLater as failure:
        raise again(failure, 1, _BACKOFF_MOST) from failure
    except SendFailed:
        await store_staff.forget_card(conn, report_id, card)
    else:
        await store_staff.shown(conn, report_id, card, report.last_seq)


async def _still_theirs(conn: Conn, report: Report, card: Card) -> bool:
    if card.agency_id is not None:
        return card.agency_id == report.agency_id
    if card.staff_id is None:
        return False
    who = await chats.officer(conn, card.channel, card.chat_id)
    return who is not None and who.actor.may_see(report)


async def refresh_stale(pool: Pool) -> None:
    """Bring up to date whatever no event has asked for, such as a deadline that was reckoned again."""
    async with transaction(pool) as conn:
        stale = await store_staff.stale_reports(conn)
        await enqueue(conn, [Job("refresh_cards", {"report_id": str(report_id)}) for report_id in stale])


async def sweep(conn: Conn) -> None:
    """Forget the messages that show cases which ended long ago."""
    await store_staff.sweep(conn)
