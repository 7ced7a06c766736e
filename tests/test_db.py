"""The pool's end."""

import asyncio

import asyncpg
import pytest

from app.db import close_pool, connect_pool


async def test_a_pool_ends_though_somebody_never_gives_a_connection_back(database_url: str) -> None:
    pool = await connect_pool(database_url)
    kept = await pool.acquire()
    async with asyncio.timeout(60):
        await close_pool(pool, 0.1)
    with pytest.raises(asyncpg.InterfaceError):
        await kept.fetchval("SELECT 1")


async def test_a_pool_waits_for_a_connection_that_is_given_back_in_time(database_url: str) -> None:
    pool = await connect_pool(database_url)
    working = asyncio.Event()

    async def work() -> int:
        async with pool.acquire() as conn:
            working.set()
            answer: int = await conn.fetchval("SELECT 1 FROM pg_sleep(0.2)")
            return answer

    at_work = asyncio.create_task(work())
    await working.wait()
    await close_pool(pool, 60)
    assert await at_work == 1
