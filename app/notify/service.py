"""From an event to messages that were sent, exactly once each as far as it lies with us.

``tell`` turns events into ledger rows and one sending job a row, in one statement. ``deliver`` sends one row: compose it,
claim it, call the channel, settle it. A crash before the claim leaves it queued; a crash during the call leaves it 'sending',
which the next attempt turns into 'uncertain' rather than risk telling twice.
"""

from datetime import timedelta
from uuid import UUID

from pgqueuer import RetryRequested

from app.accounts import citizens
from app.accounts import service as accounts
from app.db import Conn, Pool
from app.history import service as history
from app.history.model import Event, Kind
from app.jobs import Job
from app.notify import store, templates
from app.notify.model import Refused, Sender, Senders, SendFailed, Telling, TryLater, Uncertain, Unreachable
from app.photos import service as photos
from app.reports import service as reports
from storage.objects import ObjectMissing, ObjectStore, StoreUnavailable

MAX_ATTEMPTS = 10
_BACKOFF_MOST = 3600.0


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
        sender = senders.get(entry.channel)
        if dead or sender is None:
            await store.settle(conn, entry, "unreachable", "known to be unreachable" if dead else "no such channel here")
            return
        telling = await _compose(conn, objects, entry)
        if not await store.claim(conn, entry):
            return
    outcome: SendFailed | None = None
    ref: str | None = None
    try:
        ref = await sender.send(entry.channel_user_id, telling)
    except SendFailed as failure:
        outcome = failure
    async with pool.acquire() as conn:
        if outcome is None:
            await store.settle(conn, entry, "sent", ref=ref)
        else:
            await _failed(conn, entry, outcome)


async def _failed(conn: Conn, entry: store.Entry, failure: SendFailed) -> None:
    match failure:
        case Unreachable():
            await citizens.unreachable(conn, entry.channel, entry.channel_user_id, failure.reason)
            await store.settle(conn, entry, "unreachable", failure.reason)
        case TryLater() if entry.attempts + 1 < MAX_ATTEMPTS:
            await store.settle(conn, entry, "queued", failure.reason)
            delay = max(failure.seconds, min(2.0**entry.attempts, _BACKOFF_MOST))
            raise RetryRequested(timedelta(seconds=delay), failure.reason)
        case Uncertain():
            await store.settle(conn, entry, "uncertain", failure.reason)
        case TryLater() | Refused():
            await store.settle(conn, entry, "failed", failure.reason)
        case _:
            raise failure


async def _compose(conn: Conn, objects: ObjectStore, entry: store.Entry) -> Telling:
    report = await reports.get(conn, entry.report_id)
    case = await reports.case(conn, report)
    event = next(e for e in await history.of_report(conn, entry.report_id) if e.seq == entry.seq)
    words = next((m for m in case.messages if str(m.message_id) == event.data.get("message_id")), None)
    names = await accounts.agency_names(conn, [report.agency_id])
    agency = names.get(report.agency_id, report.agency_id)
    own_code = await store.own_code(conn, report.report_id, UUID(entry.recipient.removeprefix("citizen:")))
    return Telling(
        templates.text(entry.template, entry.lang, report, event, words, agency),
        await _pictures(objects, event),
        templates.buttons(entry.template, entry.lang, own_code) if own_code else (),
    )


async def _pictures(objects: ObjectStore, event: Event) -> tuple[bytes, ...]:
    """The after-photos of a resolution or progress. A photo that cannot be read never holds the message back."""
    if event.kind not in (Kind.RESOLVED, Kind.PROGRESS):
        return ()
    pictures = []
    for sha256 in event.data.get("photos", []):
        try:
            pictures.append(await photos.read_photo(objects, sha256, "large"))
        except (ObjectMissing, StoreUnavailable):
            continue
    return tuple(pictures)
