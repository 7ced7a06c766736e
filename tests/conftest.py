"""The real parts every test may ask for."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from app.db import Conn, Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A real PostgreSQL in a temporary folder. It forgets everything, so it need not wait for the disk."""
    with tempfile.TemporaryDirectory(prefix="phananh-test-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(
            Path(folder), settings={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        )
        server.start()
        yield server
        server.stop()


@pytest_asyncio.fixture(scope="session")
async def template(postgres: EmbeddedPostgres) -> str:
    """The name of a migrated, empty database that tests are cloned from."""
    await migrate(postgres.url())
    return "phananh"


@pytest_asyncio.fixture(scope="module")
async def database_url(postgres: EmbeddedPostgres, template: str, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """A fresh, migrated database of the test module's own."""
    name = "t_" + request.module.__name__.replace(".", "_")[-50:]
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield postgres.url(name)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest_asyncio.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await connect_pool(database_url)
    yield pool
    await pool.close()


@pytest_asyncio.fixture
async def conn(pool: Pool) -> AsyncIterator[Conn]:
    """A connection whose work is rolled back after the test."""
    async with pool.acquire() as conn:
        undo = conn.transaction()
        await undo.start()
        yield conn
        await undo.rollback()
