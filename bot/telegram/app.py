"""Telegram's line into the bot's process: updates are fetched or brought, and the command menu is set."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from telegram import BotCommand, BotCommandScopeAllGroupChats
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from app.accounts import bots
from app.i18n import DEFAULT, LANGS, Lang, t
from app.settings import Settings
from bot import process
from bot.conversation.fulfilment import Parts
from bot.conversation.runner import Runner
from bot.hook import Hook, secret_in
from bot.process import Line
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import SIMULATOR_TOKEN, Bot, bot_of
from bot.telegram.receive import ALLOWED_UPDATES, arrived

__all__ = ["SIMULATOR_TOKEN", "Polling", "line_of", "serve", "set_webhook", "telegram_line"]

log = structlog.get_logger()

_POLL_SECONDS = 25
_BACKOFF_MOST = 30.0
_CONFLICT_SECONDS = 10.0
_BATCH = 100
_WEBHOOK_CONNECTIONS = 40
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105  # the name of a header
_MENU_SECONDS = 15.0

_MENU: dict[Lang, dict[str, str]] = {
    "vi": {"baocao": "report", "danhsach": "list", "theodoi": "track", "khuvuc": "area", "huy": "cancel",
           "ngonngu": "lang", "tatthongbao": "mute", "batthongbao": "unmute", "lienket": "link", "huylienket": "unlink",
           "dulieucuatoi": "mydata", "xoadulieu": "delete", "trogiup": "help"},
    "en": {"report": "report", "list": "list", "track": "track", "area": "area", "cancel": "cancel", "lang": "lang",
           "mute": "mute", "unmute": "unmute", "link": "link", "unlink": "unlink",
           "mydata": "mydata", "delete": "delete", "help": "help"},
}  # fmt: skip


@contextlib.asynccontextmanager
async def telegram_line(parts: Parts) -> AsyncIterator[list[Line]]:
    """Telegram's line, when a bot is set or the simulator stands in for it."""
    settings = parts.settings
    if settings.telegram is None and not settings.simulated:
        yield []
        return
    async with bot_of(settings) as bot:
        yield [line_of(parts, bot)]


def line_of(parts: Parts, bot: Bot) -> Line:
    channel, telegram = TelegramChannel(bot, parts.objects), parts.settings.telegram
    if telegram and telegram.webhook_url and telegram.webhook_secret:
        hook = Hook(telegram.webhook_url, secret_in(_SECRET_HEADER, telegram.webhook_secret), arrived)
        return Line(channel, hook=hook, beside=lambda: _introduce(parts, bot))
    return Line(channel, poll=lambda runner: Polling(runner, bot).run(), beside=lambda: _introduce(parts, bot))


async def serve(parts: Parts, bot: Bot, stop: asyncio.Event) -> None:
    """Telegram alone, with parts and library given; returns when ``stop`` is set and the work in hand done."""
    await process.serve(parts, [line_of(parts, bot)], stop)


async def set_webhook(settings: Settings) -> str:
    """Tell Telegram where to bring updates, or to stop when no address is set. Nothing that waits is dropped.

    Gives a line for the operator. Once per deployment, not at each start.
    """
    async with bot_of(settings) as bot:
        if settings.telegram is None or settings.telegram.webhook_url is None:
            await bot.delete_webhook(drop_pending_updates=False)
            return "no webhook: the bot fetches updates by itself (long polling)"
        await bot.set_webhook(
            settings.telegram.webhook_url,
            secret_token=settings.telegram.webhook_secret,
            allowed_updates=ALLOWED_UPDATES,
            max_connections=_WEBHOOK_CONNECTIONS,
            drop_pending_updates=False,
        )
        return f"Telegram brings updates to {settings.telegram.webhook_url}"


class Polling:
    """Long polls for updates. An update is acknowledged only by the poll after it was kept in the inbox.

    The offset is never remembered: what was not acknowledged comes again and is known by its number. An old offset
    would be a danger, for after a week without updates Telegram numbers anew, and a larger one throws away what waits.
    """

    def __init__(self, runner: Runner, bot: Bot) -> None:
        self._runner = runner
        self._bot = bot
        self._failures = 0

    async def run(self) -> None:
        """Poll while this process leads (two at once would end each other's polls), until cancelled."""
        offset: int | None = None
        while True:
            await self._runner.leading.wait()
            try:
                found = await self._bot.raw_updates(offset, _BATCH, _POLL_SECONDS, ALLOWED_UPDATES)
            except TelegramError as error:
                await self._wait_after(error)
                continue
            self._failures = 0
            updates = [arrived(raw) for raw in found]
            await self._runner.keep(updates)
            offset = updates[-1].update_id + 1 if updates else None

    async def _wait_after(self, error: TelegramError) -> None:
        self._failures += 1
        seconds = min(0.25 * 2**self._failures, _BACKOFF_MOST)
        match error:
            case Conflict():
                seconds = _CONFLICT_SECONDS
                log.error(
                    "another program fetches this bot's updates, or a webhook is set; end the other program, or run "
                    "'phananh webhook' without an address to remove the webhook",
                    reason=str(error),
                )
            case InvalidToken():
                seconds = _BACKOFF_MOST
                log.error("Telegram does not know this bot token; see PHANANH_TELEGRAM_TOKEN")
            case RetryAfter():
                seconds = error._retry_after.total_seconds()  # noqa: SLF001  # typed, unlike the property
            case _:
                log.warning("fetching updates failed", reason=str(error), again_in=seconds)
        await asyncio.sleep(seconds)


_GROUP_MENU: dict[Lang, dict[str, str]] = {
    "vi": {"viec": "queue", "canbo": "officer", "lienketnhom": "link_group"},
    "en": {"queue": "queue", "officer": "officer", "linkgroup": "link_group"},
}


async def _introduce(parts: Parts, bot: Bot) -> None:
    """The command menu in both languages, as soon as Telegram answers; without a language it is Vietnamese. And what
    the bot is called, for pages that lead to it."""
    while True:
        try:
            me = await bot.get_me()
            for lang in LANGS:
                commands = [BotCommand(name, t(f"bot.menu_{what}", lang)) for name, what in _MENU[lang].items()]
                await bot.set_my_commands(commands, language_code=lang)
                staff = [BotCommand(name, t(f"bot.menu_{what}", lang)) for name, what in _GROUP_MENU[lang].items()]
                await bot.set_my_commands(staff, BotCommandScopeAllGroupChats(), lang)
                if lang == DEFAULT:
                    await bot.set_my_commands(commands)
                    await bot.set_my_commands(staff, BotCommandScopeAllGroupChats())
        except TelegramError as error:
            log.warning("the command menu was not set yet", reason=str(error))
            await asyncio.sleep(_MENU_SECONDS)
        else:
            break
    async with parts.pool.acquire() as conn:
        await bots.note(conn, "telegram", me.username or "")
