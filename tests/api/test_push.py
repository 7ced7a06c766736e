"""An app or a browser hears of a report: for whoever has its secret, once, in words that only it reads."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from pgqueuer import RetryRequested

from app.accounts import citizens
from app.accounts.model import Actor
from app.db import transaction
from app.notify import service as notify
from app.notify.manners import Quiet
from app.notify.model import Senders
from app.notify.push import CHANNEL, push_sender
from app.notify.store import Key
from app.outward import Networks
from app.reports import devices, pushing, rights
from app.reports.pushing import Device, read_keys
from app.reports.service import find
from tests.api.conftest import API, Sent, SignedIn, act, keys, send
from tests.browser_keys import Browser, claims
from tests.receiver import Receiver, receiver
from tests.world import LIGHT, World

PUBLIC = "https://1.1.1.1/up/"
LOOPBACK: Networks = (ipaddress.IPv4Network("127.0.0.0/8"),)


async def put(sent: Sent, url: str, **more: object) -> httpx.Response:
    body = {"push_url": url, **more}
    return await sent.http.put(f"{API}/reports/{sent.code}/device", json=body, headers=sent.secret)


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


async def kept(world: World, address: str) -> int:
    """Rows that know this address, its keys included."""
    identities = await world.parts.pool.fetchval(
        "SELECT count(*) FROM channel_identities WHERE channel_user_id = $1", address
    )
    locks = await world.parts.pool.fetchval("SELECT count(*) FROM push_keys WHERE channel_user_id = $1", address)
    return int(identities + locks)


async def test_an_app_is_registered_refreshed_and_removed(http: httpx.AsyncClient, world: World) -> None:
    one, two, browser = await send(http, LIGHT), await send(http, LIGHT), Browser()
    for sent, with_keys in ((one, True), (one, True), (two, False), (two, True)):
        answer = await put(sent, f"{PUBLIC}a", **({"keys": browser.keys} if with_keys else {}))
        said = answer.json()
        assert (answer.status_code, said["push_url"], said["encrypted"]) == (200, f"{PUBLIC}a", with_keys)
        assert await kept(world, f"{PUBLIC}a") == 1 + with_keys
    assert await addresses(world, one) == await addresses(world, two) == [f"{PUBLIC}a"]
    assert (await put(one, f"{PUBLIC}b")).status_code == 200
    assert (await addresses(world, one), await addresses(world, two)) == ([f"{PUBLIC}b"], [f"{PUBLIC}a"])
    for sent in (one, one, two):
        removed = await http.delete(f"{API}/reports/{sent.code}/device", headers=sent.secret)
        assert removed.status_code == 204
    assert await addresses(world, one) == await addresses(world, two) == []
    assert await kept(world, f"{PUBLIC}a") == await kept(world, f"{PUBLIC}b") == 0


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
    answer = await put(sent, f"{PUBLIC}c", keys={"p256dh": "x", "auth": "y"})
    assert (answer.status_code, keys(answer)) == (422, [("keys", "push.keys_wrong")])
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


async def test_erasing_the_person_erases_how_their_browser_was_reached(http: httpx.AsyncClient, world: World) -> None:
    sent = await send(http, LIGHT)
    await put(sent, f"{PUBLIC}e", keys=Browser().keys)
    assert await kept(world, f"{PUBLIC}e") == 2
    boss = world.people["administrator"]
    await rights.erase(world.parts.pool, sent.code, Actor("staff", boss.staff_id, boss.role, boss.agency_id))
    assert await kept(world, f"{PUBLIC}e") == 0


# ---------------------------------------------------------------- telling


@asynccontextmanager
async def service(world: World, networks: Networks = LOOPBACK) -> AsyncIterator[tuple[Receiver, Senders]]:
    """A push service on loopback, and the way to it."""
    async with receiver() as there, push_sender(world.parts.pool, world.parts.settings, networks) as push:
        there.answers = lambda _, __: (201, {"location": "/m/1"})
        yield there, {CHANNEL: push}


async def news(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World, url: str, browser: Browser | None = None
) -> Key:
    """Something happens to a report that a device hears of; gives the message that waits."""
    pool, sent = world.parts.pool, await send(http, LIGHT)
    report = await find(pool, sent.code)
    device = Device(url, read_keys(**browser.keys) if browser else None)
    await pushing.register(pool, [report], device, "vi")
    await act(await signed_in("officer"), sent.code, "start")
    after = await find(pool, sent.code)
    await notify.tell(pool, report.report_id, report.last_seq + 1, after.last_seq)
    (row,) = await pool.fetch("SELECT seq, recipient FROM notifications WHERE report_id = $1", report.report_id)
    return (report.report_id, row["seq"], row["recipient"], CHANNEL)


async def status(world: World, key: Key) -> str:
    found: str = await world.parts.pool.fetchval(
        "SELECT status FROM notifications WHERE report_id = $1 AND seq = $2 AND recipient = $3", *key[:3]
    )
    return found


async def deliver(world: World, senders: Senders, key: Key, quiet: Quiet | None = None) -> None:
    await notify.deliver(world.parts.pool, world.parts.objects, senders, key, quiet=quiet)


async def test_a_browser_gets_what_only_it_can_read_and_no_more_than_a_locked_screen_may_show(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    browser = Browser()
    async with service(world) as (there, senders):
        key = await news(http, signed_in, world, there.url, browser)
        await deliver(world, senders, key)
        (got,) = there.got
    offered = (await http.get(f"{API}/push-key")).json()["public_key"]
    assert claims(got, offered)["aud"] == there.url.removesuffix("/hook")
    assert (got.headers["content-encoding"], got.headers["ttl"], got.headers["urgency"]) == (
        "aes128gcm", "86400", "normal",
    )  # fmt: skip
    said = json.loads(browser.reads(got.body))
    code = await world.parts.pool.fetchval("SELECT code FROM reports WHERE report_id = $1", key[0])
    assert said["notification"] == {
        "title": f"Phản ánh {code}",
        "body": "Trạng thái: Đang xử lý.",
        "lang": "vi",
        "navigate": f"{world.parts.settings.public_url}/r/{code}",
        "tag": code,
    }
    assert (said["code"], said["status"], await status(world, key)) == (code, "in_progress", "sent")


@pytest.mark.parametrize(
    ("answers", "becomes"), [(201, "sent"), (410, "unreachable"), (403, "failed"), (503, "queued")]
)
async def test_an_address_without_keys_is_knocked_at_once_without_a_word_and_the_ledger_says_what_became_of_it(
    answers: int, becomes: str, http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    async with service(world) as (there, senders):
        there.answers = lambda _, __: (answers, {})
        key = await news(http, signed_in, world, there.url)
        for _ in range(2):
            try:
                await deliver(world, senders, key)
            except RetryRequested:
                assert becomes == "queued"
                break
        assert await status(world, key) == becomes
        (got,) = there.got
        assert (got.body, got.headers["ttl"], got.headers["content-length"]) == (b"", "86400", "0")
        assert not {"authorization", "content-encoding"} & set(got.headers)


async def test_a_busy_service_is_left_alone_as_long_as_it_asks(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    async with service(world) as (there, senders):
        there.answers = lambda count, _: (201, {}) if count else (429, {"retry-after": "1800"})
        key = await news(http, signed_in, world, there.url, Browser())
        with pytest.raises(RetryRequested) as later:
            await deliver(world, senders, key)
        assert later.value.delay == timedelta(seconds=1800)
        await deliver(world, senders, key)
        assert (await status(world, key), len(there.got)) == ("sent", 2)


async def test_in_quiet_hours_no_device_is_woken(http: httpx.AsyncClient, signed_in: SignedIn, world: World) -> None:
    async with service(world) as (there, senders):
        key = await news(http, signed_in, world, there.url, Browser())
        with pytest.raises(RetryRequested):
            await deliver(world, senders, key, Quiet(0, 24 * 60 - 1))
        assert (await status(world, key), there.got) == ("queued", [])


async def test_a_worker_that_dies_while_the_service_answers_tells_nobody_twice(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    arrived, hold = asyncio.Event(), asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await hold.wait()
        writer.close()

    async with (
        await asyncio.start_server(never, "127.0.0.1", 0) as silent,
        push_sender(world.parts.pool, world.parts.settings, LOOPBACK) as push,
    ):
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/up"
        senders: Senders = {CHANNEL: push}
        key = await news(http, signed_in, world, url, Browser())
        dying = asyncio.create_task(deliver(world, senders, key))
        await arrived.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        arrived.clear()
        assert await status(world, key) == "sending"
        for _ in range(2):
            await deliver(world, senders, key)
        assert (await status(world, key), arrived.is_set()) == ("uncertain", False)
        hold.set()


async def test_what_is_not_a_public_address_any_more_is_not_knocked_at(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    async with service(world, ()) as (there, senders):
        key = await news(http, signed_in, world, there.url)
        await deliver(world, senders, key)
        assert (await status(world, key), there.got) == ("unreachable", [])


async def test_what_waited_for_the_morning_comes_as_one_that_names_no_report(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    browser = Browser()
    async with service(world) as (there, senders):
        found = [await news(http, signed_in, world, there.url, browser) for _ in range(4)]
        await deliver(world, senders, found[0])  # four at once are a flood
        (got,) = there.got
    said: dict[str, object] = json.loads(browser.reads(got.body))
    assert {await status(world, key) for key in found} == {"sent"}
    assert said["notification"] == {
        "title": "Phản ánh hiện trường",
        "body": "4 phản ánh của anh/chị có tin mới.",
        "lang": "vi",
        "navigate": f"{world.parts.settings.public_url}/mine",
        "tag": "phananh",
    }
    assert said["code"] == ""
