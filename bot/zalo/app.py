"""Zalo's lines into the bot's process: events are brought, or fetched where a Zalo Bot has no address for that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from app.notify.model import SendFailed
from app.settings import Settings
from app.settings.channels import ZaloBot
from app.wiring import Parts
from bot.conversation.channel import Update
from bot.conversation.runner import Runner
from bot.hook import Hook, secret_in
from bot.process import Line
from bot.zalo import tokens
from bot.zalo.bot_api import BotApi, BotError
from bot.zalo.channel import ZaloBotChannel, ZaloOaChannel
from bot.zalo.http import Json, client
from bot.zalo.known import bot_of, oa_of
from bot.zalo.oa_api import SIMULATOR_REFRESH, OaApi
from bot.zalo.receive import bot_update, oa_update
from bot.zalo.shown import PhotoLink, photo_link
from bot.zalo.signature import signed_by

log = structlog.get_logger()

_BOT_HEADER = "x-bot-api-secret-token"
_BACKOFF_MOST = 30.0
_KEEP_SECONDS = 5.0


@asynccontextmanager
async def zalo_lines(parts: Parts) -> AsyncIterator[list[Line]]:
    """A line for each Zalo that the settings name, or that the simulator plays."""
    async with AsyncExitStack() as stack:
        lines = []
        if bot := bot_of(parts.settings):
            api = BotApi(await stack.enter_async_context(client(bot.host)), bot)
            lines.append(bot_line(bot, api, photo_link(parts, "small")))
        if oa := oa_of(parts.settings):
            http = await stack.enter_async_context(client(oa.host))
            if parts.settings.simulated:
                async with parts.pool.acquire() as conn:
                    await tokens.give(conn, oa.app_id, SIMULATOR_REFRESH, only_first=True)
            channel = ZaloOaChannel(OaApi(parts.pool, http, oa), oa.app_id)
            hook = Hook(oa.webhook_url, signed_by(oa.app_id, oa.oa_secret), oa_update)
            lines.append(Line(channel, hook=hook))
        yield lines


def bot_line(settings: ZaloBot, api: BotApi, link: PhotoLink | None) -> Line:
    channel = ZaloBotChannel(api, settings.token.partition(":")[0], link)
    if settings.webhook_url and settings.webhook_secret:
        return Line(channel, Hook(settings.webhook_url, secret_in(_BOT_HEADER, settings.webhook_secret), bot_update))
    return Line(channel, poll=lambda runner: Polling(runner, api).run())


class Polling:
    """Long polls for a Zalo Bot's events. They are not acknowledged: what a poll has given is not given again, so a
    process killed right then loses it. Where that matters, set a webhook."""

    def __init__(self, runner: Runner, api: BotApi) -> None:
        self._runner = runner
        self._api = api
        self._failures = 0

    async def run(self) -> None:
        """Poll while this process leads, until cancelled."""
        while True:
            await self._runner.leading.wait()
            try:
                found = await self._api.updates()
            except (BotError, SendFailed) as error:
                await self._wait_after(error)
                continue
            self._failures = 0
            # Once given they must be kept, even when we are told to stop meanwhile.
            keeping = asyncio.create_task(self._runner.keep([update for one in found if (update := _read(one))]))
            try:
                await asyncio.shield(keeping)
            except asyncio.CancelledError:
                await asyncio.wait({keeping}, timeout=_KEEP_SECONDS)
                raise

    async def _wait_after(self, error: BotError | SendFailed) -> None:
        self._failures += 1
        seconds = min(0.25 * 2.0**self._failures, _BACKOFF_MOST)
        if isinstance(error, BotError) and error.code == 401:
            seconds = _BACKOFF_MOST
            log.error("Zalo does not know this bot token; see PHANANH_ZALO_BOT_TOKEN")
        else:
            log.warning("fetching Zalo's events failed", reason=str(error), again_in=seconds)
        await asyncio.sleep(seconds)


def _read(event: Json) -> Update | None:
    try:
        return bot_update(event)
    except (KeyError, ValueError):
        log.warning("something that is no event was fetched")
        return None


async def set_webhook(settings: Settings) -> list[str]:
    """Tell Zalo where to bring a bot's events, or to stop; gives lines for the operator. Once per deployment."""
    told = []
    if bot := settings.zalo_bot:
        async with client(bot.host) as http:
            api = BotApi(http, bot)
            if bot.webhook_url and bot.webhook_secret:
                await api.set_webhook(bot.webhook_url, bot.webhook_secret)
                told.append(f"Zalo brings the bot's events to {bot.webhook_url}")
            else:
                await api.delete_webhook()
                told.append("no webhook: the Zalo Bot fetches events by itself (long polling)")
    if settings.zalo_oa:
        told.append(
            f"Official Account: enter {settings.zalo_oa.webhook_url} as the webhook in Zalo's developer console; "
            "there is no call for it"
        )
    return told
