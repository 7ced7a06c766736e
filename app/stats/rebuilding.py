"""Working out all statistics anew from the history, beside those that answer meanwhile.

What happened in the reports' lives is worked out by two processes where they know the database's address, into tables
without indexes; indexes and sums are made afterwards, two at a time. What happened meanwhile is read into them before
they answer. Nobody waits for any of it: the tables that answer are read on as ever, and what takes minutes says that it
writes no history.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from uuid import UUID

from msgspec import structs

from app.db import Conn, Pool, transaction
from app.history import service as history
from app.history.service import Cursor
from app.stats import sharing, store, store_ways
from app.stats import store_sums as sums
from app.stats.grains import ROUNDS
from app.stats.projection import BATCH, catch_up, take_in, worked_out

_BATCH = 2_000
_AT_ONCE = 2
_LONG = 4 * 3600.0
"""Seconds that one statement over everything may take."""
Progress = Callable[[int, int], None]


def _silent(*_: int) -> None:
    pass


async def rebuild(pool: Pool, progress: Progress = _silent, url: str | None = None) -> int:
    """Work out everything anew; gives the number of reports. The figures there were answer meanwhile.

    Cut off anywhere, nothing has changed; the next rebuild clears away what was left. ``progress``: reports done, of.
    ``url``: of the database, for processes of our own; without, this one does it all.
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
            shares = await sharing.shares(conn)
        done = 0
        async for number in sharing.done(partial(_share, generation), pool, url, shares):
            done += number
            progress(done, max(total, done))
        await _finish(pool, generation)
        cursor = start
        while True:
            async with transaction(pool) as conn:
                read, cursor = await _read_on(conn, generation, cursor)
            if read < BATCH:
                break
        async with transaction(pool) as conn:
            await store.wait_for_claim(conn)
            await _answer(conn, generation, cursor)
        await catch_up(pool)
        return done


async def _read_on(conn: Conn, generation: int, cursor: Cursor) -> tuple[int, Cursor]:
    """Some of what happened meanwhile."""
    state = structs.replace(await store.state(conn), generation=generation, cursor=cursor)
    read, cursor, _ = await take_in(conn, state)
    return read, cursor


async def _answer(conn: Conn, generation: int, cursor: Cursor) -> None:
    """From now on these tables answer, and know at least what the ones before did. Nobody else reads on meanwhile."""
    while True:
        state = structs.replace(await store.state(conn), generation=generation, cursor=cursor)
        read, cursor, read_at = await take_in(conn, state)
        if read < BATCH:
            break
    await store.end_generation(conn, generation)
    await store.move_on(conn, cursor, read_at)


async def _share(generation: int, pool: Pool, beyond: UUID, last: UUID) -> int:
    """What happened in the lives of these reports; gives their number."""
    done = 0
    while True:
        async with transaction(pool) as conn:
            await history.writes_none(conn)
            report_ids = [i for i in await history.next_reports(conn, beyond, _BATCH) if i <= last]
            if not report_ids:
                return done
            lives, ways = await worked_out(conn, report_ids)
            state = structs.replace(await store.state(conn), generation=generation)
            named = store.named(lives.values()) | store_ways.named(ways.values())
            words = await store.with_codes(conn, state.words, named)
            await store.keep(conn, state.occurrences, words, lives)
            await store_ways.keep(conn, state.ways, words, ways)
        done, beyond = done + len(report_ids), report_ids[-1]


# ---------------------------------------------------------------- indexes and sums


async def _finish(pool: Pool, generation: int) -> None:
    """Indexes and sums of what has been worked out."""
    async with pool.acquire() as conn:
        state = structs.replace(await store.state(conn), generation=generation)
        happened = await _indexes(conn, generation, "stats_occurrences", "stats_ways")
        added_up = await _indexes(conn, generation, "stats_sums", "stats_rules")

    def of(work: Callable[[Conn, store.State], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        return partial(_aside, pool, lambda conn: work(conn, state))

    def run(statement: str) -> Callable[[], Awaitable[None]]:
        return partial(_aside, pool, lambda conn: conn.execute(statement, timeout=_LONG))

    def tidy(table: str) -> Callable[[], Awaitable[None]]:
        return partial(_tidy, pool, table)

    await _two_at_a_time([of(sums.lay_base), *map(run, happened), of(store_ways.sum_up)])
    for grains in ROUNDS:
        await _two_at_a_time([of(partial(sums.sum_up, grain=grain)) for grain in grains])
    await run(f"DROP TABLE {store.BASE}")()
    await _two_at_a_time([tidy(state.occurrences), *map(run, added_up), tidy(state.ways)])
    await _two_at_a_time([tidy(state.sums), tidy(state.rules)])


async def _indexes(conn: Conn, generation: int, *tables: str) -> list[str]:
    return [each for table in tables for each in await store.indexes(conn, table, generation)]


async def _aside(pool: Pool, work: Callable[[Conn], Awaitable[object]]) -> None:
    """In a transaction of its own, for which nobody waits, and on one processor: with two at a time there is always
    something left for whoever asks."""
    async with transaction(pool) as conn:
        await history.writes_none(conn)
        await conn.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        await conn.execute("SET LOCAL max_parallel_maintenance_workers = 0")
        await work(conn)


async def _tidy(pool: Pool, table: str) -> None:
    async with pool.acquire() as conn:
        await conn.execute(f"VACUUM (ANALYZE) {table}", timeout=_LONG)


async def _two_at_a_time(works: Iterable[Callable[[], Awaitable[None]]]) -> None:
    todo = iter(works)

    async def one_after_the_other() -> None:
        for work in todo:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(one_after_the_other())
