"""The statistics follow the history: new events name the reports whose lives are worked out anew.

Intake writes nothing here and waits for nothing. One reader at a time takes the next events in the order of their
transactions, and in one transaction replaces what is kept of their reports, moves the sums by the difference, and moves
its cursor. Cut off anywhere, it begins again where it stood.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import structs

from app.db import Conn, Pool, transaction
from app.history import service as history
from app.history.model import known_at
from app.stats import store
from app.stats import store_sums as sums
from app.stats.life import MATTERS, Occurrence, occurrences
from app.stats.measures import Measure
from app.stats.model import Count, slot_of

BATCH = 1000


async def catch_up(pool: Pool) -> int:
    """Read the history to its end; gives the number of events read. Returns at once when somebody else is reading."""
    total = 0
    while True:
        async with transaction(pool) as conn:
            if not await store.claim(conn):
                return total
            read = await _step(conn)
        total += read
        if read < BATCH:
            return total


async def _step(conn: Conn) -> int:
    state = await store.state(conn)
    began = datetime.now(UTC)
    events, cursor = await history.read_since(conn, state.cursor, BATCH)
    if events:
        await _take_in(conn, state, sorted({event.report_id for event in events}))
        await store.move_on(conn, cursor, began if len(events) < BATCH else max(known_at(event) for event in events))
    return len(events)


async def _take_in(conn: Conn, state: store.State, report_ids: list[UUID]) -> None:
    before = await store.occurrences_of(conn, state, report_ids)
    lives = await lives_of(conn, report_ids)
    changed = {i: life for i, life in lives.items() if _all(life) != _all(before.get(i, ()))}
    words = await store.words_for(conn, state.words, changed.values())
    state = structs.replace(state, words=words)
    if known := [i for i in changed if i in before]:
        await store.forget(conn, state, known)
    await store.keep(conn, state.occurrences, words, changed)
    changes: dict[sums.Key, dict[Measure, Count]] = {}
    for report_id, life in changed.items():
        _sum(changes, before.get(report_id, ()), -1)
        _sum(changes, life, 1)
    await sums.add(conn, state, changes)


def _all(life: Iterable[Occurrence]) -> Counter[tuple[object, ...]]:
    return Counter(structs.astuple(o) for o in life)


async def lives_of(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, list[Occurrence]]:
    histories = await history.of_kinds(conn, report_ids, MATTERS)
    return {report_id: occurrences(events) for report_id, events in histories.items()}


def _sum(changes: dict[sums.Key, dict[Measure, Count]], life: Iterable[Occurrence], sign: int) -> None:
    for o in life:
        if o.known_until is None:
            counts = changes.setdefault((slot_of(o.at), o.agency, o.category, o.commune, o.channel), {})
            counts[o.measure] = counts.get(o.measure, Count()) + sums.change_of(sign, o.measure, o.seconds)


async def sweep(pool: Pool) -> None:
    """Drop what an earlier rebuild replaced, or left when it was cut off."""
    async with store.alone(pool), transaction(pool) as conn:
        await store.drop_others(conn)
