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
from app.history.service import Cursor
from app.stats import store, store_ways
from app.stats import store_sums as sums
from app.stats.life import MATTERS, Occurrence, occurrences
from app.stats.measures import Measure
from app.stats.model import Count, slot_of
from app.stats.ways import Way, way_of

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
    read, cursor, read_at = await take_in(conn, state)
    if read:
        await store.move_on(conn, cursor, read_at)
    return read


async def take_in(conn: Conn, state: store.State) -> tuple[int, Cursor, datetime]:
    """The next events behind the cursor into the generation's tables: how many (less than ``BATCH`` at the end), the
    cursor behind them, and a moment after which nothing of it happened."""
    began = datetime.now(UTC)
    events, cursor = await history.read_since(conn, state.cursor, BATCH)
    if events:
        await _take_in(conn, state, sorted({event.report_id for event in events}))
    return len(events), cursor, began if len(events) < BATCH else max(known_at(event) for event in events)


async def _take_in(conn: Conn, state: store.State, report_ids: list[UUID]) -> None:
    lives, ways = await worked_out(conn, report_ids)
    words = await store.with_codes(conn, state.words, store.named(lives.values()) | store_ways.named(ways.values()))
    state = structs.replace(state, words=words)
    await _take_in_lives(conn, state, lives)
    await _take_in_ways(conn, state, report_ids, ways)


async def _take_in_lives(conn: Conn, state: store.State, lives: dict[UUID, list[Occurrence]]) -> None:
    before = await store.occurrences_of(conn, state, list(lives))
    changed = {i: life for i, life in lives.items() if _all(life) != _all(before.get(i, ()))}
    if known := [i for i in changed if i in before]:
        await store.forget(conn, state, known)
    await store.keep(conn, state.occurrences, state.words, changed)
    changes: dict[sums.Key, dict[Measure, Count]] = {}
    for report_id, life in changed.items():
        _sum(changes, before.get(report_id, ()), -1)
        _sum(changes, life, 1)
    await sums.add(conn, state, changes)


def _all(life: Iterable[Occurrence]) -> Counter[tuple[object, ...]]:
    return Counter(structs.astuple(o) for o in life)


async def _take_in_ways(conn: Conn, state: store.State, report_ids: list[UUID], ways: dict[UUID, Way]) -> None:
    before = await store_ways.of_each(conn, state, report_ids)
    changed = {i for i in report_ids if ways.get(i) != before.get(i)}
    if known := sorted(changed & before.keys()):
        await store_ways.forget(conn, state, known)
    await store_ways.keep(conn, state.ways, state.words, {i: ways[i] for i in changed & ways.keys()})
    sums_of: store_ways.Sums = Counter()
    for rows, sign in ((before, -1), (ways, 1)):
        for report_id in changed & rows.keys():
            store_ways.count(sums_of, rows[report_id], sign)
    await store_ways.add(conn, state, sums_of)


async def worked_out(conn: Conn, report_ids: Sequence[UUID]) -> tuple[dict[UUID, list[Occurrence]], dict[UUID, Way]]:
    """What there is to keep of each, out of its history."""
    histories = await history.of_kinds(conn, report_ids, MATTERS)
    lives = {report_id: occurrences(events) for report_id, events in histories.items()}
    ways = {report_id: way for report_id, events in histories.items() if (way := way_of(events)) is not None}
    return lives, ways


def _sum(changes: dict[sums.Key, dict[Measure, Count]], life: Iterable[Occurrence], sign: int) -> None:
    for o in life:
        if o.known_until is None:
            counts = changes.setdefault((slot_of(o.at), o.agency, o.category, o.commune, o.channel), {})
            counts[o.measure] = counts.get(o.measure, Count()) + sums.change_of(sign, o.measure, o.seconds)


async def sweep(pool: Pool) -> None:
    """Drop what an earlier rebuild replaced, or left when it was cut off."""
    async with store.alone(pool), transaction(pool) as conn:
        await store.drop_others(conn)
