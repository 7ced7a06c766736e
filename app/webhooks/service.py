"""Keeping webhooks, and following the history for them.

Every fact of the history that a webhook wants becomes one row, in the transaction that moves the cursor behind it: none
is lost and none is there twice. Messages are sent from these rows (``sending``), unordered: each bears the place of its
fact in its report's history.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
from msgspec import Struct, structs
from uuid_utils.compat import uuid7

from app import cursors
from app.accounts import service as accounts
from app.accounts import store as account_store
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound, Problem
from app.history import service as history
from app.history.model import Event
from app.i18n.text import nfc
from app.outward import Networks, check
from app.webhooks import secrets, store
from app.webhooks.model import KINDS, OLD_SECRET_KEPT, STATES, Delivery, DeliveryState, Webhook

_NAME_MOST = 80
_WEBHOOKS_MOST = 50
_BATCH = 1000
_LISTED = 25
REPLAY_MOST = 50_000
_KEPT = timedelta(days=30)
_SWEPT = 5000


class Wanted(Struct, frozen=True, kw_only=True):
    name: str
    url: str
    kinds: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    words: bool = False


async def _checked(conn: Conn, wanted: Wanted, networks: Networks) -> Wanted:
    """Tidy. Raises Invalid with everything that is wrong."""
    name, problems = nfc(wanted.name), []
    if not 1 <= len(name) <= _NAME_MOST:
        problems.append(Problem("webhooks.name_wrong", {"most": _NAME_MOST}, "name"))
    if set(wanted.kinds) - set(KINDS):
        problems.append(Problem("webhooks.kind_unknown", {}, "kinds"))
    known = {agency.agency_id for agency in await accounts.agencies(conn)}
    if set(wanted.agencies) - known:
        problems.append(Problem("webhooks.agency_unknown", {}, "agencies"))
    try:
        await check(wanted.url, networks)
    except Invalid as error:
        problems += error.problems
    if problems:
        raise Invalid.many(problems)
    return structs.replace(wanted, name=name)


async def add(pool: Pool, key: bytes, actor: Actor, wanted: Wanted, by: str, networks: Networks) -> tuple[UUID, str]:
    """A new webhook, from now on; gives its id and its secret, which is never shown again. Raises Forbidden, Invalid,
    Conflict."""
    require(actor, Permission.MANAGE_SYSTEM)
    secret = secrets.new_secret()
    async with transaction(pool) as conn:
        wanted = await _checked(conn, wanted, networks)
        if len(await store.every(conn)) >= _WEBHOOKS_MOST:
            raise Conflict("webhooks.many", most=_WEBHOOKS_MOST)
        made = Webhook(
            webhook_id=uuid7(), name=wanted.name, url=wanted.url, kinds=wanted.kinds, agencies=wanted.agencies,
            words=wanted.words, state="active", created_at=datetime.now(UTC), created_by=by, failing_since=None,
            disabled_at=None, disabled_why=None,
        )  # fmt: skip
        await _begin_here(conn)
        await store.insert(conn, made, secrets.seal(key, secret))
        await _record(conn, actor, EventKind.WEBHOOK_ADDED, made)
    return made.webhook_id, secret


async def change(pool: Pool, actor: Actor, webhook_id: UUID, wanted: Wanted, networks: Networks) -> None:
    """For what happens from now on. Raises Forbidden, NotFound, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        seen = await _locked(conn, webhook_id)
        wanted = await _checked(conn, wanted, networks)
        made = structs.replace(
            seen, name=wanted.name, url=wanted.url, kinds=wanted.kinds, agencies=wanted.agencies, words=wanted.words
        )
        await store.update(conn, made)
        await _record(conn, actor, EventKind.WEBHOOK_CHANGED, made)


async def renew_secret(pool: Pool, key: bytes, actor: Actor, webhook_id: UUID) -> str:
    """A new secret; the one before signs along for a day. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    secret = secrets.new_secret()
    async with transaction(pool) as conn:
        seen = await _locked(conn, webhook_id)
        await store.set_secret(conn, webhook_id, secrets.seal(key, secret), datetime.now(UTC) + OLD_SECRET_KEPT)
        await _record(conn, actor, EventKind.WEBHOOK_CHANGED, seen, secret="new")  # noqa: S106  # the word "new"
    return secret


async def switch(pool: Pool, actor: Actor, webhook_id: UUID, *, on: bool) -> None:
    """On again, or paused: what happens meanwhile waits. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        seen = await _locked(conn, webhook_id)
        state = "active" if on else "paused"
        await _begin_here(conn)
        await store.set_state(conn, webhook_id, state)
        await _record(conn, actor, EventKind.WEBHOOK_CHANGED, seen, state=state)


async def remove(pool: Pool, actor: Actor, webhook_id: UUID) -> None:
    """With everything that waits for it. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        seen = await _locked(conn, webhook_id)
        await store.delete(conn, webhook_id)
        await _record(conn, actor, EventKind.WEBHOOK_REMOVED, seen)


async def replay_message(pool: Pool, actor: Actor, webhook_id: UUID, message: str) -> None:
    """``replay_one`` by the message's id. Raises Forbidden, NotFound."""
    report, _, seq = message.rpartition("-")
    try:
        report_id = UUID(report)
    except ValueError:
        raise NotFound("webhooks.message_gone") from None
    if not (seq.isascii() and seq.isdigit() and len(seq) < 9):
        raise NotFound("webhooks.message_gone")
    await replay_one(pool, actor, webhook_id, report_id, int(seq))


async def replay_one(pool: Pool, actor: Actor, webhook_id: UUID, report_id: UUID, seq: int) -> None:
    """Send a message of the ledger once more, under the same id. Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        await _locked(conn, webhook_id)
        event = next((e for e in await history.of_report(conn, report_id) if e.seq == seq), None)
        if event is None or event.kind not in KINDS:
            raise NotFound("webhooks.message_gone")
        await store.queue(conn, [(webhook_id, report_id, seq, event.kind)], again=True)


async def replay(pool: Pool, actor: Actor, webhook_id: UUID, start: datetime, end: datetime) -> int:
    """Send what happened in a stretch of time once more, as much of it as the webhook wants now; gives how many
    messages. Raises Forbidden, NotFound, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    if end <= start:
        raise Invalid("webhooks.range_wrong", field="until")
    async with transaction(pool) as conn:
        webhook = await _locked(conn, webhook_id)
        rows = await store.in_range(conn, start, end, webhook.kinds or KINDS, REPLAY_MOST + 1)
        if len(rows) > REPLAY_MOST:
            raise Invalid("webhooks.range_many", field="until", most=REPLAY_MOST)
        wanted = [
            (webhook_id, row["report_id"], row["seq"], row["kind"])
            for row in rows
            if webhook.wants(Event(*list(row.values())[:8]), row["agency_id"])
        ]
        return await store.queue(conn, wanted, again=True)


async def _locked(conn: Conn, webhook_id: UUID) -> Webhook:
    found = await store.one(conn, webhook_id, lock=True)
    if found is None:
        raise NotFound("webhooks.gone")
    return found


async def _record(conn: Conn, actor: Actor, kind: EventKind, webhook: Webhook, **more: str) -> None:
    said = {"webhook": str(webhook.webhook_id), "name": webhook.name, "url": webhook.url} | more
    await account_store.record(conn, Entry(kind, actor, None, said))


# ---------------------------------------------------------------- looking


async def get(conn: Conn, actor: Actor, webhook_id: UUID) -> Webhook:
    """Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_SYSTEM)
    found = await store.one(conn, webhook_id)
    if found is None:
        raise NotFound("webhooks.gone")
    return found


async def every(conn: Conn, actor: Actor) -> list[tuple[Webhook, dict[str, int]]]:
    """Each with how many messages are in which state. Raises Forbidden."""
    require(actor, Permission.MANAGE_SYSTEM)
    counts = await store.counts(conn)
    return [(each, counts.get(each.webhook_id, {})) for each in await store.every(conn)]


async def counts(conn: Conn, webhook_id: UUID) -> dict[str, int]:
    """How many messages are in which state."""
    return (await store.counts(conn)).get(webhook_id, {})


async def ledger(
    conn: Conn, webhook_id: UUID, state: DeliveryState | None, before: str = ""
) -> tuple[list[Delivery], str | None]:
    """A page of messages, the latest first, and where it ends when there are more. ``before``: such an end; one that is
    none is passed over."""
    try:
        place = cursors.read(before, tuple[cursors.Moment, UUID, cursors.Number]) if before else None
    except ValueError:
        place = None
    found = await store.deliveries(conn, webhook_id, [state] if state else STATES, place, _LISTED + 1)
    page = found[:_LISTED]
    more = len(found) > _LISTED
    return page, cursors.written((page[-1].created_at, page[-1].report_id, page[-1].seq)) if more else None


async def attempts(conn: Conn, webhook_id: UUID) -> list[asyncpg.Record]:
    """The latest: ``at``, ``code``, ``status`` or ``error``, ``ms``."""
    return await store.attempts(conn, webhook_id, _LISTED)


# ---------------------------------------------------------------- following the history


async def follow(pool: Pool) -> int:
    """Read the history to its end and queue what is wanted; gives the number of events read. Returns at once when
    somebody else is at it."""
    total = 0
    while True:
        async with transaction(pool) as conn:
            if not await store.claim(conn):
                return total
            listening = await _listening(conn)
            if not listening:
                return total
            before = await store.cursor(conn)
            events, cursor = await history.read_since(conn, before, _BATCH)
            await store.queue(conn, await _messages(conn, listening, events))
            if cursor != before:
                await store.move_on(conn, cursor)
        total += len(events)
        if len(events) < _BATCH:
            return total


async def _listening(conn: Conn) -> list[Webhook]:
    return [each for each in await store.every(conn) if each.state != "disabled"]


async def _begin_here(conn: Conn) -> None:
    """While nobody listened nothing was read: whoever is the first begins with what happens now."""
    if not await _listening(conn):
        await store.move_on(conn, max(await store.cursor(conn), await history.newest(conn)))


async def _messages(
    conn: Conn, listening: Collection[Webhook], events: Sequence[Event]
) -> list[tuple[UUID, UUID, int, str]]:
    told = [event for event in events if event.kind in KINDS]
    agencies = await store.agencies_of(conn, {event.report_id for event in told}) if told else {}
    return [
        (webhook.webhook_id, event.report_id, event.seq, event.kind)
        for event in told
        for webhook in listening
        if webhook.wants(event, agencies.get(event.report_id, ""))
    ]


async def sweep(pool: Pool, at: datetime | None = None) -> int:
    """Forget what is a month old, a piece at a time: what is settled, and what waits for a receiver that is off. Gives
    the number of rows."""
    before, total = (at or datetime.now(UTC)) - _KEPT, 0
    async with pool.acquire() as conn:
        webhooks = await store.every(conn)
    for webhook in webhooks:
        while True:
            async with pool.acquire() as conn:
                done = await store.forget(conn, webhook.webhook_id, before, _SWEPT)
            total += done
            if done < _SWEPT:
                break
    return total
