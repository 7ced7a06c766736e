"""Working out all statistics anew from the history, beside those that answer meanwhile.

What happened in the reports' lives is worked out by two processes where they know the database's address, into tables
without indexes; indexes and sums are made afterwards, two at a time. What happens meanwhile is read at the end.
"""

import asyncio
import ctypes
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from uuid import UUID

from msgspec import structs

from app.db import Pool, connect_pool, transaction
from app.history import service as history
from app.stats import store
from app.stats import store_sums as sums
from app.stats.projection import catch_up, lives_of

_PROCESSES = 2
_SHARE, _BATCH = 20_000, 2_000
"""Reports that a process is given at a time, and that it reads at a time."""
_LONG = 4 * 3600.0
"""Seconds that one statement over everything may take."""
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)
_PR_SET_PDEATHSIG = 1
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
            between = await history.every(conn, _SHARE)
        shares = list(pairwise([_FIRST, *between, _LAST]))
        done = 0
        async for number in _work_out(pool, url, generation, shares):
            done += number
            progress(done, max(total, done))
        await _finish(pool, generation)
        async with transaction(pool) as conn:
            await store.wait_for_claim(conn)
            await store.end_generation(conn, generation)
            await store.move_on(conn, start, datetime.now(UTC))
        await catch_up(pool)
        return done


async def _work_out(
    pool: Pool, url: str | None, generation: int, shares: list[tuple[UUID, UUID]]
) -> AsyncIterator[int]:
    """What happened in every report's life, a share at a time; gives the number of reports of each."""
    if url is None or len(shares) == 1:
        for share in shares:
            yield await _share(pool, generation, *share)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, context, _die_with, (os.getpid(),)) as processes:
        loop = asyncio.get_running_loop()
        works = [loop.run_in_executor(processes, _in_a_process, url, generation, *share) for share in shares]
        try:
            for work in asyncio.as_completed(works):
                yield await work
        except BaseException:
            processes.shutdown(cancel_futures=True)
            raise


async def _share(pool: Pool, generation: int, beyond: UUID, last: UUID) -> int:
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


# ---------------------------------------------------------------- in the processes


def _die_with(parent: int) -> None:
    """Whoever ends us ends what we began."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _in_a_process(url: str, generation: int, beyond: UUID, last: UUID) -> int:
    async def work() -> int:
        async with await connect_pool(url, 1) as pool:
            return await _share(pool, generation, beyond, last)

    return asyncio.run(work())


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
    for grains in sums.ROUNDS:
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
        for _ in range(_PROCESSES):
            group.create_task(one_after_the_other())
