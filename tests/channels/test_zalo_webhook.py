"""A Zalo Bot's events that Zalo brings by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from msgspec import structs

from app.settings.channels import ZaloBot
from bot.zalo.bot_api import BotApi
from bot.zalo.http import client
from bot.zalo.known import bot_of
from tests.channels.conftest import Town, at_work, standing
from tests.channels.test_contract import SENT

SECRET = "a-secret-of-ours"


@asynccontextmanager
async def brought(town: Town) -> AsyncIterator[str]:
    """The bots at work, the Zalo Bot by webhook; gives its address."""
    url = f"http://127.0.0.1:{town.parts.settings.bot_port}/zalo/bot"
    usual = bot_of(town.parts.settings)
    assert usual is not None
    settings = structs.replace(town.parts.settings, zalo_bot=ZaloBot(usual.token, url, SECRET, usual.host))
    alone = structs.replace(town, parts=structs.replace(town.parts, settings=settings))
    async with client(usual.host) as http, at_work(alone):
        api = BotApi(http, usual)
        await api.set_webhook(url, SECRET)
        yield url
        await api.delete_webhook()


async def test_a_zalo_bots_events_are_brought_and_proved(town: Town) -> None:
    async with brought(town) as url, standing(town, "zalo_bot") as stage:
        lan = await stage.citizen("Lan")
        await stage.sim.disturb_webhook(forge=True, duplicate=True)
        try:
            await lan.says("/trogiup")
            await lan.reads("113")
        finally:
            await stage.sim.disturb_webhook()
        assert stage.core.updates.forged[-1] == 403
        await stage.until(SENT, "zalo_bot", lan.address, holds=1)
        assert len(await lan.heard()) == 1
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(url, json={})).status_code == 403
            assert (await http.post(url, json={}, headers={"X-Bot-Api-Secret-Token": SECRET})).status_code == 200
