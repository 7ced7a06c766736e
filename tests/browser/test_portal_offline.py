"""Sending a report where there is no signal, in a real browser: closing the page, coming back, mending, never twice."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from app.reports import service as reports
from app.reports.model import Report
from tests.browser.conftest import WHOLE, launched
from tests.browser.desk import faults
from tests.browser.test_field_page import Sync
from tests.world import World, photo

READY = "html[data-ready]"
LIST = "#outbox"
KEPT = """async () => {
    const paths = [];
    for (const name of await caches.keys())
        for (const { url } of await (await caches.open(name)).keys()) paths.push(new URL(url).pathname);
    return paths;
}"""
PUT = """([text, state, code]) => outbox.put({
    key: crypto.randomUUID(), state, at: Date.now(), fields: {text}, photos: [], problems: [], ticket: "",
    code, page: code && `/r/${code}`,
})"""


@pytest_asyncio.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The light one has no background sync."""
    async with launched(WHOLE) as browser:
        yield browser


async def opened(page: Page, address: str) -> Page:
    await page.goto(address)
    await page.wait_for_selector(READY)
    return page


async def until(page: Page, promised: str) -> None:
    """``wait_for_function`` takes a promise itself for true."""
    async with asyncio.timeout(60):
        while not await page.evaluate(promised):  # noqa: ASYNC110  # nor does the page
            await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def phone(page: Page, address: str) -> Page:
    """It has seen the sending page once, with signal."""
    await opened(page, address)
    await until(page, "caches.open('site-page').then(async (one) => (await one.keys()).length === 2)")
    await page.evaluate("navigator.serviceWorker.ready")
    return page


async def write(page: Page, text: str, data: bytes | None = None, address: str = "12 Lý Bôn, phường An Xuyên") -> None:
    if data:
        await page.get_by_label("Ảnh hiện trường").set_input_files(
            {"name": "den.jpg", "mimeType": "image/jpeg", "buffer": data}
        )
    await page.get_by_label("Sự việc thế nào?").fill(text)
    await page.get_by_label("Ở đâu?").fill(address)
    await page.get_by_label("Tôi đồng ý").check()


async def press_send(page: Page) -> None:
    button = page.get_by_role("button", name="Gửi phản ánh")
    await expect(button).to_be_enabled()
    await button.click()


async def sent(world: World, text: str) -> list[Report]:
    codes = await world.parts.pool.fetch("SELECT code FROM reports WHERE body = $1", text)
    return [await reports.find(world.parts.pool, row["code"]) for row in codes]


async def until_sent(world: World, text: str) -> Report:
    async with asyncio.timeout(60):
        while not (found := await sent(world, text)):  # noqa: ASYNC110  # the database rings no bell for tests
            await asyncio.sleep(0.05)
    return found[0]


async def test_written_in_a_dead_zone_it_is_sent_once_though_the_page_was_closed(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    text = "Đèn đường hỏng ba đêm nay, viết lúc mất mạng"
    async with Sync(context, address, "/", "phananh-outbox") as sync:
        await context.set_offline(True)
        await opened(phone, address)
        await write(phone, text, photo("đèn"))
        await press_send(phone)
        await expect(phone.locator("#kept")).to_contain_text("có mạng là tự gửi")
        await expect(phone.locator(LIST)).to_contain_text("Đang chờ mạng")
        await expect(phone.locator(LIST)).to_contain_text("1 ảnh")
        await expect(phone.get_by_label("Sự việc thế nào?")).to_have_value("")
        await phone.close()
        assert await sent(world, text) == []
        await context.set_offline(False)
        await sync.fire()
        report = await until_sent(world, text)
        await sync.fire()
        again = await opened(await context.new_page(), address)
        await expect(again.locator(LIST)).to_contain_text(f"Mã phản ánh: {report.code}")
        await again.get_by_role("link", name="Xem phản ánh").click()
        await expect(again.get_by_role("heading", name="Liên kết riêng của anh/chị")).to_be_visible()
        await opened(again, address)
        await again.get_by_role("button", name="Đã xem").click()
        await expect(again.locator(LIST)).to_be_hidden()
    assert len(await sent(world, text)) == 1
    async with world.parts.pool.acquire() as conn:
        assert len((await reports.case(conn, report)).pictures) == 1


async def test_when_the_answer_is_lost_it_is_sent_again_and_is_one_report_without_background_sync_too(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    text = "Nắp cống vỡ, câu trả lời bị mất trên đường"
    await context.add_init_script("SyncManager.prototype.register = () => Promise.reject(new Error('none here'))")

    async def lose(route: Route) -> None:
        await route.fetch()
        await route.abort("connectionreset")

    await opened(phone, address)
    await phone.route("**/waiting", lose)
    await write(phone, text, photo("cống"))
    await press_send(phone)
    await expect(phone.locator(LIST)).to_contain_text("Đang chờ mạng")
    report = await until_sent(world, text)
    await phone.unroute("**/waiting")
    await phone.get_by_role("button", name="Gửi ngay").click()
    await expect(phone.locator(LIST)).to_contain_text(report.code)
    assert len(await sent(world, text)) == 1


async def test_two_tabs_send_what_waits_once_and_a_server_that_is_down_loses_nothing(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    text = "Cây ngã chắn lối đi, máy chủ đang bảo trì"
    await phone.route("**/waiting", lambda route: route.fulfill(status=503, body="away"))
    await write(phone, text)
    await press_send(phone)
    await expect(phone.locator("#kept")).to_contain_text("đang bận")
    other = await opened(await context.new_page(), address)
    await phone.unroute("**/waiting")
    await asyncio.gather(*(tab.evaluate("outbox.flush()") for tab in (phone, other)))
    report = await until_sent(world, text)
    for tab in (phone, other):
        await expect(tab.locator(LIST)).to_contain_text(report.code)
    assert len(await sent(world, text)) == 1


async def test_what_the_server_refuses_comes_back_into_the_form_with_everything_in_it(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    text = "Đống rác to ở đầu hẻm bốc mùi, viết lúc mất mạng"
    await context.set_offline(True)
    await write(phone, text, photo("rác"))
    await phone.get_by_text("Để lại cách liên hệ").click()
    await phone.get_by_label("Số điện thoại").fill("không có")
    await press_send(phone)
    await expect(phone.locator(LIST)).to_contain_text("Đang chờ mạng")
    await context.set_offline(False)
    await expect(phone.locator(LIST)).to_contain_text("Cần sửa")
    await opened(phone, address)  # it is not tried for ever, nor lost
    await phone.get_by_role("button", name="Sửa").click()
    await expect(phone.locator("#phone-wrong")).to_be_visible()
    await expect(phone.get_by_label("Sự việc thế nào?")).to_have_value(text)
    await expect(phone.get_by_role("img", name="den.jpg")).to_be_visible()
    await expect(phone.locator(LIST)).to_be_hidden()
    await phone.get_by_label("Số điện thoại").fill("0912 345 678")
    await press_send(phone)
    await expect(phone.get_by_role("heading", name="Đã gửi phản ánh")).to_be_visible()
    report = await until_sent(world, text)
    async with world.parts.pool.acquire() as conn:
        assert len((await reports.case(conn, report)).pictures) == 1
    await opened(phone, address)
    await expect(phone.locator(LIST)).to_be_hidden()


async def test_what_was_being_written_is_there_again_but_consent_is_given_anew(
    context: BrowserContext, phone: Page, address: str
) -> None:
    await write(phone, "Đường ngập sâu sau mưa", photo("ngập"))
    await until(phone, "outbox.all().then((all) => all.some((one) => one.fields.consent && one.photos.length))")
    await phone.close()
    again = await opened(await context.new_page(), address)
    await expect(again.get_by_label("Sự việc thế nào?")).to_have_value("Đường ngập sâu sau mưa")
    await expect(again.get_by_role("img", name="den.jpg")).to_be_visible()
    await expect(again.get_by_label("Tôi đồng ý")).not_to_be_checked()
    await press_send(again)
    await expect(again.locator("#consent-wrong")).to_be_visible()
    await again.get_by_role("button", name="Viết lại từ đầu").click()
    await expect(again.get_by_label("Sự việc thế nào?")).to_have_value("")
    assert await again.evaluate("outbox.all().then((all) => all.length)") == 0


async def test_the_device_keeps_no_personal_page_and_says_in_our_words_when_there_is_no_signal(
    context: BrowserContext, phone: Page, address: str, world: World
) -> None:
    text = "Vỉa hè bị lấn chiếm trước chợ"
    await write(phone, text)
    await press_send(phone)
    await expect(phone.get_by_role("heading", name="Đã gửi phản ánh")).to_be_visible()
    for path in ("/track", "/console/signin", "/reports"):
        await phone.goto(f"{address}{path}")
    kept = await phone.evaluate(KEPT)
    assert {path for path in kept if not path.startswith("/static/")} == {"/", "/offline"}
    await context.set_offline(True)
    await phone.goto(f"{address}/track")
    await expect(phone.get_by_role("heading", name="Chưa có mạng")).to_be_visible()
    await phone.get_by_role("link", name="Gửi phản ánh").first.click()
    await phone.wait_for_selector(READY)


@pytest.mark.parametrize("width", [390, 1366])
async def test_what_waits_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await opened(await context.new_page(), address)
    for item in (["Chờ " * 60, "waiting"], ["Sửa", "refused"], ["", "draft"], ["", "draft"], ["", "sent", "PA-12"]):
        await page.evaluate(PUT, item)
    await page.route("**/waiting", lambda route: route.abort())
    await opened(page, address)
    assert await faults(page) == []
    await press_send(page)
    await expect(page.locator("#wrong")).to_be_visible()
    assert await faults(page) == [], "with what is missing"
    await context.close()
