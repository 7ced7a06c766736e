"""The bot's process: fetches updates or has them brought, until told to stop, and then finishes what it took."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Sequence

import structlog
from telegram import BotCommand
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from app.i18n import DEFAULT, LANGS, Lang, t
from app.settings import Settings
from app.wiring import open_parts
from bot.conversation.channel import Update
from bot.conversation.fulfilment import Parts
from bot.conversation.runner import NO_DATABASE, Runner
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import SIMULATOR_TOKEN, Bot, bot_of
from bot.telegram.receive import ALLOWED_UPDATES, arrived

__all__ = ["SIMULATOR_TOKEN", "Polling", "run", "serve", "set_webhook"]

log = structlog.get_logger()

_POLL_SECONDS = 25
_BACKOFF_MOST = 30.0
_CONFLICT_SECONDS = 10.0
_BATCH = 100
_WEBHOOK_CONNECTIONS = 40
_MENU_SECONDS = 15.0

_MENU: dict[Lang, dict[str, str]] = {
    "vi": {"baocao": "report", "danhsach": "list", "theodoi": "track", "huy": "cancel", "ngonngu": "lang",
           "dulieucuatoi": "mydata", "xoadulieu": "delete", "trogiup": "help"},
    "en": {"report": "report", "list": "list", "track": "track", "cancel": "cancel", "lang": "lang",
           "mydata": "mydata", "delete": "delete", "help": "help"},
}  # fmt: skip


async def run(settings: Settings) -> None:
    """Serve the bot that the settings name until SIGTERM or SIGINT; what was taken is finished first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with open_parts(settings) as parts, bot_of(settings) as bot:
        await serve(parts, bot, stop)


async def serve(parts: Parts, bot: Bot, stop: asyncio.Event) -> None:
    """Everything the bot does, with parts and library given; returns when ``stop`` is set and the work in hand done."""
    runner = Runner(parts, TelegramChannel(bot))
    async with contextlib.AsyncExitStack() as stack:
        serving = asyncio.create_task(runner.serve())
        stack.push_async_callback(_end, runner, serving)
        receiving = await stack.enter_async_context(_receiving(parts.settings, runner, bot))
        menu = asyncio.create_task(_set_menu(bot))
        stack.callback(menu.cancel)
        log.info("bot ready")
        stopped = asyncio.create_task(stop.wait())
        # Neither of the other two ends by itself; should one fail, everything ends and its error is raised.
        await asyncio.wait({stopped, serving, receiving}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    log.info("bot stopped")


async def _end(runner: Runner, serving: asyncio.Task[None]) -> None:
    runner.stop()
    await serving


@contextlib.asynccontextmanager
async def _receiving(settings: Settings, runner: Runner, bot: Bot) -> AsyncIterator[asyncio.Task[None]]:
    """Updates come in for as long as this lasts, the one way or the other; gives the task that takes them in."""
    telegram = settings.telegram
    if telegram and telegram.webhook_url and telegram.webhook_secret:
        # The web server's parts weigh 30 MB and half a second, which long polling need not carry.
        from bot.telegram.webhook import create_app, listening, path_of

        app = create_app(runner, path_of(telegram.webhook_url), telegram.webhook_secret)
        async with listening(app, settings.host, settings.bot_port) as server:
            yield server
        return
    polling = asyncio.create_task(Polling(runner, bot).run())
    try:
        yield polling
    finally:
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling


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
            await self._keep(updates)
            offset = updates[-1].update_id + 1 if updates else None

    async def _keep(self, updates: Sequence[Update]) -> None:
        """Into the inbox, however long the database takes to come back: nothing is acknowledged before."""
        while updates:
            try:
                await self._runner.take(updates)
            except NO_DATABASE as error:
                log.warning("the database does not answer", error=type(error).__name__)
                await asyncio.sleep(1)
            else:
                return

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


async def _set_menu(bot: Bot) -> None:
    """The command menu in both languages, as soon as Telegram answers; without a language it is Vietnamese."""
    while True:
        try:
            for lang in LANGS:
                commands = [BotCommand(name, t(f"bot.menu_{what}", lang)) for name, what in _MENU[lang].items()]
                await bot.set_my_commands(commands, language_code=lang)
                if lang == DEFAULT:
                    await bot.set_my_commands(commands)
        except TelegramError as error:
            log.warning("the command menu was not set yet", reason=str(error))
            await asyncio.sleep(_MENU_SECONDS)
        else:
            return
