"""Both Zalos as the dialogue sees them (``bot.conversation.channel.Channel``)."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from app.i18n import t
from app.notify.model import SendFailed, TryLater, Uncertain
from app.photos.model import MAX_BYTES
from app.reports.model import Channel as ChannelName
from bot.conversation.channel import Heard
from bot.conversation.model import ChannelFile, Choice, Reply
from bot.zalo import oa_api
from bot.zalo.bot_api import BotApi, sent
from bot.zalo.http import Json, download
from bot.zalo.oa_api import OaApi
from bot.zalo.receive import hear_bot, hear_oa
from bot.zalo.text import numbered, pieces

_EMERGENCY = re.compile(r"^📞 (11[345])\b", re.MULTILINE)
"""A line of an answer that names a number to call: one touch calls it."""
_FETCHES = 4
"""Pictures fetched at once; each may take 20 MB of memory."""
_PART_SECONDS = 5.0
"""A later part of a message is not held back longer than so."""


class ZaloBotChannel:
    name: ChannelName = "zalo_bot"
    offers = True

    def __init__(self, api: BotApi, bot_id: str) -> None:
        self._api = api
        self._fetches = asyncio.Semaphore(_FETCHES)
        self.bot = f"zalo_bot:{bot_id}"

    def read(self, content: Any) -> Heard | None:
        return hear_bot(content, self.bot)

    async def fetch(self, file: ChannelFile) -> bytes:
        return await _fetch(self._fetches, self._api.http, file)

    async def deliver(self, chat_id: str, reply: Reply) -> None:
        text = reply.text
        if reply.place_button:
            # Without a public address there is no map of ours, and only words are asked for.
            offer = reply.map_offer
            by_link = t("bot.place_by_link", reply.lang, link=offer.url) if offer else ""
            text += "\n\n" + (by_link or t("bot.place_by_words", reply.lang))
        tail = numbered([choice.label for choice in choices_of(reply)], reply.lang)
        await in_pieces(pieces(text, tail), lambda part, _: sent(self._api.message(chat_id, part)))

    async def acknowledge(self, press_id: str, text: str = "", *, alert: bool = False) -> None:
        """There is nothing to press."""


class ZaloOaChannel:
    name: ChannelName = "zalo_oa"
    offers = True

    def __init__(self, api: OaApi, app_id: str) -> None:
        self._api = api
        self._fetches = asyncio.Semaphore(_FETCHES)
        self.bot = f"zalo_oa:{app_id}"

    def read(self, content: Any) -> Heard | None:
        return hear_oa(content, self.bot)

    async def fetch(self, file: ChannelFile) -> bytes:
        return await _fetch(self._fetches, self._api.http, file)

    async def deliver(self, chat_id: str, reply: Reply) -> None:
        text, choices = reply.text, choices_of(reply)
        buttons, tail = choice_buttons(choices), ""
        if reply.place_button:
            text += "\n\n" + t("bot.place_by_sending", reply.lang)
            if offer := reply.map_offer:
                buttons = [*buttons, oa_api.link_button(offer.label, offer.url)]
        calls = [
            oa_api.phone_button(t("bot.call_number", reply.lang, number=number), number)
            for number in _EMERGENCY.findall(text)
        ]
        # Where there is room beside the choices; the numbers stand in the words in any case.
        if len(buttons) + len(calls) <= oa_api.BUTTONS_MOST and not (choices and not buttons):
            buttons = [*calls, *buttons]
        if choices and not buttons:
            tail = numbered([choice.label for choice in choices], reply.lang)
        await send_with_buttons(self._api, chat_id, text, tail, buttons)

    async def acknowledge(self, press_id: str, text: str = "", *, alert: bool = False) -> None:
        """A press comes as words, and words want no acknowledging."""


async def _fetch(fetches: asyncio.Semaphore, http: httpx.AsyncClient, file: ChannelFile) -> bytes:
    async with fetches:
        return await download(http, file.file_id, MAX_BYTES + 1)


def choices_of(reply: Reply) -> list[Choice]:
    return [choice for row in reply.rows for choice in row]


def choice_buttons(choices: list[Choice]) -> list[Json]:
    """As buttons where they are few enough; else they are to be numbered, all of them: a number half of them have
    would mislead."""
    return [oa_api.query_button(choice) for choice in choices] if len(choices) <= oa_api.BUTTONS_MOST else []


async def send_with_buttons(api: OaApi, user_id: str, text: str, tail: str, buttons: list[Json]) -> str:
    parts = pieces(text, tail)
    last = len(parts) - 1
    return await in_pieces(parts, lambda part, n: api.message(user_id, part, buttons=buttons if n == last else ()))


async def in_pieces(parts: list[str], send: Callable[[str, int], Awaitable[str]]) -> str:
    """One after the other; gives the first one's reference. Once one has arrived the whole must not be sent again: a
    later part is tried again here, and leaves the whole uncertain when that does not help."""
    reference = await send(parts[0], 0)
    for number, part in enumerate(parts[1:], 1):
        for last in (False, False, True):
            try:
                await send(part, number)
                break
            except SendFailed as failure:
                if last or not isinstance(failure, TryLater):
                    raise Uncertain(f"part {number + 1} of {len(parts)}: {failure.reason}") from failure
                await asyncio.sleep(min(failure.seconds, _PART_SECONDS))
    return reference
