"""The statistics follow the history: new events name the reports whose lives are worked out anew.

Intake writes nothing here and waits for nothing. One reader at a time takes the next events in the order of their
transactions, and in one transaction replaces what is kept of their reports, moves the sums by the difference, and moves
its cursor. Cut off anywhere, it begins again where it stood.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

from app.db import Conn, Pool, transaction
from app.history import service as history
from app.stats import store
from app.stats.life import Occurrence, occurrences
from app.stats.model import Count, slot_of

BATCH = 1000
_REBUILD_BATCH = 2000
Progress = Callable[[int, int], None]


def _silent(*_: int) -> None:
    pass


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
        await _take_in(conn, state.generation, sorted({event.report_id for event in events}))
    await store.move_on(conn, cursor, began if len(events) < BATCH else None)
    return len(events)


async def _take_in(conn: Conn, generation: int, report_ids: list[UUID]) -> None:
    before = await store.occurrences_of(conn, generation, report_ids)
    lives = {
        report_id: occurrences(events) for report_id, events in (await history.of_reports(conn, report_ids)).items()
    }
    changed = {i: life for i, life in lives.items() if Counter(life) != Counter(before.get(i, ()))}
    await store.replace(conn, generation, changed, fresh=not any(i in before for i in changed))
    changes: dict[store.Key, Count] = {}
    for report_id, life in changed.items():
        _sum(changes, before.get(report_id, ()), -1)
        _sum(changes, life, 1)
    await store.add(conn, generation, changes)


def _sum(changes: dict[store.Key, Count], life: Iterable[Occurrence], sign: int) -> None:
    for o in life:
        if o.known_until is None:
            key = (slot_of(o.at), str(o.measure), o.agency, o.category, o.commune, o.channel)
            changes[key] = changes.get(key, Count()) + Count(sign, sign * (o.seconds or 0))


async def rebuild(pool: Pool, progress: Progress = _silent) -> int:
    """Work out everything anew from the history; gives the number of reports. The figures there were answer meanwhile.

    Cut off anywhere, nothing has changed; the next rebuild clears away what was left. ``progress``: reports done, of.
    """
    async with store.alone(pool):
        async with transaction(pool) as conn:
            await store.wait_for_claim(conn)
            generation = (await store.state(conn)).generation + 1
            await store.drop_others(conn)
            await store.begin_generation(conn, generation)
            # Whoever has an event from here on is worked out again at the end.
            start = await history.newest(conn)
            total = await history.number_of_reports(conn)
        done, beyond = 0, UUID(int=0)
        while True:
            async with transaction(pool) as conn:
                report_ids = await history.next_reports(conn, beyond, _REBUILD_BATCH)
                if not report_ids:
                    break
                lives = {i: occurrences(e) for i, e in (await history.of_reports(conn, report_ids)).items()}
                await store.replace(conn, generation, lives, fresh=True)
            done, beyond = done + len(report_ids), report_ids[-1]
            progress(done, max(total, done))
        async with transaction(pool) as conn:
            await store.wait_for_claim(conn)
            await store.add_up(conn, generation)
            await store.end_generation(conn, generation)
            await store.move_on(conn, start, None)
        await catch_up(pool)
        return done


async def sweep(pool: Pool) -> None:
    """Drop what an earlier rebuild replaced, or left when it was cut off."""
    async with store.alone(pool), transaction(pool) as conn:
        await store.drop_others(conn)
