"""A stranger's program, a program with a key, and a published report."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM
from app.reports.workflow import Act
from tests.console.reports import act, file, street
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{address}/open311/v2", timeout=60) as http:
        yield http


@pytest_asyncio.fixture(scope="module")
async def trial(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """At the test endpoint."""
    async with httpx.AsyncClient(base_url=f"{address}/open311/trial/v2", timeout=60) as http:
        yield http


async def key_of(world: World, who: str, *scopes: str) -> str:
    return await accounts.create_token(
        world.parts.pool, world.people[who].staff_id, "cổng của công ty", scopes or ("open311",), None, SYSTEM
    )


@pytest_asyncio.fixture(scope="module")
async def key(world: World) -> str:
    return await key_of(world, "officer")


@pytest_asyncio.fixture(scope="module")
async def published(address: str, world: World) -> str:
    """Lan's street light with a photo, on which the company has said how far it is; everybody may read it."""
    code = await file(address, street(1), text="Đèn đường hỏng, gọi Lan 0912 345 678 <sớm> & giúp.")
    await act(world, "coordinator", code, Act.PUBLISH)
    await act(world, "officer", code, Act.PROGRESS, text="Đã đặt bóng mới, gọi chị Trần Thị Bích khi cần.")
    return code
