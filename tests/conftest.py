"""The real parts every test may ask for, and the small world served by a real server."""

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import pytest_asyncio

from app.db import Conn, Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.photos.lab import PhotoLab
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from app.wiring import Parts
from tests import scratch
from tests.serving import running
from tests.world import RULES, World, parts_over, settle

# Each client of httpx reads the certificates of all the world's authorities, 15 ms every time, and the tests make
# thousands, to loopback without TLS. Here is a folder with none; a test with TLS names the certificate it trusts.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = "/var/empty"


# What is read and collected stays to the end: looking through it for garbage again and again cost a fifth of the time.
gc.disable()

# The same examples each time, however slow the machine: what is red is a fault and not bad luck.
hypothesis.settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

SLOW = ("journey", "telegram", "cli", "browser", "tests", "channels", "demo", "exports", "api")
"""Folders whose files take longest: begun first, so that no worker is left alone with one of them in the end."""


def pytest_configure(config: pytest.Config) -> None:
    if folder := scratch.in_memory():  # in the first process; the workers inherit it
        config.add_cleanup(lambda: scratch.forget(folder))


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: half of the time a test waits for a server, a browser or a process of its own."""
    return 2 * len(os.sched_getaffinity(0))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: at for at, name in enumerate(SLOW)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(SLOW)))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


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


async def _administer(postgres: EmbeddedPostgres, statement: str) -> None:
    admin = await asyncpg.connect(postgres.url("postgres"))
    try:
        await admin.execute(statement)
    finally:
        await admin.close()


@pytest_asyncio.fixture(scope="session")
async def world_template(
    postgres: EmbeddedPostgres, template: str, lab: PhotoLab, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The name of a database in which the small world stands: its people's passwords are hashed once and not for each
    module."""
    await _administer(postgres, f'CREATE DATABASE "world" TEMPLATE "{template}"')
    pool = await connect_pool(postgres.url("world"))
    async with parts_over(pool, lab, rules, tmp_path_factory.mktemp("home")) as parts:
        await settle(parts)
    await pool.close()
    return "world"


@pytest.fixture(scope="module")
def begins_with(request: pytest.FixtureRequest) -> str:
    """The database that the module's own is made from: the one with the world where one of its tests asks for that."""
    tests = [one for one in request.session.items if one.path == request.path and isinstance(one, pytest.Function)]
    wanted = any("world" in test.fixturenames for test in tests)
    name: str = request.getfixturevalue("world_template" if wanted else "template")
    return name


@pytest_asyncio.fixture(scope="module")
async def database_url(
    postgres: EmbeddedPostgres, begins_with: str, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """A fresh, migrated database of the test module's own."""
    name = "t_" + request.module.__name__.replace(".", "_")[-50:]
    await _administer(postgres, f'CREATE DATABASE "{name}" TEMPLATE "{begins_with}"')
    yield postgres.url(name)
    await _administer(postgres, f'DROP DATABASE "{name}" WITH (FORCE)')


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


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    """The rules as they are shipped."""
    return routing.load(RULES)


@pytest_asyncio.fixture(scope="session")
async def lab() -> AsyncIterator[PhotoLab]:
    async with PhotoLab(workers=1) as lab:
        yield lab


@pytest_asyncio.fixture(scope="module")
async def parts(
    pool: Pool, lab: PhotoLab, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Parts]:
    async with parts_over(pool, lab, rules, tmp_path_factory.mktemp("home")) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module")
async def world(parts: Parts) -> World:
    return await settle(parts)


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    """Where a real server over the world's parts listens."""
    async with running(world.parts) as address:
        yield address
