"""The person behind a report, over HTTP: seen once with a reason, on record, and blocked without being named."""

import httpx
import pytest_asyncio

from app.accounts import citizens
from app.reports.model import Contact, Report
from tests.console.conftest import PAGES, Visitor
from tests.console.desk_world import filed, light
from tests.console.test_desk import words
from tests.world import World

REASON = "Gọi lại để hỏi vị trí chính xác."


@pytest_asyncio.fixture
async def oanh(visitor: Visitor) -> httpx.AsyncClient:
    return await visitor("coordinator")


async def send(browser: httpx.AsyncClient, report: Report, path: str = "", **form: str) -> httpx.Response:
    data = {"csrf": browser.headers["x-token"], **form}
    return await browser.post(f"{PAGES}/reports/{report.code}/reporter{path}", data=data)


async def from_a_chat(world: World, user_id: str) -> Report:
    async with world.parts.pool.acquire() as conn:
        person = await citizens.citizen(conn, "telegram", user_id, "Thạch Sà Rương", "vi")
    return await light(world, citizen_id=person.citizen_id, channel="telegram")


async def test_a_contact_is_shown_once_for_a_reason_and_the_look_is_on_record(
    oanh: httpx.AsyncClient, visitor: Visitor, world: World
) -> None:
    report = await filed(world, contact=Contact("Nguyễn Thị Lan", "0912 345 678"))
    case = await oanh.get(f"{PAGES}/reports/{report.code}")
    assert f'action="{PAGES}/reports/{report.code}/reporter"' in case.text
    assert "0912" not in case.text
    shown = await send(oanh, report, reason=REASON)
    assert shown.status_code == 200
    assert "0912 345 678" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    later = await oanh.get(f"{PAGES}/reports/{report.code}/reporter")
    assert "0912" not in later.text
    assert "Nguyễn Thị Lan" not in later.text
    for browser in (oanh, await visitor("administrator")):
        page = words((await browser.get(f"{PAGES}/looks?code={report.code.lower()}")).text)
        assert f"Nguyễn Hoàng Oanh {report.code} {REASON}" in page
    assert "Đã xem 1 lần" in words((await oanh.get(f"{PAGES}/reports/{report.code}")).text)


async def test_without_a_reason_nothing_is_shown_and_nothing_recorded(oanh: httpx.AsyncClient, world: World) -> None:
    report = await filed(world, contact=Contact("Nguyễn Thị Lan", "0912 345 678"))
    answer = await send(oanh, report, reason="vì")
    assert (answer.status_code, "0912" in answer.text, 'value="vì"' in answer.text) == (422, False, True)
    assert "Chưa có lần xem nào" in (await oanh.get(f"{PAGES}/looks?code={report.code}")).text
    assert "không đúng" in words((await oanh.get(f"{PAGES}/looks?code=PA-1")).text)


async def test_no_case_page_of_an_agency_has_a_way_to_the_reporter(visitor: Visitor, world: World) -> None:
    report = await light(world, contact=Contact("Nguyễn Thị Lan", "0912 345 678"))
    for key in ("officer", "lead", "leader"):
        browser = await visitor(key)
        page = await browser.get(f"{PAGES}/reports/{report.code}")
        assert (page.status_code, "/reporter" in page.text) == (200, False)
        assert (await send(browser, report, reason=REASON)).status_code == 403


async def test_somebody_is_blocked_and_taken_back_without_being_named(oanh: httpx.AsyncClient, world: World) -> None:
    report = await from_a_chat(world, "77001")
    assert (await send(oanh, report, "/block", reason="a")).status_code == 422
    assert (await send(oanh, report, "/block", reason="Gửi tin rác nhiều lần.")).status_code == 303
    assert (await send(oanh, report, "/block", reason="Gửi tin rác nhiều lần.")).status_code == 409
    page = await oanh.get(f"{PAGES}/desk/blocked")
    said = words(page.text)
    assert report.code in said
    assert "Nguyễn Hoàng Oanh Gửi tin rác nhiều lần. 1" in said
    assert "Thạch Sà Rương" not in page.text
    back = await send(oanh, report, "/unblock", reason="Đã hứa không tái phạm.", next="blocked")
    assert (back.status_code, back.headers["location"]) == (303, f"{PAGES}/desk/blocked")
    assert report.code not in (await oanh.get(f"{PAGES}/desk/blocked")).text


async def test_whoever_did_not_write_in_a_chat_cannot_be_blocked(oanh: httpx.AsyncClient, world: World) -> None:
    report = await filed(world)
    assert "không gửi từ chat" in (await oanh.get(f"{PAGES}/reports/{report.code}/reporter")).text
    assert (await send(oanh, report, "/block", reason="Gửi tin rác nhiều lần.")).status_code == 409
