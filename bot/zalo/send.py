"""Both Zalos as notifications see them (``app.notify.model.Sender``).

The words go first, with their choices; pictures follow by an address that Zalo fetches, for a failure there must not
bring the words twice. An Official Account takes words and one picture in one message, as long as there are no buttons.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog

from app.db import Pool
from app.notify.model import Closed, Senders, SendFailed, Telling
from app.photos.service import photo_url
from app.wiring import Parts
from bot.conversation import store
from bot.conversation.model import Choice
from bot.zalo import window
from bot.zalo.bot_api import BotApi, sent
from bot.zalo.channel import choice_buttons, in_pieces, send_with_buttons
from bot.zalo.http import client
from bot.zalo.known import bot_of, oa_of
from bot.zalo.oa_api import OaApi
from bot.zalo.text import TEXT_MOST, numbered, pieces, size
from bot.zalo.tokens import CHANNEL

log = structlog.get_logger()

PhotoLink = Callable[[str], Awaitable[str]]
"""An address at which a photo (sha256) can be fetched for a while."""

_PHOTOS_MOST = 3


def _choices(telling: Telling) -> list[Choice]:
    return [Choice(button.label, button.data) for row in telling.buttons for button in row]


class ZaloBotSender:
    def __init__(self, pool: Pool, api: BotApi, link: PhotoLink | None) -> None:
        self._pool = pool
        self._api = api
        self._link = link

    async def send(self, user_id: str, telling: Telling) -> str:
        choices = _choices(telling)
        await _offer(self._pool, "zalo_bot", user_id, choices)
        parts = pieces(telling.text, numbered([choice.label for choice in choices], telling.lang))
        reference = await in_pieces(parts, lambda part, _: sent(self._api.message(user_id, part)))
        await _photos_after(self._link, telling.shown, lambda url: sent(self._api.photo(user_id, url)))
        return reference


class ZaloOaSender:
    def __init__(self, pool: Pool, api: OaApi, link: PhotoLink | None) -> None:
        self._pool = pool
        self._api = api
        self._link = link

    async def send(self, user_id: str, telling: Telling) -> str:
        async with self._pool.acquire() as conn:
            if why := await window.closed(conn, CHANNEL, user_id):
                raise Closed(why)
        choices, shown = _choices(telling), telling.shown
        await _offer(self._pool, CHANNEL, user_id, choices)
        if self._link and shown and not choices and size(telling.text) <= TEXT_MOST:
            reference = await self._api.message(user_id, telling.text, picture=await self._link(shown[0]))
            shown = shown[1:]
        else:
            buttons = choice_buttons(choices)
            tail = "" if buttons else numbered([choice.label for choice in choices], telling.lang)
            reference = await send_with_buttons(self._api, user_id, telling.text, tail, buttons)
        await _photos_after(self._link, shown, lambda url: self._photo(user_id, url))
        return reference

    async def _photo(self, user_id: str, url: str) -> str:
        async with self._pool.acquire() as conn:
            if why := await window.closed(conn, CHANNEL, user_id):
                raise Closed(why)
        return await self._api.message(user_id, "📷", picture=url)


async def _offer(pool: Pool, channel: str, user_id: str, choices: Sequence[Choice]) -> None:
    if choices:
        async with pool.acquire() as conn:
            await store.offer(conn, channel, user_id, choices)


async def _photos_after(link: PhotoLink | None, shown: Sequence[str], send: Callable[[str], Awaitable[str]]) -> None:
    """The words have arrived and must not come twice: a failure here costs the pictures, still to be seen with the
    report."""
    try:
        for sha256 in shown[:_PHOTOS_MOST] if link else ():
            assert link is not None
            await send(await link(sha256))
    except SendFailed as failure:
        log.warning("pictures were not delivered", reason=failure.reason)


@asynccontextmanager
async def zalo_senders(parts: Parts) -> AsyncIterator[Senders]:
    """For the worker: the ways into the chats of what the settings name."""
    senders: Senders = {}
    link = _links(parts)
    async with AsyncExitStack() as stack:
        if bot := bot_of(parts.settings):
            http = await stack.enter_async_context(client(bot.host))
            senders["zalo_bot"] = ZaloBotSender(parts.pool, BotApi(http, bot), link)
        if oa := oa_of(parts.settings):
            http = await stack.enter_async_context(client(oa.host))
            senders["zalo_oa"] = ZaloOaSender(parts.pool, OaApi(parts.pool, http, oa), link)
        yield senders


def _links(parts: Parts) -> PhotoLink | None:
    """Photos are shown only where Zalo can reach us."""
    settings = parts.settings
    if not (settings.simulated or settings.public_url.startswith("https://")):
        return None

    async def link(sha256: str) -> str:
        base = f"{settings.public_url}/api/v1/photos"
        return await photo_url(parts.objects, settings.secret_key, base, sha256, "large")

    return link
