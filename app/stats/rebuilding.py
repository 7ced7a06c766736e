"""Working out all statistics anew from the history, beside those that answer meanwhile.

What happened in the reports' lives is worked out by two processes where they know the database's address, into tables
without indexes; indexes and sums are made afterwards, two at a time. What happens meanwhile is read at the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from msgspec import structs

from app.db import Pool, transaction
from app.history import service as history
from app.stats import sharing, store
from app.stats import store_sums as sums
from app.stats.grains import ROUNDS
from app.stats.projection import catch_up, lives_of

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
        async with transaction(pool) as conn:
            await store.wait_for_claim(conn)
            await store.end_generation(conn, generation)
            await store.move_on(conn, start, datetime.now(UTC))
        await catch_up(pool)
        return done


async def _share(generation: int, pool: Pool, beyond: UUID, last: UUID) -> int:
    """What happened in the lives of these reports; gives their number."""
    done = 0
    while True:
        async with transaction(pool) as conn:
            report_ids = [i for i in await history.next_reports(conn, beyond, _BATCH) if i <= last]
            if not report_ids:
                return done
            lives = await lives_of(conn, report_ids)
            words = await store.words_for(conn, (await store.state(conn)).words, lives.values())
            await store.keep(conn, f"stats_occurrences_{generation}", words, lives)
        done, beyond = done + len(report_ids), report_ids[-1]


# ---------------------------------------------------------------- indexes and sums


async def _finish(pool: Pool, generation: int) -> None:
    """Indexes and sums of what has been worked out."""
    async with pool.acquire() as conn:
        state = structs.replace(await store.state(conn), generation=generation)
        statements = await store.indexes(conn, "stats_occurrences", generation)
        key = await store.indexes(conn, "stats_sums", generation)

    async def run(statement: str) -> None:
        async with pool.acquire() as conn:
            await conn.execute(statement, timeout=_LONG)

    async def base() -> None:
        async with pool.acquire() as conn:
            await sums.lay_base(conn, state)

    async def sum_up(grain: int) -> None:
        async with pool.acquire() as conn:
            await sums.sum_up(conn, state, grain)

    await _two_at_a_time([base, *(partial(run, each) for each in statements)])
    for grains in ROUNDS:
        await _two_at_a_time([partial(sum_up, grain) for grain in grains])
    await run(f"DROP TABLE {store.BASE}")
    tidy = (f"VACUUM (ANALYZE) {state.occurrences}", f"VACUUM (ANALYZE) {state.sums}")
    await _two_at_a_time([partial(run, each) for each in (tidy[0], *key)])
    await run(tidy[1])


async def _two_at_a_time(works: Iterable[Callable[[], Awaitable[None]]]) -> None:
    todo = iter(works)

    async def one_after_the_other() -> None:
        for work in todo:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(_AT_ONCE):
            group.create_task(one_after_the_other())
