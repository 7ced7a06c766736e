"""Telegram as the dialogue sees it (``bot.conversation.channel.Channel``)."""

import asyncio
from typing import Any

import structlog
from telegram import Update
from telegram.error import TelegramError

from app.notify.model import Refused
from app.reports.model import Channel as ChannelName
from bot.conversation.channel import Heard
from bot.conversation.model import ChannelFile, Reply
from bot.telegram import send
from bot.telegram.client import Bot, as_fetch_failure
from bot.telegram.receive import hear

log = structlog.get_logger()

_FETCHES = 4
"""Pictures fetched at once; each may take 20 MB of memory."""
_FETCH_SECONDS = 60.0
_NOTICE_MOST = 200


class TelegramChannel:
    name: ChannelName = "telegram"
    offers = False

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._fetches = asyncio.Semaphore(_FETCHES)
        self.bot = f"telegram:{bot.token.partition(':')[0]}"

    def read(self, content: Any) -> Heard | None:
        return hear(Update.de_json(content, self._bot), self.bot)

    async def fetch(self, file: ChannelFile) -> bytes:
        if file.size is not None and file.size > send.DOWNLOAD_MOST:
            raise Refused("larger than Telegram gives out")
        async with self._fetches:
            try:
                found = await self._bot.get_file(file.file_id)
                return bytes(await found.download_as_bytearray(read_timeout=_FETCH_SECONDS))
            except TelegramError as error:
                raise as_fetch_failure(error) from error

    async def deliver(self, chat_id: str, reply: Reply) -> None:
        await send.deliver(self._bot, chat_id, reply)

    async def acknowledge(self, press_id: str, text: str = "", *, alert: bool = False) -> None:
        try:
            await self._bot.answer_callback_query(press_id, text[:_NOTICE_MOST] or None, show_alert=alert)
        except TelegramError as error:
            # Too old, or answered before a restart; it only stops the little clock on the button.
            log.debug("a press was not acknowledged", reason=str(error))
