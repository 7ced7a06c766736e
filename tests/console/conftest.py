"""A real server over real parts, and browsers without scripts in which somebody is signed in."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest_asyncio

from tests.world import PASSWORD, World

PAGES = "/console"
Visitor = Callable[[str], Awaitable[httpx.AsyncClient]]


def token(page: httpx.Response) -> str:
    """The token of the first form on a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def sign_in(browser: httpx.AsyncClient, username: str, password: str, **more: str) -> httpx.Response:
    """Fill in the form; gives what the server answers, without going on."""
    form = {"csrf": token(await browser.get(f"{PAGES}/signin")), "username": username, "password": password, **more}
    return await browser.post(f"{PAGES}/signin", data=form)


@pytest_asyncio.fixture
async def stranger(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module")
async def visitor(address: str, world: World) -> AsyncIterator[Visitor]:
    """Gives the browser of a person of the world, signed in; its forms' token is in ``headers['x-token']``."""
    browsers: dict[str, httpx.AsyncClient] = {}

    async def browser(key: str) -> httpx.AsyncClient:
        if key not in browsers:
            browsers[key] = one = httpx.AsyncClient(base_url=address, timeout=60)
            answer = await sign_in(one, world.people[key].username, PASSWORD)
            assert answer.status_code == 303, answer.text
            one.headers["x-token"] = token(await one.get(PAGES, follow_redirects=True))
        return browsers[key]

    yield browser
    for one in browsers.values():
        await one.aclose()


@pytest_asyncio.fixture
async def admin(visitor: Visitor) -> httpx.AsyncClient:
    return await visitor("administrator")


async def send(browser: httpx.AsyncClient, path: str, **fields: str | bytes) -> httpx.Response:
    """Send a form of ours, and follow where it leads. Bytes are a file."""
    files = {name: ("routing_rules.yaml", data) for name, data in fields.items() if isinstance(data, bytes)}
    form = {name: text for name, text in fields.items() if isinstance(text, str)}
    form["csrf"] = browser.headers["x-token"]
    return await browser.post(f"{PAGES}{path}", data=form, files=files or None, follow_redirects=True)
