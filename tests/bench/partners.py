"""Partners: many reports for an Open311 server that fails one in five, before or after it has taken the request in.
Nothing may be lost or doubled; how many a second go there, and how many of its updates a second are taken in."""

import asyncio
import json
import multiprocessing
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from msgspec import structs

from app import db
from app.outward import Client
from app.partners import pulling, sending, service, store
from app.partners.sending import Pace
from app.partners.service import Means, Wanted
from app.photos.lab import PhotoLab
from storage.folder import FolderStore
from tests import small_world as world
from tests.bench import Figure
from tests.bench._database import database

_REPORTS, _BAR = 1000, 20.0
"""Twenty a second: a province's whole day in some minutes."""
_SOON = Pace((timedelta(0),) * 10, (timedelta(0),) * 3, (timedelta(0),))


class _Server:
    """One request for each that it takes in, whatever it answers."""

    def __init__(self) -> None:
        self.requests: list[dict[str, str]] = []
        self.die, self.posts, self.news = random.Random(5), 0, False

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any] | None:
        """None: the connection is cut."""
        parts = urlsplit(target)
        name, query = parts.path.rpartition("/")[2].partition(".")[0], parse_qs(parts.query)
        if method == "POST":
            return self._take(dict(parse_qsl(body.decode())))
        page = int(query.get("page", ["1"])[0])
        match name:
            case "services":
                return 200, [{"service_code": "den", "service_name": "Đèn", "metadata": False}]
            case "requests":
                wanted = query.get("service_request_id", [""])[0].split(",")
                found = [one for one in self.requests if wanted == [""] or one["service_request_id"] in wanted]
                return 200, found[(page - 1) * 200 : page * 200]
            case "servicerequestupdates":
                said = [self._update(one) for one in self.requests] if self.news else []
                return 200, said[(page - 1) * 200 : page * 200]
        return 404, []

    def _take(self, fields: dict[str, str]) -> tuple[int, Any] | None:
        self.posts += 1
        way = self.die.choice(("lost", "kept", "cut", "busy")) if self.die.random() < 0.2 else "well"
        if way in ("well", "kept", "cut"):
            number = f"B-{len(self.requests) + 1}"
            at = datetime.now(UTC).isoformat()
            self.requests.append(
                {"service_request_id": number, "status": "open", "description": fields["description"],
                 "service_code": "den", "requested_datetime": at, "updated_datetime": at}
            )  # fmt: skip
        match way:
            case "well":
                return 200, [{"service_request_id": self.requests[-1]["service_request_id"]}]
            case "cut":
                return None
        return (429, []) if way == "busy" else (500, [])

    def _update(self, one: dict[str, str]) -> dict[str, str]:
        number = one["service_request_id"]
        return {"update_id": f"U-{number}", "service_request_id": number, "status": "open",
                "description": "Đang sửa.", "updated_datetime": one["updated_datetime"]}  # fmt: skip


def _serve(pipe: Connection) -> None:
    asyncio.run(_serving(pipe))


async def _serving(pipe: Connection) -> None:
    server = _Server()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        fields = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        if (said := server.answer(method, target, body)) is not None:
            text = json.dumps(said[1]).encode()
            writer.write(f"HTTP/1.1 {said[0]} X\r\ncontent-length: {len(text)}\r\n\r\n".encode() + text)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(one, "127.0.0.1", 0)
    pipe.send(listening.sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.recv)
    server.news = True
    pipe.send(True)
    await asyncio.to_thread(pipe.recv)
    pipe.send((server.posts, [one["description"] for one in server.requests]))


async def _partner(means: Means, port: int) -> Any:
    wanted = Wanted(name="bench", url=f"http://127.0.0.1:{port}/v2", agency_id="power", repeat="lists")
    made = await service.add(means, world.ADMINISTRATOR, wanted, "bench")
    await service.connect(means, world.ADMINISTRATOR, made)
    await service.map_category(means, world.ADMINISTRATOR, made, "street-light", "den", {})
    await service.switch(means.pool, world.ADMINISTRATOR, made, on=True)
    return made


async def _send_all(means: Means, made: Any) -> float:
    began = time.monotonic()
    while await means.pool.fetchval("SELECT count(*) FROM partner_pushes WHERE state NOT IN ('sent', 'person')"):
        async with means.pool.acquire() as conn:
            partner = await service.get(conn, world.ADMINISTRATOR, made)
        await sending.send_due(means, partner, _SOON)
    return time.monotonic() - began


async def run() -> list[Figure]:
    spawn = multiprocessing.get_context("spawn")
    pipe, other = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(other,), daemon=True)
    process.start()
    port = await asyncio.to_thread(pipe.recv)
    async with database() as (home, server), PhotoLab(workers=1) as lab:
        await db.migrate(server.url())
        pool = await db.connect_pool(server.url())
        await world.settle(pool)
        http, objects = Client(world.LOOPBACK), FolderStore(home / "photos")
        means = Means(pool, http, world.KEY, "https://bench", world.RULES, objects, lab, world.LOOPBACK)
        made = await _partner(means, port)
        for _ in range(_REPORTS):
            await world.file(pool, category="street-light")
        await service.follow(pool)
        seconds = await _send_all(means, made)
        sent = await pool.fetchval("SELECT count(*) FROM partner_pushes WHERE state = 'sent'")
        pipe.send(None)
        await asyncio.to_thread(pipe.recv)
        async with pool.acquire() as conn:
            partner = structs.replace(await service.get(conn, world.ADMINISTRATOR, made), has_updates=True)
            await store.set_active(conn, made, active=True)
        began = time.monotonic()
        taken = await pulling.pull(means, partner)
        pulled = time.monotonic() - began
        again = await pulling.pull(means, partner)
        told = await pool.fetchval("SELECT count(*) FROM report_messages WHERE kind = 'progress'")
        await http.close()
        await pool.close()
    pipe.send(None)
    posts, descriptions = await asyncio.to_thread(pipe.recv)
    process.join()
    doubled = sum(Counter(descriptions).values()) - len(set(descriptions))
    rate, read = posts / seconds, taken / pulled
    lost = _REPORTS - sent + abs(_REPORTS - told)
    return [
        Figure("partners: requests a second, one server that fails one in five", rate, "/s", "bar", _BAR, rate / _BAR,
               "≥ 1", rate >= _BAR),
        Figure("partners: updates taken in a second", read, "/s", "bar", _BAR, read / _BAR, "≥ 1", read >= _BAR),
        Figure("partners: reports or updates lost", lost, "of them", "none of", _REPORTS, lost / _REPORTS, "0",
               lost == 0),
        Figure("partners: requests or updates doubled", doubled + again, "of them", "none of", _REPORTS,
               (doubled + again) / _REPORTS, "0", doubled + again == 0),
    ]  # fmt: skip
