"""The system in its own processes: one for the module."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.journey.system import System, running
from tests.s3 import S3Server, seaweedfs


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with seaweedfs() as server:
        yield server


@pytest_asyncio.fixture(scope="module")
async def system(database_url: str, s3: S3Server) -> AsyncIterator[System]:
    with tempfile.TemporaryDirectory(prefix="phananh-journey-") as home:
        async with running(Path(home), database_url, s3) as running_system:
            yield running_system
