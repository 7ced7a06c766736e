"""Webhooks: a flood of events to a receiver that fails one in five. Nothing may be lost, and nothing may come twice but
under the same id; how many a second arrive is held against the bar."""

import asyncio
import multiprocessing
import random
import time
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import uvloop

from app import db
from app.webhooks import sending, service
from app.webhooks.service import Wanted
from tests import small_world as world
from tests.bench import Figure
from tests.bench._database import database

_EVENTS, _BAR = 20_000, 1000.0
_SOON = (timedelta(seconds=0.1),) * 9
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
    await pool.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        SELECT report_id, seq, 'progress', $2, 'system', '{}', sha256(uuid_send(report_id) || int4send(seq))
        FROM unnest($1::uuid[]) AS report_id, generate_series(3, 10) AS seq
        """,
        [report.report_id for report in filed],
        world.MONDAY,
    )


async def _waiting(pool: db.Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM webhook_deliveries WHERE state = 'waiting'")
    return count


def _send(database_url: str, told: Event) -> None:
    """The sender as a worker has it, in a process of its own."""
    uvloop.run(_sending(database_url, told))


async def _sending(database_url: str, told: Event) -> None:
    pool, stop = await db.connect_pool(database_url), asyncio.Event()
    sender = sending.Sender(world.KEY, "https://bench", world.LOOPBACK)
    loop = asyncio.create_task(sending.run(pool, sender, stop, _SOON))
    await asyncio.to_thread(told.wait)
    stop.set()
    await loop
    await sender.close()
    await pool.close()


async def run() -> list[Figure]:
    spawn = multiprocessing.get_context("spawn")
    (pipe, other), told = spawn.Pipe(), spawn.Event()
    process = spawn.Process(target=_receive, args=(other,), daemon=True)
    process.start()
    port = await asyncio.to_thread(pipe.recv)
    async with database() as (_, server):
        await db.migrate(server.url())
        pool = await db.connect_pool(server.url())
        await world.settle(pool)
        wanted = Wanted(name="bench", url=f"http://127.0.0.1:{port}/")
        await service.add(pool, world.KEY, world.ADMINISTRATOR, wanted, "bench", world.LOOPBACK)
        await _fill(pool)
        working = spawn.Process(target=_send, args=(server.url(), told), daemon=True)
        working.start()
        while not await pool.fetchval("SELECT count(*) FROM webhook_deliveries"):
            await pool.execute("SELECT pg_sleep(0.01)")
        began = time.monotonic()
        while await pool.fetchval("SELECT count(*) FROM webhook_deliveries") < _EVENTS or await _waiting(pool):
            await pool.execute("SELECT pg_sleep(0.2)")
        seconds = time.monotonic() - began
        told.set()
        await asyncio.to_thread(working.join)
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
