"""A real server, links to its wall, and what a screen is sent."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx
import pytest_asyncio

from app.accounts.model import Actor
from app.screens import links
from tests.world import World


def coordinator(world: World) -> Actor:
    person = world.people["coordinator"]
    return Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))


async def link(world: World, name: str = "Phòng trực") -> str:
    """The path of a link that was just made."""
    secret = world.parts.settings.secret_key
    return f"{links.PAGE}/{await links.make(world.parts.pool, secret, coordinator(world), name, 30, 'Oanh')}"


async def revoke(world: World, path: str) -> None:
    digest = links.digest(path.rpartition("/")[2])
    link_id = await world.parts.pool.fetchval("SELECT link_id FROM wall_links WHERE token_hash = $1", digest)
    await links.revoke(world.parts.pool, coordinator(world), link_id)


async def events(browser: httpx.AsyncClient, path: str) -> AsyncGenerator[tuple[str, str], None]:
    """Name and data of each event that a screen is sent."""
    async with asyncio.timeout(60), browser.stream("GET", f"{path}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            field, _, said = line.partition(": ")
            if field == "event":
                name = said
            elif field == "data":
                yield name, said


@pytest_asyncio.fixture
async def screen(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A browser in which nobody is signed in."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        yield browser
