"""The small world's database for each module, and receivers on this machine."""

from collections.abc import AsyncIterator

import pytest_asyncio

from app.db import Pool
from app.webhooks.sending import Sender
from tests import small_world as world
from tests.receiver import Receiver, receiver
from tests.small_world import settled as settled


@pytest_asyncio.fixture
async def there() -> AsyncIterator[Receiver]:
    async with receiver() as one:
        yield one


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[Sender]:
    one = Sender(world.KEY, "https://phananh.example", world.LOOPBACK)
    yield one
    await one.close()


@pytest_asyncio.fixture
async def clean(settled: Pool) -> Pool:
    """No webhooks are left of another test."""
    await settled.execute("DELETE FROM webhooks")
    return settled
