"""Updates that Telegram brings by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest_asyncio
from msgspec import structs

from app.settings.channels import Telegram
from app.wiring import Parts
from bot.simulator.client import SimClient, SimUser
from bot.telegram.client import SIMULATOR_TOKEN, Bot
from tests.ports import free_port
from tests.telegram.conftest import at_work, until

SECRET = "a-secret_of-the-webhook"


@asynccontextmanager
async def brought(parts: Parts, bot: Bot) -> AsyncIterator[str]:
    """The bot at work with a webhook that the local Bot API server calls; gives its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/hook"
    settings = structs.replace(
        parts.settings, bot_port=port, host="127.0.0.1", telegram=Telegram(SIMULATOR_TOKEN, url, SECRET)
    )
    async with at_work(structs.replace(parts, settings=settings), bot):
        await bot.set_webhook(url, secret_token=SECRET)
        yield url
        await bot.delete_webhook()


@pytest_asyncio.fixture(scope="module")
async def url(parts: Parts, bot: Bot) -> AsyncIterator[str]:
    async with brought(parts, bot) as url:
        yield url


async def test_updates_that_are_brought_are_answered(sim: SimClient, url: str) -> None:
    lan = await sim.user("Lan")
    await lan.text("/start")
    await lan.wait("Xin chào")
    await lan.text("Rác đầy đường ở phường An Xuyên")
    await lan.wait("đúng không")


async def test_what_is_brought_twice_is_answered_once(sim: SimClient, url: str) -> None:
    lan = await sim.user("Lan")
    await sim.disturb_webhook(duplicate=True)
    try:
        await lan.text("/start")
        await lan.wait("Xin chào")
        await lan.text("/trogiup")
        await lan.wait("113")
    finally:
        await sim.disturb_webhook()
    assert len(await sim.calls("sendMessage", user=lan)) == 2


async def test_without_the_secret_nothing_is_taken(parts: Parts, url: str) -> None:
    update = {"update_id": 77, "message": {}}
    async with httpx.AsyncClient(trust_env=False) as http:
        for headers in (
            {},
            {"X-Telegram-Bot-Api-Secret-Token": "wrong"},
            {"X-Telegram-Bot-Api-Secret-Token": "bí mật"},
        ):
            raw = [(name.encode(), value.encode()) for name, value in headers.items()]
            assert (await http.post(url, json=update, headers=raw)).status_code == 403
    async with parts.pool.acquire() as conn:
        assert not await conn.fetchval("SELECT count(*) FROM inbox WHERE update_id = 77")


async def test_what_is_no_update_is_not_asked_for_again(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as http:
        for body in (b"", b"nonsense", b"[]", b"{}", b'{"update_id": "x"}', b'{"update_id": 1e99}'):
            assert (await http.post(url, content=body)).status_code == 200


async def test_only_what_telegram_does_is_allowed(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as http:
        assert (await http.get(url)).status_code == 405
        assert (await http.post(url.replace("hook", "other"), json={})).status_code == 404
        assert (await http.post(url, content=b"x" * 2_000_000)).status_code == 413


async def test_an_update_is_in_the_inbox_before_it_is_acknowledged(parts: Parts, sim: SimClient, url: str) -> None:
    lan = await sim.user("Lan")
    async with parts.pool.acquire() as conn, conn.transaction():
        await conn.execute("LOCK TABLE inbox IN EXCLUSIVE MODE")
        await lan.text("/start")
        info = await sim.get("state")
        assert info["webhook"]["pending_update_count"] == 1
    await lan.wait("Xin chào")
    await until(
        parts, "SELECT count(*) FROM inbox WHERE chat_id = $1 AND processed_at IS NOT NULL", str(lan.id), holds=1
    )


async def test_people_answer_by_updates_of_every_kind(sim: SimClient, url: str) -> None:
    lan: SimUser = await sim.user("Lan")
    await lan.text("Rác đầy đường")
    await lan.wait("đâu")
    await lan.location(9.22461, 105.178)
    await lan.press("An Xuyên", message=await lan.wait("xã, phường"))
    await lan.wait("xem lại")
