"""The page of figures in a real browser: by keyboard, on a telephone, without scripts, and for who does not see it."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.desk import faults, open_as
from tests.browser.test_publish_page import weigh
from tests.console.figures import MARCH, march
from tests.serving import running
from tests.world import World

HERE = "/console/dashboard"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    await march(world)
    async with running(world.parts) as address:
        yield address


async def test_from_the_figures_by_keyboard_to_the_case_behind_one(page: Page, address: str, world: World) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await open_as(page, address, world, "leader", f"{HERE}?period={MARCH}")
    await expect(page.get_by_role("heading", name="Tháng 03/2025")).to_be_visible()

    meaning = page.locator("#tile-on_time_rate details")
    await meaning.locator("summary").focus()
    await page.keyboard.press("Enter")
    await expect(meaning.get_by_text("trước hạn ban đầu")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(meaning.get_by_text("trước hạn ban đầu")).to_be_hidden()

    # With htmx the page stays and its parts change; the address says what is shown.
    await page.evaluate("window.stayed = true")
    await page.get_by_role("navigation", name="Xem theo").get_by_role("link", name="Lĩnh vực").click()
    await expect(page.get_by_role("heading", name="Theo lĩnh vực")).to_be_visible()
    await page.get_by_text("Lọc", exact=True).click()
    await page.get_by_label("Kênh gửi").select_option("web")
    await expect(page.get_by_text("Kênh gửi: Trang web")).to_be_visible()
    assert await page.evaluate("window.stayed")
    assert "by=category" in page.url
    assert page.url.endswith(f"{HERE}?period={MARCH}&by=category&channel=web")

    await page.locator("#tile-overdue .value a").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quá hạn")
    await expect(page.locator("table.behind tbody tr")).to_have_count(int(await page.locator("#value").inner_text()))
    await page.get_by_role("link", name="Đèn ở cuối hẻm tắt").click()
    await expect(page.get_by_text("Đèn ở cuối hẻm tắt, chưa ai sửa.").first).to_be_visible()
    await page.go_back()
    await page.get_by_role("link", name="Về bảng tổng hợp").click()
    await expect(page.get_by_text("Kênh gửi: Trang web")).to_be_visible()


async def test_another_period_without_scripts(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "coordinator", f"{HERE}?period={MARCH}")
    await page.get_by_text("Kỳ khác", exact=True).click()
    await page.get_by_label("Loại kỳ", exact=True).select_option("week")
    await page.get_by_label("Kỳ có ngày").fill("2025-03-05")
    await page.get_by_role("button", name="Xem").first.click()
    await expect(page.get_by_role("heading", name="Tuần 10 (03/03/2025 – 09/03/2025)")).to_be_visible()
    await expect(page.locator("#tile-received .value")).to_have_text("9")
    await page.get_by_text("Bảng số của biểu đồ").first.click()
    await page.get_by_role("row", name="04/03").get_by_role("link").first.click()
    await expect(page.locator("#value")).to_have_text("2")
    await context.close()


async def test_it_is_accessible_fits_and_is_light(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "leader", f"{HERE}?period={MARCH}&every=1")
    requests, weight = await weigh(page)
    assert (requests <= 12, weight <= 60_000) == (True, True), (requests, weight)
    for width in (390, 1366):
        await page.set_viewport_size({"width": width, "height": 800})
        for path in (f"?period={MARCH}", "?period=2019-05", f"/list?figure=on_time_rate&period={MARCH}"):
            await page.goto(f"{address}{HERE}{path}")
            await page.evaluate("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
            assert await faults(page) == [], (path, width)
    await context.close()
