"""The bot for the bot benchmark, as ``phananh bot`` runs it, with a stopwatch at its two doors.

    python -m tests.bench._timed_bot FILE

Settings come from the environment. At the end ``FILE`` has one JSON list of [when, milliseconds]: for each reply, from
the moment its update had arrived to the moment the reply was handed to the library.
"""

import asyncio
import json
import signal
import sys
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any, ClassVar

import uvloop

from app import settings as configuration
from app.wiring import open_parts
from bot.telegram.app import serve
from bot.telegram.client import SIMULATOR_TOKEN, Bot, open_bot
from bot.telegram.receive import arrived


class TimedBot(Bot):
    """Each update of the benchmark is answered by one message, so the first in is the first out of its chat."""

    taken: ClassVar[list[tuple[float, float]]] = []
    waiting: ClassVar[defaultdict[str, deque[float]]] = defaultdict(deque)

    async def raw_updates(self, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        updates = await super().raw_updates(*args, **kwargs)
        now = time.perf_counter()
        for update in updates:
            self.waiting[arrived(update).chat_id].append(now)
        return updates

    async def send_message(self, chat_id: Any, *args: Any, **kwargs: Any) -> Any:
        if began := self.waiting[str(chat_id)]:
            self.taken.append((time.time(), (time.perf_counter() - began.popleft()) * 1000))
        return await super().send_message(chat_id, *args, **kwargs)


async def main() -> None:
    settings = configuration.load()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_parts(settings) as parts, open_bot(SIMULATOR_TOKEN, settings.simulator_url) as bot:
        bot.__class__ = TimedBot
        await serve(parts, bot, stop)


if __name__ == "__main__":
    uvloop.run(main())
    Path(sys.argv[1]).write_text(json.dumps(TimedBot.taken))
