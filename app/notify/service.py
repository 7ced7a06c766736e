"""From an event to messages that were sent, exactly once each as far as it lies with us.

``tell`` turns events into ledger rows and one sending job a row, in one statement. ``deliver`` sends one row: compose
it, claim it, call the channel, settle it. A crash before the claim leaves it queued; a crash during the call leaves it
'sending', which the next attempt turns into 'uncertain' rather than risk telling twice.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.accounts import citizens
from app.accounts import service as accounts
from app.db import Conn, Pool
from app.errors import NotFound, Unavailable
from app.history import service as history
from app.history.model import Kind
from app.jobs import Job
from app.notify import store, templates
from app.notify.model import Closed, Senders, SendFailed, Telling, TryLater, Uncertain, Unreachable
from app.notify.templates import Relation
from app.photos import service as photos
from app.reports import service as reports
from storage.objects import ObjectStore

MAX_ATTEMPTS = 30
"""With the back-off, a channel may be out of order for most of a day and the message still arrives."""
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


async def deliver(pool: Pool, objects: ObjectStore, senders: Senders, key: store.Key) -> None:
    """Send one message of the ledger. Raises RetryRequested when the channel asks us to come back later."""
    async with pool.acquire() as conn:
        found = await store.waiting(conn, key)
        if found is None:
            return
        entry, dead = found
        if dead:
            await store.settle(conn, entry, "unreachable", "known to be unreachable", was=("queued",))
            return
        if entry.channel not in senders:
            await store.settle(conn, entry, "failed", "no such channel here", was=("queued",))
            return
        told, shows = await _told(conn, entry)
    telling = Telling(
        templates.text(entry.template, entry.lang, told),
        await _pictures(objects, shows),
        templates.buttons(entry.template, entry.lang, told.own_code) if told.own_code else (),
        tuple(shows),
        entry.lang,
    )
    async with pool.acquire() as conn:
        attempt = await store.claim(conn, entry)
    if attempt is not None:
        await _send(pool, senders, entry, attempt, telling)


async def _send(pool: Pool, senders: Senders, entry: store.Entry, attempt: int, telling: Telling) -> None:
    failure: SendFailed | None = None
    ref: str | None = None
    try:
        ref = await senders[entry.channel].send(entry.channel_user_id, telling)
    except SendFailed as failed:
        failure = failed
    status = _outcome(failure, attempt)
    # Somebody may have taken us for dead and written 'uncertain' meanwhile. We know better, but do not send it again.
    was = ("sending",) if status == "queued" else ("sending", "uncertain")
    async with pool.acquire() as conn:
        reason = failure.reason if failure else None
        if isinstance(failure, Unreachable):
            await citizens.unreachable(conn, entry.channel, entry.channel_user_id, failure.reason)
        if isinstance(failure, Closed):
            await _elsewhere(conn, entry, senders)
        settled = await store.settle(conn, entry, status, reason, ref, was=was, attempt=attempt)
    if settled and isinstance(failure, TryLater) and status == "queued":
        delay = max(failure.seconds, min(2.0 ** (attempt - 1), _BACKOFF_MOST))
        # Known to the worker alone: it brings pydantic along, 12 MB that the API process need not carry.
        from pgqueuer import RetryRequested

        raise RetryRequested(timedelta(seconds=delay), failure.reason)


async def _elsewhere(conn: Conn, entry: store.Entry, senders: Senders) -> None:
    """The same message by another channel of the same person, unless it goes there anyway. Repeating adds nothing."""
    other = await store.other_address(conn, entry, [name for name in senders if name != entry.channel])
    if other is not None:
        await store.enter(conn, entry.report_id, [other], [_job(other)])


def _outcome(failure: SendFailed | None, attempt: int) -> str:
    match failure:
        case None:
            return "sent"
        case Unreachable():
            return "unreachable"
        case Closed():
            return "closed"
        case TryLater() if attempt < MAX_ATTEMPTS:
            return "queued"
        case Uncertain():
            return "uncertain"
        case _:
            return "failed"


async def _told(conn: Conn, entry: store.Entry) -> tuple[templates.Told, list[str]]:
    """What the message is made of, and the photos it shows (sha256)."""
    report = await reports.get(conn, entry.report_id)
    case = await reports.case(conn, report)
    events = await history.of_report(conn, entry.report_id)
    event = next(e for e in events if e.seq == entry.seq)
    own = await store.own(conn, report.report_id, UUID(entry.recipient.removeprefix("citizen:")))
    relation = Relation.FOLLOWER
    if own:
        relation = Relation.OWNER if own[0] == report.report_id else Relation.MERGED
    words = next((m for m in case.messages if str(m.message_id) == event.data.get("message_id")), None)
    read = templates.readable(words, relation, report, entry.lang)
    agency_id, due = templates.standing(events, report, entry.seq)
    names = await accounts.agency_names(conn, [agency_id], entry.lang)
    told = templates.Told(
        report, event, relation, names.get(agency_id, agency_id), due, read or "", own[1] if own else None
    )
    shown = event.kind in (Kind.RESOLVED, Kind.PROGRESS) and read is not None
    return told, list(event.data.get("photos", ())) if shown else []


async def _pictures(objects: ObjectStore, hashes: Sequence[str]) -> tuple[bytes, ...]:
    """A photo that cannot be read never holds the message back."""
    pictures = []
    for sha256 in hashes:
        try:
            pictures.append(await photos.read_photo(objects, sha256, "large"))
        except (NotFound, Unavailable):
            continue
    return tuple(pictures)


async def ledger(conn: Conn, report_id: UUID) -> list[dict[str, Any]]:
    """What was told about a report and what became of it, oldest first, without names and addresses."""
    return await store.of_report(conn, report_id)


async def counts(conn: Conn) -> dict[str, int]:
    """How many messages of the last day stand where, by status."""
    return await store.counts(conn)
