"""An app is woken when there is news of a report: for whoever has its secret, once, and without a word."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from msgspec import Struct
from pgqueuer import RetryRequested

from app.accounts import citizens
from app.db import transaction
from app.notify import service as notify
from app.notify.push import CHANNEL, push_sender
from app.notify.store import Key
from app.outward import Networks
from app.reports import devices, pushing
from app.reports.service import find
from tests.api.conftest import API, Sent, SignedIn, act, keys, send
from tests.world import LIGHT, World

PUBLIC = "https://1.1.1.1/up/"
LOOPBACK: Networks = (ipaddress.IPv4Network("127.0.0.0/8"),)


async def put(sent: Sent, url: str) -> httpx.Response:
    return await sent.http.put(f"{API}/reports/{sent.code}/device", json={"push_url": url}, headers=sent.secret)


async def addresses(world: World, sent: Sent) -> list[str]:
    """Which apps hear of the report."""
    rows = await world.parts.pool.fetch(
        """
        SELECT channel_user_id FROM channel_identities JOIN report_contacts USING (citizen_id)
        JOIN reports USING (report_id) WHERE code = $1
        """,
        sent.code,
    )
    return [row["channel_user_id"] for row in rows]


async def test_an_app_is_registered_refreshed_and_removed(http: httpx.AsyncClient, world: World) -> None:
    one, two = await send(http, LIGHT), await send(http, LIGHT)
    for sent in (one, one, two):
        answer = await put(sent, f"{PUBLIC}a")
        assert (answer.status_code, answer.json()["push_url"]) == (200, f"{PUBLIC}a")
    assert await addresses(world, one) == await addresses(world, two) == [f"{PUBLIC}a"]
    assert (await put(one, f"{PUBLIC}b")).status_code == 200
    assert (await addresses(world, one), await addresses(world, two)) == ([f"{PUBLIC}b"], [f"{PUBLIC}a"])
    for sent in (one, one, two):
        removed = await http.delete(f"{API}/reports/{sent.code}/device", headers=sent.secret)
        assert removed.status_code == 204
    assert await addresses(world, one) == await addresses(world, two) == []
    left = await world.parts.pool.fetchval("SELECT count(*) FROM channel_identities WHERE channel = $1", CHANNEL)
    assert left == 0


async def test_only_the_reporter_registers_and_only_public_addresses(http: httpx.AsyncClient, world: World) -> None:
    sent, other = await send(http, LIGHT), await send(http, LIGHT)
    url = f"{API}/reports/{sent.code}/device"
    for headers, status in (({}, 401), (other.secret, 403)):
        assert (await http.put(url, json={"push_url": f"{PUBLIC}c"}, headers=headers)).status_code == status
        assert (await http.delete(url, headers=headers)).status_code == status
    for wrong, key in (
        ("https://10.0.0.1/x", "outward.url_private"),
        ("http://1.1.1.1/x", "outward.url_https"),
        ("nonsense", "outward.url_wrong"),
    ):
        answer = await put(sent, wrong)
        assert (answer.status_code, keys(answer)) == (422, [("push_url", key)])
    assert await addresses(world, sent) == []


async def test_a_report_that_a_chat_hears_of_stays_with_the_chat_and_one_of_an_app_goes_to_a_chat(
    http: httpx.AsyncClient, world: World
) -> None:
    sent = await send(http, LIGHT)
    await put(sent, f"{PUBLIC}d")
    report = await find(world.parts.pool, sent.code)
    async with transaction(world.parts.pool) as conn:
        chat = await citizens.citizen(conn, "telegram", "700000999", "Lan", "vi")
        assert await devices.give(conn, [report.report_id], chat.citizen_id) == 1
    answer = await put(sent, f"{PUBLIC}d")
    assert (answer.status_code, keys(answer)) == (409, [(None, "push.told_in_chat")])
    assert (await http.delete(f"{API}/reports/{sent.code}/device", headers=sent.secret)).status_code == 204
    assert await addresses(world, sent) == ["700000999"]


# ---------------------------------------------------------------- waking


class Service(Struct):
    """A push service on loopback: what came, and what it answers."""

    url: str
    status: str = "201 Created"
    came: list[bytes] = []


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.came.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(
            f"HTTP/1.1 {made.status}\r\nLocation: /m/1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    made = Service("")
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/up"
        yield made


async def news(http: httpx.AsyncClient, signed_in: SignedIn, world: World, url: str) -> list[Key]:
    """Something happens to a report that an app hears of; gives the messages that wait."""
    pool, sent = world.parts.pool, await send(http, LIGHT)
    report = await find(pool, sent.code)
    await pushing.register(pool, report, url, "vi")
    await act(await signed_in("officer"), sent.code, "start")
    after = await find(pool, sent.code)
    await notify.tell(pool, report.report_id, report.last_seq + 1, after.last_seq)
    rows = await pool.fetch("SELECT seq, recipient FROM notifications WHERE report_id = $1", report.report_id)
    assert rows
    return [(report.report_id, row["seq"], row["recipient"], CHANNEL) for row in rows]


async def status(world: World, key: Key) -> str:
    found: str = await world.parts.pool.fetchval(
        "SELECT status FROM notifications WHERE report_id = $1 AND seq = $2 AND recipient = $3", *key[:3]
    )
    return found


@pytest.mark.parametrize(
    ("answers", "becomes"),
    [("201 Created", "sent"), ("410 Gone", "unreachable"), ("403 Forbidden", "failed"), ("503 Busy", "queued")],
)
async def test_an_app_is_woken_once_without_a_word_and_the_ledger_says_what_became_of_it(
    answers: str, becomes: str, http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    async with service() as there, push_sender(LOOPBACK) as senders:
        there.status, there.came = answers, []
        (key,) = await news(http, signed_in, world, there.url)
        for _ in range(2):
            try:
                await notify.deliver(world.parts.pool, world.parts.objects, senders, key)
            except RetryRequested:
                assert becomes == "queued"
                break
        assert await status(world, key) == becomes
        assert len(there.came) == 1
        assert there.came[0].startswith(b"POST /up HTTP/1.1\r\n")
        assert b"ttl: 86400" in there.came[0].lower()
        assert b"PA-" not in there.came[0]


async def test_what_is_not_a_public_address_any_more_is_not_knocked_at(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    async with service() as there, push_sender() as senders:
        there.came = []
        (key,) = await news(http, signed_in, world, there.url)
        await notify.deliver(world.parts.pool, world.parts.objects, senders, key)
        assert (await status(world, key), there.came) == ("unreachable", [])
