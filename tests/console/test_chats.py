"""The page on one's own chats: the code, what is linked, ending it; nobody else's."""

import re

import httpx

from app.accounts import chats
from tests.console.conftest import PAGES, Visitor, send
from tests.world import World


async def link(world: World, browser: httpx.AsyncClient, user_id: str) -> None:
    page = await send(browser, "/chats")
    found = re.search(r"/canbo ([0-9A-Z]{4}-[0-9A-Z]{4})", page.text)
    assert found, page.text
    await chats.link(world.parts.pool, "telegram", user_id, found[1], "vi")


async def test_the_code_on_the_page_links_a_chat_and_the_page_shows_and_ends_it(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    assert "Chưa có chat nào" in (await browser.get(f"{PAGES}/chats")).text
    await link(world, browser, "700000199")
    shown = await browser.get(f"{PAGES}/chats")
    assert "Telegram …0199" in shown.text
    assert "/canbo " not in re.sub(r"lệnh /canbo", "", shown.text)
    ended = await send(browser, "/chats/unlink", channel="telegram", user_id="700000199")
    assert "Chưa có chat nào" in ended.text
    async with world.parts.pool.acquire() as conn:
        assert await chats.officer(conn, "telegram", "700000199") is None


async def test_nobody_ends_anothers_link(visitor: Visitor, world: World) -> None:
    officer, lead = await visitor("officer"), await visitor("lead")
    await link(world, officer, "700000198")
    refused = await send(lead, "/chats/unlink", channel="telegram", user_id="700000198")
    assert refused.status_code == 404
    async with world.parts.pool.acquire() as conn:
        found = await chats.officer(conn, "telegram", "700000198")
    assert found
    assert found.staff.username == world.people["officer"].username
