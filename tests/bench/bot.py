"""The bot: from an update's arrival to its reply being handed to the Bot library, with 200 people talking at once.

What is measured is ours alone: inbox, draft, dialogue, report, outbox, on a durable database; Telegram's part and the
library's own come on top. Each person sends whole reports, a message every three seconds in the mean: twice what
Telegram lets a bot answer (30 a second). Then all write in the same instant, of which Telegram would let us answer 30.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.connection import LoggedQuery

from app import db
from app import settings as configuration
from app.db import Conn, Pool
from app.embedded import die_with_parent
from app.photos.lab import PhotoLab
from app.places.service import embedded_default
from app.routing.ruleset import load
from app.wiring import Parts, object_store, prepare
from bot.conversation import store_inbox
from bot.conversation.channel import Update
from bot.conversation.model import Reply
from bot.conversation.outbox import Outbox
from bot.conversation.service import Desk
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import SIMULATOR_TOKEN, open_bot
from tests.bench import Figure
from tests.bench._database import database
from tests.ports import free_ports

_PEOPLE = 200
_SECONDS = 20.0
_P50_MS, _P99_MS, _STATEMENTS = 30.0, 150.0, 5.0


async def run() -> list[Figure]:
    async with database() as (folder, server):
        env = {"PHANANH_HOME": str(folder), "PHANANH_DATABASE_URL": server.url()}
        await prepare(configuration.load(env))
        bare = await _bare(server.url(), env)
        return [*await _crowd(folder, env, bare[0]), bare[1]]


async def _crowd(folder: Path, env: dict[str, str], bare_ms: float) -> list[Figure]:
    port = free_ports(1)[0]
    whole = {**env, "PATH": os.environ.get("PATH", ""), "PHANANH_SIMULATOR_PORT": str(port)}
    out = folder / "taken.json"
    crowd = _process("tests.bench._crowd", [str(port), str(_PEOPLE), str(_SECONDS)], whole, subprocess.PIPE)
    bot = _process("tests.bench._timed_bot", [str(out)], whole, None)
    said, _ = await asyncio.to_thread(crowd.communicate)
    bot.send_signal(signal.SIGTERM)
    await asyncio.to_thread(bot.wait)
    heard: dict[str, Any] = json.loads(said)
    begin, end = heard["marks"]
    taken: list[tuple[float, float]] = json.loads(out.read_text())
    steady = [ms for when, ms in taken if begin <= when < end]
    burst = [ms for when, ms in taken if when >= end]
    wrong = float(len(heard["wrong"]))
    rate = len(steady) / (end - begin)
    crowd_name = f"{_PEOPLE} chats, {rate:.0f} messages/s"
    p50, p99 = _quantiles(steady)
    return [
        _figure(f"bot, {crowd_name}: update in → reply out, p50", p50, bare_ms, f"≤ {_P50_MS:.0f} ms", p50 <= _P50_MS),
        _figure(f"bot, {crowd_name}: update in → reply out, p99", p99, bare_ms, f"≤ {_P99_MS:.0f} ms", p99 <= _P99_MS),
        _figure(f"bot, {_PEOPLE} in the same instant: p50", _quantiles(burst)[0], bare_ms, "told, no bar", True),
        _figure(f"bot, {_PEOPLE} in the same instant: p99", _quantiles(burst)[1], bare_ms, "told, no bar", True),
        Figure("bot: answers wrong, lost or out of order", wrong, "answers", "of", float(len(taken)),
               wrong / len(taken), "0", not wrong),
    ]  # fmt: skip


def _process(module: str, args: list[str], env: dict[str, str], out: int | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *args],
        env=env,
        stdout=out if out is not None else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )


def _quantiles(taken: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(taken, n=100)
    return cuts[49], cuts[98]


def _figure(name: str, value: float, bare: float, bar: str, ok: bool) -> Figure:
    return Figure(name, value, "ms", "its statements alone", bare, value / bare, bar, ok)


class _Nowhere(TelegramChannel):
    async def deliver(self, chat_id: str, reply: Reply) -> None:  # noqa: ARG002  # the protocol's arguments
        return


async def _bare(url: str, env: dict[str, str]) -> tuple[float, Figure]:
    """One chat, nobody else, no Telegram: milliseconds a message takes in the database, and its statements."""
    sent: list[LoggedQuery] = []

    async def watch(conn: Conn) -> None:
        conn.add_query_logger(sent.append)

    settings = configuration.load(env)
    pool: Pool
    async with (
        asyncpg.create_pool(url, min_size=1, max_size=1, init=db._setup, reset=db._leave, setup=watch) as pool,
        open_bot(SIMULATOR_TOKEN, "http://127.0.0.1:9") as bot,
        PhotoLab(1) as lab,
    ):
        parts = Parts(settings, pool, object_store(settings), lab, embedded_default(), load(settings.rules))
        channel = _Nowhere(bot)
        desk, outbox = Desk(parts, channel), Outbox(pool, channel, _never)
        counts, elapsed = [], []
        for number in range(200):
            sent.clear()
            await _one(parts, desk, outbox, channel, number)
            await asyncio.sleep(0)  # the driver tells of a statement in the loop's next round
            counts.append(len(sent))
            elapsed.append(sum(query.elapsed for query in sent) * 1000)
    most = float(max(counts[2:]))
    figure = Figure(
        "bot: statements for a text in a report underway", most, "statements", "bar", _STATEMENTS, most / _STATEMENTS,
        f"≤ {_STATEMENTS:.0f}", most <= _STATEMENTS,
    )  # fmt: skip
    return statistics.median(elapsed), figure


async def _one(parts: Parts, desk: Desk, outbox: Outbox, channel: TelegramChannel, number: int) -> None:
    sender = {"id": 7, "is_bot": False, "first_name": "Lan", "language_code": "vi"}
    said = "Rác đầy đường" if number == 0 else "👍"
    message = {"message_id": number, "date": int(time.time()), "chat": {"id": 7, "type": "private"}, "from": sender}
    update = Update(number, "7", {"update_id": number, "message": message | {"text": said}})
    async with parts.pool.acquire() as conn:
        await store_inbox.receive(conn, channel.bot, [update])
    handled = await desk.handle(update, channel.read(update.content))
    await outbox.send("7", deque(handled.replies))


async def _never(_: float) -> bool:
    return False
