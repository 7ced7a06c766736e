"""Reading the history in order, and proving that nobody has touched it."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from itertools import groupby
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db import Conn, Pool
from app.history import store
from app.history.model import NO_HASH, Event, Happened, Kind, digest, link

Cursor = tuple[int, UUID, int]
_decode = msgspec.json.Decoder().decode
START: Cursor = (0, UUID(int=0), 0)


class Damage(Struct, frozen=True):
    """One report whose history does not verify: which event, and what is wrong in plain English."""

    code: str
    seq: int
    problem: str


async def of_report(conn: Conn, report_id: UUID) -> list[Event]:
    """A report's whole history, oldest first."""
    return await store.of_report(conn, report_id)


async def of_kinds(conn: Conn, report_ids: Sequence[UUID], kinds: Collection[str]) -> dict[UUID, list[Happened]]:
    """What happened of these kinds to each, oldest first."""
    found: dict[UUID, list[Happened]] = {}
    one, its = None, list[Happened]()
    for report_id, kind, at, data in await store.happened(conn, report_ids, kinds):
        if report_id != one:
            one, its = report_id, []
            found[report_id] = its
        its.append(Happened(kind, at, _decode(data)))
    return found


async def of_reports(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, list[Event]]:
    """The whole history of each, oldest first."""
    rows = await store.events_of(conn, report_ids)
    return {report_id: list(events) for report_id, events in groupby(rows, key=lambda event: event.report_id)}


async def read_since(conn: Conn, cursor: Cursor, limit: int = 1000) -> tuple[list[Event], Cursor]:
    """The next events in commit order and the cursor behind them.

    Only events of transactions older than every one that still runs and may write history are given, so a slow
    writer's event is never skipped; it comes a little later instead.
    """
    rows = await store.after(conn, cursor, limit)
    if not rows:
        return [], cursor
    tx, last = rows[-1]
    return [event for _, event in rows], (tx, last.report_id, last.seq)


async def writes_none(conn: Conn) -> None:
    """This transaction will write no history, so nobody who follows it has to wait for its end. For work of minutes;
    whoever writes history in such a transaction all the same is never read."""
    await store.writes_none(conn)


async def newest(conn: Conn) -> Cursor:
    """A cursor behind which there are all events that are not yet settled, and maybe a few that are."""
    return (await store.settled_before(conn), UUID(int=0), 0)


async def reports_since(conn: Conn, cursor: Cursor) -> set[UUID]:
    """The reports that have events behind the cursor, settled or not."""
    return await store.reports_after(conn, cursor)


async def next_reports(conn: Conn, beyond: UUID, limit: int) -> list[UUID]:
    """The next reports by id."""
    return await store.next_ids(conn, beyond, limit)


async def every(conn: Conn, number: int) -> list[UUID]:
    """One report of so many each, by id, to share work out by."""
    return await store.every(conn, number)


async def number_of_reports(conn: Conn) -> int:
    """About how many reports there are, as the planner knows."""
    return await store.number_of_reports(conn)


def _restated(events: Sequence[Event]) -> dict[str, str]:
    """The digests of words from which an erasure took what tells who somebody is, by message id."""
    erasures = (event.data.get("words", {}) for event in events if event.kind == Kind.DATA_ERASED)
    return {message: stated for words in erasures for message, stated in words.items()}


def _check(code: str, events: Sequence[Event], last: tuple[int, bytes], words: dict[UUID, str]) -> Damage | None:
    previous, unknown = NO_HASH, set(words)
    erased = any(event.kind == Kind.DATA_ERASED for event in events)
    restated = _restated(events)
    for expected, event in enumerate(events, 1):
        if event.seq != expected:
            return Damage(code, expected, f"event {expected} is missing")
        if link(previous, event) != event.hash:
            return Damage(code, event.seq, "the event was changed after it was written")
        message, stated = event.data.get("message_id"), event.data.get("digest")
        if message and stated:
            unknown.discard(UUID(message))
            body = words.get(UUID(message))
            if body is None and not erased:
                return Damage(code, event.seq, "the words it refers to are gone, and no erasure is on record")
            if body is not None and digest(body) != restated.get(message, stated):
                return Damage(code, event.seq, "the words it refers to were changed")
        previous = event.hash
    if (len(events), previous) != last:
        return Damage(code, len(events), f"the report says its history has {last[0]} events and another last hash")
    if unknown:
        return Damage(code, len(events), "there are words that the history does not know of")
    return None


async def verify(
    pool: Pool, code: str | None = None, progress: Callable[[int], None] | None = None, batch: int = 500
) -> AsyncIterator[Damage]:
    """Recompute the chain of one report or of all; yields what does not hold. ``progress`` gets the number checked."""
    beyond, checked = UUID(int=0), 0
    while True:
        async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            if code is None:
                heads = await store.heads(conn, beyond, batch)
            else:
                head = await store.head_of_code(conn, code) if checked == 0 else None
                heads = [head] if head else []
            if not heads:
                return
            ids = [report_id for report_id, *_ in heads]
            events = await of_reports(conn, ids)
            words = await store.words_of(conn, ids)
        for report_id, its_code, seq, last_hash in heads:
            damage = _check(its_code, events.get(report_id, []), (seq, last_hash), words.get(report_id, {}))
            if damage:
                yield damage
        beyond, checked = ids[-1], checked + len(ids)
        if progress:
            progress(checked)
