from collections.abc import AsyncIterator

import pytest_asyncio

from app.photos.lab import PhotoLab


@pytest_asyncio.fixture(scope="session")
async def lab() -> AsyncIterator[PhotoLab]:
    async with PhotoLab() as lab:
        yield lab
