"""The bot's process: one line a channel, each with a runner of its own, until told to stop; then all finish what they
took."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import structlog
from msgspec import Struct, structs

from app.settings import Settings
from app.upkeep.service import alive
from app.wiring import open_parts
from bot.conversation.channel import Channel
from bot.conversation.fulfilment import Parts
from bot.conversation.runner import Runner
from bot.hook import Hook

log = structlog.get_logger()

_CONNECTIONS_LEAST = 6


class Line(Struct, frozen=True):
    """One channel: what brings its updates (``hook``), or else what fetches them (``poll``), and what is done
    ``beside`` once, at leisure."""

    channel: Channel
    hook: Hook | None = None
    poll: Callable[[Runner], Awaitable[None]] | None = None
    beside: Callable[[], Awaitable[None]] | None = None


async def run(settings: Settings) -> None:
    """Serve every bot that the settings name until SIGTERM or SIGINT; what was taken is finished first."""
    from bot.telegram.app import telegram_line
    from bot.zalo.app import zalo_lines

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    # Each channel keeps one connection for as long as it leads; the work itself needs some, too.
    settings = structs.replace(settings, database_pool=max(settings.database_pool, _CONNECTIONS_LEAST))
    async with (
        open_parts(settings) as parts,
        alive(parts.pool, "bot"),
        telegram_line(parts) as telegram,
        zalo_lines(parts) as zalo,
    ):
        await serve(parts, [*telegram, *zalo], stop)


async def serve(parts: Parts, lines: Sequence[Line], stop: asyncio.Event) -> None:
    """Everything the lines do; returns when ``stop`` is set and the work in hand done."""
    runners = [(line, Runner(parts, line.channel)) for line in lines]
    async with contextlib.AsyncExitStack() as stack:
        working = []
        for _, runner in runners:
            serving = asyncio.create_task(runner.serve())
            stack.push_async_callback(_end, runner, serving)
            working.append(serving)
        working += await stack.enter_async_context(_receiving(parts.settings, runners))
        for line in lines:
            if line.beside is not None:
                stack.callback(asyncio.ensure_future(line.beside()).cancel)
        log.info("bot ready", channels=[line.channel.name for line in lines])
        stopped = asyncio.create_task(stop.wait())
        # The others do not end by themselves; should one fail, everything ends and its error is raised.
        await asyncio.wait({stopped, *working}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
    log.info("bot stopped")


async def _end(runner: Runner, serving: asyncio.Task[None]) -> None:
    runner.stop()
    await serving


@contextlib.asynccontextmanager
async def _receiving(
    settings: Settings, runners: Sequence[tuple[Line, Runner]]
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Updates come in for as long as this lasts; gives the tasks that take them in."""
    polls = [asyncio.ensure_future(line.poll(runner)) for line, runner in runners if line.poll is not None]
    hooks = [(line.hook, runner) for line, runner in runners if line.hook is not None]
    try:
        if not hooks:
            yield polls
            return
        # The web server's parts weigh 30 MB and half a second, which long polling need not carry.
        from bot.webhook import create_app, listening

        async with listening(create_app(hooks), settings.host, settings.bot_port) as server:
            yield [*polls, server]
    finally:
        for task in polls:
            task.cancel()
        for ended in await asyncio.gather(*polls, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
