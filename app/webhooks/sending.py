"""Sending messages to webhooks: signed, few at a time for each, tried again for three days, never lost.

A message is taken for a while; whoever dies meanwhile has it taken by another, under the same id. Each receiver has a
task of its own, so that a slow one holds nobody else up.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import structlog
from msgspec import Struct

from app.accounts import store as account_store
from app.accounts.model import SYSTEM, Entry, EventKind
from app.db import Conn, Pool, transaction
from app.history import service as history
from app.history.model import Event
from app.outward import PATIENCE, Client, Late, Networks, Refused, Unreached
from app.reports import publication
from app.reports import service as reports
from app.reports.model import Report
from app.settings import Settings
from app.webhooks import secrets, service, store
from app.webhooks.model import (
    GIVEN_UP_AFTER,
    WAITS,
    Delivery,
    Tried,
    Webhook,
    envelope,
    message_id,
    trial,
    wait,
)

log = structlog.get_logger()

_AT_ONCE = 32
"""Messages under way to one receiver."""
_TAKEN = 256
_LEASE = timedelta(minutes=2)
"""For which messages are taken: longer than a whole batch may last."""
_EVERY = 0.5
"""Seconds between two looks."""
_ILL = timedelta(minutes=1)
"""A receiver that has failed for longer than this is asked with one message at a time."""
_ILL_EVERY, _REST_MOST = timedelta(seconds=15), timedelta(minutes=15)
_GONE = 410


class Sender:
    """The way out. ``source``: who we say we are; ``networks``: where receivers may stand besides the internet;
    ``patience``: seconds for each message."""

    def __init__(self, key: bytes, source: str, networks: Networks = (), patience: float = PATIENCE) -> None:
        self.key, self.source, self.http, self.patience = key, source, Client(networks), patience

    async def close(self) -> None:
        await self.http.close()


def headers_of(ident: str, at: datetime, signature: str) -> dict[str, str]:
    return {
        "content-type": "application/cloudevents+json",
        "user-agent": "phananh-webhooks/1",
        "webhook-id": ident,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }


class _Answer(Struct, frozen=True):
    status: int | None
    error: str
    ms: int
    after: timedelta | None = None


async def _attempt(sender: Sender, url: str, signing: Sequence[str], ident: str, body: bytes) -> _Answer:
    at, began = datetime.now(UTC), time.monotonic()
    status, error, after = None, "", None
    try:
        if not signing:
            raise Unreached("secret")
        said = headers_of(ident, at, secrets.signature(signing, ident, at, body))
        answer = await sender.http.request("POST", url, headers=said, body=body, patience=sender.patience)
        status, after = answer.status, answer.asked_to_wait()
    except Refused:
        error = "refused"
    except Late:
        error = "late"
    except Unreached as failed:
        error = str(failed)
    wanted = None if after is None else timedelta(seconds=after)
    return _Answer(status, error, round((time.monotonic() - began) * 1000), wanted)


async def try_out(pool: Pool, sender: Sender, webhook: Webhook) -> tuple[int | None, str]:
    """Send a test message at once; gives the answer's status, or what went wrong."""
    at = datetime.now(UTC)
    async with pool.acquire() as conn:
        signing = await _signing(conn, sender.key, webhook.webhook_id, at)
    ident = f"test-{uuid4()}"
    answer = await _attempt(sender, webhook.url, signing, ident, trial(ident, sender.source, at))
    return answer.status, answer.error


async def try_once(pool: Pool, settings: Settings, webhook: Webhook) -> tuple[int | None, str]:
    """``try_out`` for whoever keeps no way out of their own."""
    sender = Sender(settings.secret_key, settings.public_url, settings.networks)
    try:
        return await try_out(pool, sender, webhook)
    finally:
        await sender.close()


async def _signing(conn: Conn, key: bytes, webhook_id: UUID, at: datetime) -> list[str]:
    sealed = await store.secrets_of(conn, webhook_id, at)
    return [secret for each in sealed if (secret := secrets.unseal(key, each)) is not None]


# ---------------------------------------------------------------- what waits


async def send_due(pool: Pool, sender: Sender, webhook: Webhook, waits: tuple[timedelta, ...] = WAITS) -> timedelta:
    """Send what is due to one webhook, a batch after the other, until nothing is or the receiver is better left alone;
    gives for how long."""
    while True:
        now = datetime.now(UTC)
        ill = webhook.failing_since is not None and now - webhook.failing_since > _ILL
        async with transaction(pool) as conn:
            taken = await store.take(conn, webhook.webhook_id, 1 if ill else _TAKEN, _LEASE)
        if not taken:
            return timedelta(0)
        tried = await _send_batch(pool, sender, webhook, taken)
        after = await _settle(pool, webhook, tried, waits)
        if after is None or after.state != "active":
            return timedelta(0)
        if rest := _rest(tried, ill=ill):
            return rest
        webhook = after


def _rest(tried: Sequence[Tried], *, ill: bool) -> timedelta:
    """What a receiver asks for holds for everything, for a while; one that has been failing is not asked at once."""
    asked = max((one.after for one in tried if one.after is not None), default=timedelta(0))
    failed = ill and not any(one.well for one in tried)
    return max(min(asked, _REST_MOST), _ILL_EVERY if failed else timedelta(0))


async def _send_batch(pool: Pool, sender: Sender, webhook: Webhook, taken: Sequence[Delivery]) -> list[Tried]:
    async with pool.acquire() as conn:
        signing = await _signing(conn, sender.key, webhook.webhook_id, datetime.now(UTC))
        bodies = await _bodies(conn, webhook, taken, sender.source)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(delivery: Delivery) -> Tried:
        async with gate:
            key, at = (delivery.report_id, delivery.seq), datetime.now(UTC)
            answer = await _attempt(sender, webhook.url, signing, message_id(*key), bodies[key])
            return Tried(delivery, at, answer.status, answer.error, answer.ms, answer.after)

    return await asyncio.gather(*map(one, taken))


async def _bodies(
    conn: Conn, webhook: Webhook, taken: Sequence[Delivery], source: str
) -> dict[tuple[UUID, int], bytes]:
    ids = list({delivery.report_id for delivery in taken})
    found = {report.report_id: report for report in await reports.by_ids(conn, ids)}
    events = {(e.report_id, e.seq): e for each in (await history.of_reports(conn, ids)).values() for e in each}
    bodies = {}
    for delivery in taken:
        key = (delivery.report_id, delivery.seq)
        event, report = events[key], found[delivery.report_id]
        words = await _words(conn, event, report) if webhook.words else None
        bodies[key] = envelope(event, report, source, words)
    return bodies


async def _words(conn: Conn, event: Event, report: Report) -> dict[str, str]:
    """What everybody may read of a published report: its text, and what the agency said on the occasion."""
    if not publication.is_public(report) or report.part_of is not None:
        return {}
    case = await reports.case(conn, report)
    said = {"text": publication.text_of(report, case.public, report.lang)}
    for message in case.messages:
        if str(message.message_id) == event.data.get("message_id") and message.visibility == "public":
            said["said"] = publication.words_of(message, case.public, report.lang)
    return said


async def _settle(pool: Pool, webhook: Webhook, tried: Sequence[Tried], waits: tuple[timedelta, ...]) -> Webhook | None:
    """Write down what came of it. A receiver that says it is gone, or that has failed for days, is disabled."""
    now = datetime.now(UTC)
    pauses = [None if one.well else wait(one.delivery.tries, one.after, waits) for one in tried]
    async with transaction(pool) as conn:
        after = await store.settle(
            conn, webhook.webhook_id, tried, [None if pause is None else now + pause for pause in pauses]
        )
        why = _why_no_more(after, tried, now) if after else None
        if after is not None and why and await store.disable(conn, after.webhook_id, why):
            said = {"webhook": str(after.webhook_id), "name": after.name, "url": after.url, "why": why}
            await account_store.record(conn, Entry(EventKind.WEBHOOK_DISABLED, SYSTEM, None, said))
            after = await store.one(conn, after.webhook_id)
    return after


def _why_no_more(webhook: Webhook, tried: Sequence[Tried], now: datetime) -> str | None:
    if any(one.status == _GONE for one in tried):
        return "gone"
    failing = webhook.failing_since
    return "failing" if failing is not None and now - failing >= GIVEN_UP_AFTER else None


async def run(pool: Pool, sender: Sender, stop: asyncio.Event, waits: tuple[timedelta, ...] = WAITS) -> None:
    """Follow the history and send, until told to stop; what is under way is finished first."""
    under_way: dict[UUID, asyncio.Task[float]] = {}
    while not stop.is_set():
        try:
            await service.follow(pool)
            async with pool.acquire() as conn:
                for webhook in await store.with_work(conn):
                    task = under_way.get(webhook.webhook_id)
                    if task is None or (task.done() and task.result() <= time.monotonic()):
                        under_way[webhook.webhook_id] = asyncio.create_task(_send(pool, sender, webhook, waits))
        except Exception as error:
            # Nothing is lost: rows wait, and the cursor stands where it stood.
            log.exception("webhooks wait", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _EVERY)
    await asyncio.gather(*under_way.values(), return_exceptions=True)


async def _send(pool: Pool, sender: Sender, webhook: Webhook, waits: tuple[timedelta, ...]) -> float:
    """Gives until when (``time.monotonic``) the receiver is left alone."""
    try:
        return time.monotonic() + (await send_due(pool, sender, webhook, waits)).total_seconds()
    except Exception as error:  # one receiver's trouble is not the others'
        log.exception("a webhook waits", webhook=str(webhook.webhook_id), error=type(error).__name__)
        return 0.0
