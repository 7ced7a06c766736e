"""From an event to messages that were sent, exactly once each as far as it lies with us.

``tell`` turns events into ledger rows and one sending job a row, in one statement. ``deliver`` sends one row: compose
it, claim it, call the channel, settle it. A crash before the claim leaves it queued; a crash during the call leaves it
'sending', which the next attempt turns into 'uncertain' rather than risk telling twice.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from app.accounts import citizens
from app.accounts import service as accounts
from app.db import Conn, Pool
from app.history import service as history
from app.history.model import Kind
from app.jobs import Job
from app.notify import digest, glance, pictures, store, store_digest, templates
from app.notify.attempts import again, later, outcome
from app.notify.manners import AT_ONCE, QUESTIONS, WINDOW, Go, Quiet, Wait, decide
from app.notify.model import Closed, Sender, Senders, SendFailed, Telling, TryLater, Unreachable
from app.notify.templates import Relation
from app.photos.lab import PhotoLab
from app.reports import service as reports
from storage.objects import ObjectStore

_BACKOFF_MOST = 3600.0
"""Seconds."""


async def tell(pool: Pool, report_id: UUID, first: int, last: int) -> int:
    """Enter everybody who should hear of events ``first`` to ``last`` into the ledger. Repeating it adds nothing.

    Nobody is told of what they did themselves. Gives the number of new messages.
    """
    async with pool.acquire() as conn:
        events = [e for e in await history.of_report(conn, report_id) if first <= e.seq <= last]
        told = [(event, name) for event in events if (name := templates.template_for(event))]
        if not told:
            return 0
        people = await store.recipients(conn, report_id)
        entries = [
            store.Entry(report_id, e.seq, f"citizen:{p.citizen_id}", p.channel, p.channel_user_id, name, p.lang, 0)
            for e, name in told
            for p in people
            if templates.concerns(e, p.citizen_id, owner=p.owner)
        ]
        return await store.enter(conn, report_id, entries, [_job(e) for e in entries]) if entries else 0


def _job(entry: store.Entry) -> Job:
    key = {"report_id": str(entry.report_id), "seq": entry.seq, "recipient": entry.recipient, "channel": entry.channel}
    return Job("deliver", key, dedupe=f"deliver:{entry.report_id}:{entry.seq}:{entry.recipient}:{entry.channel}")


async def deliver(
    pool: Pool,
    objects: ObjectStore,
    senders: Senders,
    key: store.Key,
    *,
    lab: PhotoLab | None = None,
    quiet: Quiet | None = None,
    at: datetime | None = None,
) -> None:
    """Send one message of the ledger, or with it all that waits for the same address.

    ``lab`` puts before and after side by side; ``quiet``: the hours in which nobody is woken. Raises RetryRequested
    when it is not the time, or the channel asks us to come back later.
    """
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        found = await store.waiting(conn, key, at - WINDOW)
        if found is None:
            return
        entry, sender = found.entry, senders.get(found.entry.channel)
        if found.muted and not found.moment.bound and entry.template not in QUESTIONS:
            await store.settle(conn, entry, "muted", "the person wants no such messages", was=("queued",))
            return
        if found.dead:
            await _pass_on(conn, entry, "unreachable", "known to be unreachable", was=("queued",))
            return
        if sender is None:
            await _pass_on(conn, entry, "failed", "no such channel here", was=("queued",))
            return
    match decide(found.moment, quiet, at):
        case Wait(seconds):
            raise later(seconds, "not now")
        case Go(digest=True):
            await _send_digest(pool, sender, found)
        case _:
            await _send_one(pool, objects, sender, found, lab)


async def _send_digest(pool: Pool, sender: Sender, found: store.Waiting) -> None:
    """Everything that waits for this address, claimed at once and sent in one message."""
    entry = structs.replace(found.entry, digest=found.entry.name)
    async with pool.acquire() as conn:
        attempt, lines = await store_digest.claim(conn, entry, found.citizen_id)
    if lines:
        telling = digest.telling(lines, entry.lang)
        seen = glance.of_many(lines, entry.lang)
        await _send(pool, sender, entry, attempt, structs.replace(telling, lang=entry.lang, glance=seen))


async def _send_one(
    pool: Pool, objects: ObjectStore, sender: Sender, found: store.Waiting, lab: PhotoLab | None
) -> None:
    entry = found.entry
    async with pool.acquire() as conn:
        told, shows = await _told(conn, entry, found.citizen_id)
        if templates.overtaken(entry.template, told.report) or (found.late and entry.template not in AT_ONCE):
            await store.settle(conn, entry, "superseded", "something newer was told", was=("queued",))
            return
    code = told.own_code or (told.report.code if told.followed else None)
    telling = Telling(
        templates.text(entry.template, entry.lang, told),
        await pictures.of(objects, lab, shows, entry.lang),
        templates.buttons(entry.template, entry.lang, code, follower=told.own_code is None) if code else (),
        shows.photos,
        entry.lang,
        glance=glance.of(entry.template, entry.lang, told),
    )
    async with pool.acquire() as conn:
        attempt = await store.claim(conn, entry)
    if attempt is not None:
        await _send(pool, sender, entry, attempt, telling)


async def _send(pool: Pool, sender: Sender, entry: store.Entry, attempt: int, telling: Telling) -> None:
    failure: SendFailed | None = None
    ref: str | None = None
    try:
        ref = await sender.send(entry.channel_user_id, telling)
    except SendFailed as failed:
        failure = failed
    status = outcome(failure, attempt)
    # Somebody may have taken us for dead and written 'uncertain' meanwhile. We know better, but do not send it again.
    was = ("sending",) if status == "queued" else ("sending", "uncertain")
    async with pool.acquire() as conn:
        reason = failure.reason if failure else None
        if isinstance(failure, Unreachable):
            await citizens.unreachable(conn, entry.channel, entry.channel_user_id, failure.reason)
        if isinstance(failure, Unreachable | Closed):
            await _pass_on(conn, entry, status, failure.reason, was=was, attempt=attempt)
            return
        settled = await store.settle(conn, entry, status, reason, ref, was=was, attempt=attempt)
    if settled and isinstance(failure, TryLater) and status == "queued":
        raise again(failure, attempt, _BACKOFF_MOST)


async def _pass_on(
    conn: Conn, entry: store.Entry, status: str, reason: str, *, was: Sequence[str], attempt: int | None = None
) -> None:
    """Nothing gets to this address: the ledger says so, and with that the person's next chat gets the message."""
    async with conn.transaction():
        if not await store.settle(conn, entry, status, reason, was=was, attempt=attempt):
            return
        for row in await store_digest.elsewhere(conn, entry):
            other = store.Entry(*row, attempts=0)
            await store.enter(conn, other.report_id, [other], [_job(other)])


async def _told(conn: Conn, entry: store.Entry, citizen_id: UUID) -> tuple[templates.Told, pictures.Shown]:
    """What the message is made of, and the photos it shows."""
    report = await reports.get(conn, entry.report_id)
    case = await reports.case(conn, report)
    events = await history.of_report(conn, entry.report_id)
    event = next(e for e in events if e.seq == entry.seq)
    own = await store.own(conn, report.report_id, citizen_id)
    followed = None if own else await store.followed(conn, report.report_id, citizen_id)
    relation = Relation.FOLLOWER
    if own:
        relation = Relation.OWNER if own[0] == report.report_id else Relation.MERGED
    named = templates.words_of(event, events)
    words = next((m for m in case.messages if str(m.message_id) == named), None)
    read = templates.readable(words, relation, report, entry.lang, case.public)
    agency_id, due = templates.standing(events, report, entry.seq)
    # A report that was split is named by the agencies of its parts.
    told_of = dict.fromkeys(part["agency"] for part in event.data.get("parts", ())) if event.kind == Kind.SPLIT else ()
    names = await accounts.agency_names(conn, [agency_id, *told_of], entry.lang)
    agency = ", ".join(names.get(each, each) for each in told_of or (agency_id,))
    told = templates.Told(report, event, relation, agency, due, read or "", own[1] if own else None, followed)
    return told, pictures.shown(event, relation, case, readable=read is not None)


async def ledger(conn: Conn, report_id: UUID) -> list[dict[str, Any]]:
    """What was told about a report and what became of it, oldest first, without names and addresses."""
    return await store.of_report(conn, report_id)


async def counts(conn: Conn) -> dict[str, int]:
    """How many messages of the last day stand where, by status."""
    return await store.counts(conn)
