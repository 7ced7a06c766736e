"""Work on every report's history, shared out to two processes."""

import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from app.db import Conn, Pool, connect_pool
from app.history import service as history

_PROCESSES = 2
_REPORTS = 20_000
"""In a share."""
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)
_PR_SET_PDEATHSIG = 1
_NICE = 10
"""Whoever waits for a page goes first."""
_T = TypeVar("_T")
Work = Callable[[Pool, UUID, UUID], Awaitable[_T]]
"""On the reports behind the one id up to the other."""


async def shares(conn: Conn) -> list[tuple[UUID, UUID]]:
    return list(pairwise([_FIRST, *await history.every(conn, _REPORTS), _LAST]))


async def done(work: Work[_T], pool: Pool, url: str | None, parts: list[tuple[UUID, UUID]]) -> AsyncIterator[_T]:
    """What comes of each part, in any order. ``url``: of the database, for processes of our own; without it, or where
    there is little to do, this one does it all. ``work`` goes to them by name."""
    if url is None or len(parts) == 1:
        for part in parts:
            yield await work(pool, *part)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, context, _begin, (os.getpid(),)) as processes:
        loop = asyncio.get_running_loop()
        works = [loop.run_in_executor(processes, _in_a_process, work, url, *part) for part in parts]
        try:
            for each in asyncio.as_completed(works):
                yield await each
        finally:
            processes.shutdown(cancel_futures=True)


# ---------------------------------------------------------------- in the processes


def _begin(parent: int) -> None:
    """Whatever ends the one who began us ends us as well."""
    # Lives have no cycles, and looking for some among hundreds of thousands of rows took a third of the time.
    gc.disable()
    os.nice(_NICE)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def _in_a_process(work: Work[_T], url: str, beyond: UUID, last: UUID) -> _T:
    async def on_our_own() -> _T:
        async with await connect_pool(url, 1) as pool:
            return await work(pool, beyond, last)

    found = asyncio.run(on_our_own())
    gc.collect()  # what the loop and the connection leave behind
    return found
