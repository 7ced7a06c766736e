"""What the bell counts, on the screen of the device that somebody switched it on: sealed, once, nothing of the case."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio
from msgspec import Struct, structs

from app.accounts import push_devices, store_access
from app.accounts.model import Actor
from app.accounts.push_devices import PushDevice
from app.notify.push import WebPush
from app.notify.vapid import Vapid
from app.outward import Client
from app.reports.workflow import Act
from tests.browser_keys import Browser, claims
from tests.escalation.scene import URL, Office
from tests.escalation.test_telling import HALF, working
from tests.receiver import Receiver, receiver
from tests.small_world import COLLEAGUE, KEY, LEAD, LOOPBACK, MONDAY, OFFICER, do, file


class Phone(Struct):
    """The officer's, in front of a push service on loopback."""

    office: Office
    there: Receiver
    browser: Browser
    vapid: Vapid

    def device(self) -> PushDevice:
        return PushDevice(self.there.url, self.browser.public, self.browser.auth, "vi")

    async def switch_on(self, actor: Actor = OFFICER) -> None:
        async with self.office.pool.acquire() as conn:
            await push_devices.keep(conn, ident(actor), self.device())

    async def owners(self) -> list[UUID]:
        return [row["staff_id"] for row in await self.office.pool.fetch("SELECT staff_id FROM staff_push")]

    def read(self) -> list[dict[str, str]]:
        return [json.loads(self.browser.reads(got.body))["notification"] for got in self.there.got]


def ident(actor: Actor) -> UUID:
    assert actor.id
    return actor.id


@pytest_asyncio.fixture
async def phone(office: Office) -> AsyncIterator[Phone]:
    await office.pool.execute("DELETE FROM staff_push")
    http, vapid = Client(LOOPBACK), Vapid(KEY)
    async with receiver() as there:
        office.ways = structs.replace(office.ways, push=WebPush(http, office.pool, vapid, URL))
        yield Phone(office, there, Browser(), vapid)
    await http.close()


async def test_a_warning_shows_the_code_and_what_is_the_matter_and_leads_to_the_case(
    office: Office, phone: Phone
) -> None:
    await phone.switch_on()
    report = await working(office)
    await office.look(HALF)
    for _ in range(2):
        await office.deliver()
    assert phone.read() == [
        {
            "title": "Đã dùng một nửa thời hạn xử lý",
            "body": report.code,
            "lang": "vi",
            "navigate": f"{URL}/console/reports/{report.code}",
            "tag": report.code,
        }
    ]
    assert claims(phone.there.got[0], phone.vapid.public)["aud"] == phone.there.url.removesuffix("/hook")
    assert (f"staff:{OFFICER.id}", "push", "sent") in await office.ledger(report)


async def test_only_who_switched_it_on_is_told_and_one_device_serves_one_person(office: Office, phone: Phone) -> None:
    await phone.switch_on(COLLEAGUE)
    await phone.switch_on(OFFICER)
    assert await phone.owners() == [OFFICER.id], "the colleague signed out there"
    report = await do(office.pool, LEAD, (await file(office.pool)).report, Act.GIVE, colleague=COLLEAGUE.id)
    await office.tell(MONDAY)
    await office.deliver()
    assert phone.there.got == []
    assert "push" not in {channel for _, channel, _ in await office.ledger(report)}


async def test_a_browser_that_is_gone_is_forgotten_and_so_is_that_of_ended_sessions(
    office: Office, phone: Phone
) -> None:
    await phone.switch_on()
    phone.there.answers = lambda _, __: (410, {})
    report = await working(office)
    await office.look(HALF)
    await office.deliver()
    assert (f"staff:{OFFICER.id}", "push", "unreachable") in await office.ledger(report)
    assert await phone.owners() == []
    await phone.switch_on()
    async with office.pool.acquire() as conn:
        await store_access.end_sessions(conn, ident(OFFICER))
    assert await phone.owners() == []


async def test_switched_off_before_it_is_sent_nothing_is_sent(office: Office, phone: Phone) -> None:
    await phone.switch_on()
    report = await working(office)
    await office.look(HALF)
    async with office.pool.acquire() as conn:
        await push_devices.end(conn, ident(OFFICER), "https://another.example/")
        assert await phone.owners() == [OFFICER.id]
        await push_devices.end(conn, ident(OFFICER), phone.there.url)
    await office.deliver()
    assert phone.there.got == []
    assert (f"staff:{OFFICER.id}", "push", "unreachable") in await office.ledger(report)
