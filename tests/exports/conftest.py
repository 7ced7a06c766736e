"""The small world with random lives of reports in it, read into the statistics."""

import random

import pytest_asyncio

from app.db import Pool
from app.stats import projection
from tests.small_world import settled as settled
from tests.stats.lives import keep, life

LIVES = 300


@pytest_asyncio.fixture(scope="module")
async def lived(settled: Pool) -> Pool:
    dice = random.Random(2026)
    async with settled.acquire() as conn:
        await keep(conn, [life(dice) for _ in range(LIVES)])
    await projection.catch_up(settled)
    return settled
