"""My reports on this device: how they come to another device or into a chat, and who does not get them."""

import asyncio
import html
import re
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from app.accounts import bots
from app.errors import AppError, Conflict, Invalid
from app.notify import service as notify
from app.reports import devices
from app.reports import service as reports
from app.reports.workflow import Act
from bot.conversation import store, wishes
from bot.conversation.channel import Channel
from bot.conversation.fulfilment import Fulfilment
from tests.console.reports import act as done_by
from tests.portal.conftest import asked_where
from tests.portal.test_report_page import sent
from tests.world import World


async def code_of(browser: httpx.AsyncClient) -> str:
    page = await browser.post("/mine/move")
    assert page.status_code == 200, page.text
    found = re.search(r'<p class="code">(TB-[0-9A-Z]{4}-[0-9A-Z]{4})</p>', page.text)
    assert found
    return found[1]


class InChat:
    """A chat's person, as the bot fulfils their wishes."""

    def __init__(self, world: World, chat_id: str) -> None:
        self.parts, self.chat_id = world.parts, chat_id

    async def wishes(self, wish: wishes.Wish) -> Any:
        async with self.parts.pool.acquire() as conn:
            chat = await store.chat(conn, "telegram", self.chat_id)
        assert chat is not None
        self.citizen_id: UUID = chat.citizen_id
        named = cast(Channel, type("Named", (), {"name": "telegram"}))
        return await Fulfilment(self.parts, named, chat, cast(Any, None), self.chat_id)(wish)


async def in_chat(world: World) -> InChat:
    return InChat(world, (await asked_where(world.parts, "telegram")).link.chat_id)


async def test_another_device_gets_the_list_once_and_both_have_it(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    first, _ = await sent(browser, world)
    second, _ = await sent(browser, world, address="30 Lý Bôn, phường An Xuyên")
    code = await code_of(browser)
    async with httpx.AsyncClient(base_url=address) as other:
        own, _ = await sent(other, world, address="31 Lý Bôn, phường An Xuyên")
        for _ in range(2):  # looking at the link beforehand, as chats do, uses nothing up
            asked = await other.get("/mine/take", params={"code": code.lower().replace("-", " ")})
            assert "Có 2 phản ánh" in asked.text
            assert first.code not in asked.text
        taken = await other.post("/mine/take", data={"code": code})
        assert taken.headers["location"] == "/mine?added=1"
        listed = (await other.get("/mine")).text
        for report in (first, second, own):
            assert f'href="/r/{report.code}"' in listed
        assert "12 Lý Bôn hỏng ba đêm" in (await other.get(f"/r/{first.code}")).text
    assert f'href="/r/{first.code}"' in (await browser.get("/mine")).text
    async with httpx.AsyncClient(base_url=address) as late:
        for answer in (
            await late.get("/mine/take", params={"code": code}),
            await late.post("/mine/take", data={"code": code}),
        ):
            assert answer.status_code == 422
            assert "đã dùng" in answer.text
            assert "set-cookie" not in answer.headers


async def test_of_several_that_use_a_code_at_once_one_gets_the_list(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    await sent(browser, world)
    code = await code_of(browser)

    async def take() -> int:
        async with httpx.AsyncClient(base_url=address) as other:
            return (await other.post("/mine/take", data={"code": code})).status_code

    assert sorted(await asyncio.gather(*(take() for _ in range(4)))) == [303, 422, 422, 422]


async def test_a_code_that_was_cancelled_or_is_old_or_made_up_gives_nothing(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    await sent(browser, world)
    cancelled, old = await code_of(browser), await code_of(browser)
    assert (await browser.post("/mine/cancel", data={"code": cancelled})).status_code == 303
    await world.parts.pool.execute("UPDATE device_codes SET expires_at = now() - interval '1 second'")
    async with httpx.AsyncClient(base_url=address) as stranger:
        for code in (cancelled, old, "TB-0000-0000", "TB", "", "' OR 1=1"):
            assert (await stranger.post("/mine/take", data={"code": code})).status_code == 422


async def test_who_has_no_report_or_a_wrong_secret_gets_no_code_and_no_other_site_acts_for_anybody(
    browser: httpx.AsyncClient, world: World, address: str
) -> None:
    report, _ = await sent(browser, world)
    async with httpx.AsyncClient(base_url=address) as stranger:
        assert (await stranger.post("/mine/move")).status_code == 403
        stranger.cookies.set("phananh-mine", f"{report.code}~{'x' * 24}")
        assert (await stranger.post("/mine/move")).status_code == 403
    code = await code_of(browser)
    for path in ("/mine/move", "/mine/take", "/mine/cancel"):
        answer = await browser.post(path, data={"code": code}, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path
    rows = await world.parts.pool.fetch("SELECT code_hash FROM device_codes")
    assert all(code.encode() not in row["code_hash"] for row in rows)


async def test_the_page_opens_the_bot_by_its_own_name(browser: httpx.AsyncClient, world: World) -> None:
    await sent(browser, world)
    async with world.parts.pool.acquire() as conn:
        await bots.note(conn, "telegram", "camau_bot")
        await bots.note(conn, "telegram", "camau1022_bot")
    page = html.unescape((await browser.post("/mine/move")).text)
    simulated = f"http://127.0.0.1:{world.parts.settings.simulator_port}/?start=TB-"
    assert (simulated if world.parts.settings.simulated else "https://t.me/camau1022_bot?start=TB-") in page


async def test_a_chat_that_agrees_is_the_reporters_and_one_that_comes_late_is_not(
    browser: httpx.AsyncClient, world: World
) -> None:
    report, _ = await sent(browser, world)
    pool, code = world.parts.pool, await code_of(browser)
    lan, thief = await in_chat(world), await in_chat(world)
    assert await lan.wishes(wishes.WebLook(code)) == 1
    assert not (await lan.wishes(wishes.Look(report.code))).mine, "nothing was agreed to yet"
    for _ in range(2):  # the same press comes again after a crash
        assert await lan.wishes(wishes.WebTake(code)) == 1
    assert (await lan.wishes(wishes.Look(report.code))).mine
    assert await pool.fetchval("SELECT citizen_id FROM report_contacts WHERE report_id = $1", report.report_id) == (
        lan.citizen_id
    )
    for wish in (wishes.WebLook(code), wishes.WebTake(code)):
        assert isinstance(await thief.wishes(wish), Invalid)
    assert await thief.wishes(wishes.WebTake(await code_of(browser))) == 0, "it is another chat's already"
    assert not (await thief.wishes(wishes.Look(report.code))).mine
    # The browser that sent it is still the reporter's.
    assert (await reports.reporter(pool, report, secret=None, citizen_id=lan.citizen_id)).id == lan.citizen_id
    assert "12 Lý Bôn hỏng" in (await browser.get(f"/r/{report.code}")).text


async def test_the_chat_is_told_from_then_on_and_nobody_was_before(browser: httpx.AsyncClient, world: World) -> None:
    report, _ = await sent(browser, world)
    pool, lan = world.parts.pool, await in_chat(world)
    await done_by(world, "officer", report.code, Act.START)
    before = await reports.find(pool, report.code)
    assert await notify.tell(pool, report.report_id, 1, before.last_seq) == 0
    await lan.wishes(wishes.WebTake(await code_of(browser)))
    await done_by(world, "officer", report.code, Act.ASK, text="Trụ số mấy?")
    after = await reports.find(pool, report.code)
    assert await notify.tell(pool, report.report_id, before.last_seq + 1, after.last_seq) == 1
    told = await pool.fetch("SELECT channel_user_id FROM notifications WHERE report_id = $1", report.report_id)
    assert [row["channel_user_id"] for row in told] == [lan.chat_id]


async def test_who_guesses_codes_in_a_chat_is_held_off(browser: httpx.AsyncClient, world: World) -> None:
    await sent(browser, world)
    thief, code = await in_chat(world), await code_of(browser)
    for guess in range(5):
        assert isinstance(await thief.wishes(wishes.WebTake(f"TB-0000-000{guess}")), AppError)
    for wish in (wishes.WebLook(code), wishes.WebTake(code)):
        assert isinstance(await thief.wishes(wish), Conflict)


async def test_a_chats_reports_are_opened_in_a_browser(browser: httpx.AsyncClient, world: World, address: str) -> None:
    report, _ = await sent(browser, world)
    chat, nobody = await in_chat(world), await in_chat(world)
    assert await nobody.wishes(wishes.WebLink()) == ""
    await chat.wishes(wishes.WebTake(await code_of(browser)))
    link = await chat.wishes(wishes.WebLink())
    assert link.startswith(f"{world.parts.settings.public_url}/mine/take?code=TB-")
    async with httpx.AsyncClient(base_url=address) as other:
        await other.post("/mine/take", data={"code": link.partition("code=")[2]})
        assert "12 Lý Bôn hỏng" in (await other.get(f"/r/{report.code}")).text


@pytest.mark.parametrize("typed", ["tb-oil0-1111", "TB 0110 1111"])
def test_letters_that_look_like_digits_are_read_as_these(typed: str) -> None:
    assert devices.read_code(typed) == "TB-0110-1111"
