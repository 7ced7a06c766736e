from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from app.db import Pool
from app.photos.lab import PhotoLab
from storage.folder import FolderStore


@pytest_asyncio.fixture(scope="session")
async def lab() -> AsyncIterator[PhotoLab]:
    async with PhotoLab() as lab:
        yield lab


@pytest_asyncio.fixture
async def objects(tmp_path: Path) -> AsyncIterator[FolderStore]:
    store = FolderStore(tmp_path)
    await store.check()
    yield store
    await store.close()


@pytest_asyncio.fixture
async def nothing_to_sweep(pool: Pool) -> AsyncIterator[None]:
    """What other tests left behind must not be counted, and its objects are gone."""
    yield
    await pool.execute("DELETE FROM draft_photos")
    await pool.execute("DELETE FROM report_photos")
    await pool.execute("DELETE FROM photo_blobs")
