"""Webhooks: a flood of events to a receiver that fails one in five. Nothing may be lost, and nothing may come twice but
under the same id; how many a second arrive is held against the bar."""

import asyncio
import multiprocessing
import os
import random
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from app import db
from app.webhooks import sending, service
from app.webhooks.service import Wanted
from tests import small_world as world
from tests.bench import Figure
from tests.bench._database import database

_EVENTS, _BAR = 10_000, 1000.0
_SOON = tuple(timedelta(seconds=each) for each in (0.2, 0.5, 1, 1, 1, 1, 1, 1, 1))
"""In place of the usual pauses, so that it ends today."""


def _receive(pipe: Connection) -> None:
    """A process of its own: fails one in five by a fixed die, and says in the end what it took."""
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    die, taken, came = random.Random(5), Counter[bytes](), Counter[bytes]()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            await reader.readexactly(int(fields[b"content-length"]))
            came[fields[b"webhook-id"]] += 1
            well = die.random() >= 0.2
            if well:
                taken[fields[b"webhook-id"]] += 1
            writer.write(b"HTTP/1.1 %d X\r\ncontent-length: 0\r\n\r\n" % (204 if well else 500))

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.recv)
    pipe.send((dict(taken), sum(came.values())))


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def _fill(pool: db.Pool) -> None:
    """Facts in the tables where acts write them: ten of each report."""
    filed = [(await world.file(pool)).report for _ in range(_EVENTS // 10)]
    rows: list[tuple[Any, ...]] = [
        (report.report_id, seq, "progress", world.MONDAY, "system", None, {}, os.urandom(32))
        for report in filed
        for seq in range(3, 11)
    ]
    async with pool.acquire() as conn:
        await conn.copy_records_to_table(
            "report_events",
            columns=("report_id", "seq", "kind", "at", "actor_kind", "actor_id", "data", "hash"),
            records=rows,
        )


async def _waiting(pool: db.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'")
    return count


async def run() -> list[Figure]:
    pipe, other = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(other,), daemon=True)
    process.start()
    port = await asyncio.to_thread(pipe.recv)
    async with database() as (_, server):
        await db.migrate(server.url())
        pool = await db.connect_pool(server.url())
        await world.settle(pool)
        wanted = Wanted(name="bench", url=f"http://127.0.0.1:{port}/")
        actor = world.ADMINISTRATOR
        await service.add(pool, world.KEY, actor, wanted, "bench", world.LOOPBACK)
        await _fill(pool)
        sender, stop, began = (
            sending.Sender(world.KEY, "https://bench", world.LOOPBACK),
            asyncio.Event(),
            time.monotonic(),
        )
        loop = asyncio.create_task(sending.run(pool, sender, stop, _SOON))
        while await pool.fetchval("SELECT count(*) FROM webhook_deliveries") < _EVENTS or await _waiting(pool):
            await pool.execute("SELECT pg_sleep(0.2)")
        seconds = time.monotonic() - began
        stop.set()
        await loop
        await sender.close()
        given_up = await pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'given_up'")
        await pool.close()
    pipe.send(None)
    taken, came = await asyncio.to_thread(pipe.recv)
    process.join()
    lost = _EVENTS - len(taken)
    doubled = sum(taken.values()) - len(taken)
    rate = came / seconds
    return [
        Figure("webhooks: attempts a second, one receiver", rate, "/s", "bar", _BAR, rate / _BAR, "≥ 1", rate >= _BAR),
        Figure("webhooks: lost or given up", lost + given_up, "messages", "none of", _EVENTS, lost / _EVENTS, "0",
               lost + given_up == 0),
        Figure("webhooks: taken twice", doubled, "messages", "none of", _EVENTS, doubled / _EVENTS, "0", doubled == 0),
    ]  # fmt: skip
