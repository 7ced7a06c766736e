"""The queue in a real browser: by keyboard alone, with htmx, on a telephone, and for a screen reader."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.desk import faults, open_as
from tests.console.test_queue_page import file
from tests.serving import running
from tests.world import World

MANY = 53


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    for number in range(MANY):
        late = number % 3 == 0
        at = datetime.now(UTC) - timedelta(days=20 if late else 0, minutes=number)
        await file(world, f"Đèn đường trụ số {number} không sáng.", "street-light" if number % 2 else "garbage", at=at)
    async with running(world.parts) as address:
        yield address


async def sign_in(page: Page, address: str, world: World, key: str = "officer", path: str = "/console/queue") -> None:
    await open_as(page, address, world, key, path)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Phản ánh cần xử lý")


_FOCUSED = "[...document.querySelectorAll('[data-row]')].indexOf(document.activeElement.closest('[data-row]'))"


async def focused(page: Page) -> int:
    """Which row has the focus, from 0; -1 for none."""
    return int(await page.evaluate(_FOCUSED))


async def focus_comes_to_first(page: Page) -> None:
    """After another list was put in the place of the one before."""
    await page.wait_for_function(f"{_FOCUSED} === 0")


async def checked(page: Page) -> int:
    return await page.locator("input[name=code]:checked").count()


async def test_a_day_at_the_queue_without_a_mouse(page: Page, address: str, world: World) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await sign_in(page, address, world)
    press = page.keyboard.press
    await press("j")
    assert await focused(page) == 0
    await press("j")
    await press("ArrowDown")
    assert await focused(page) == 2
    await press("k")
    assert await focused(page) == 1

    await press("x")
    await press("j")
    await press("j")
    await press("Shift+X")
    assert await checked(page) == 3
    await expect(page.get_by_text("Đã chọn 3 phản ánh")).to_be_visible()
    await press("Escape")
    assert await checked(page) == 0
    await expect(page.locator("#bulk")).to_be_hidden()

    await press("]")
    await expect(page.locator("[data-row]")).to_have_count(MANY - 50)
    await focus_comes_to_first(page)
    await press("[")
    await expect(page.locator("[data-row]")).to_have_count(50)

    await press("4")
    await expect(page.locator("#tab-overdue")).to_have_attribute("aria-current", "page")
    await expect(page).to_have_url(f"{address}/console/queue?tab=overdue")
    assert await page.locator("tr.late").count() == await page.locator("[data-row]").count()
    await press("1")
    await expect(page.locator("#tab-agency")).to_have_attribute("aria-current", "page")

    await press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("tru so 41")
    await press("Enter")
    await expect(page.locator("[data-row]")).to_have_count(1)
    await press("Escape")
    await focus_comes_to_first(page)
    code = await page.locator("[data-row] code").inner_text()
    await press("Enter")
    await page.wait_for_url(f"{address}/console/reports/{code}?queue=tab%3Dagency%26q%3Dtru%2Bso%2B41%26at%3D*")
    await page.go_back()
    await expect(page.locator("[data-row]")).to_have_count(1)


async def test_the_sheet_shows_the_keys_and_can_switch_them_off(page: Page, address: str, world: World) -> None:
    await sign_in(page, address, world)
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Phím tắt")
    await expect(sheet).to_be_visible()
    await page.keyboard.press("j")
    assert await focused(page) == -1
    await sheet.get_by_label("Dùng phím tắt").uncheck()
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await page.keyboard.press("j")
    assert await focused(page) == -1
    await page.reload()
    await page.keyboard.press("j")
    assert await focused(page) == -1


async def test_what_is_selected_goes_to_where_many_are_acted_on(page: Page, address: str, world: World) -> None:
    await sign_in(page, address, world)
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.get_by_label("Chọn cả trang này").check()
    await expect(page.get_by_text("Đã chọn 50 phản ánh")).to_be_visible()
    await page.get_by_role("button", name="Xử lý các phản ánh đã chọn").click()
    await page.wait_for_url(f"{address}/console/bulk/*")
    await expect(page.get_by_role("main")).to_contain_text("50")


async def test_new_reports_are_announced_and_no_row_moves(page: Page, address: str, world: World) -> None:
    await page.clock.install()
    await sign_in(page, address, world)
    before = await page.locator("[data-row] code").all_inner_texts()
    for number in (1, 2):
        await file(world, f"Đèn mới hỏng {number}.")
    await page.clock.run_for(26_000)
    await expect(page.get_by_role("link", name="2 phản ánh mới – xem")).to_be_visible()
    await file(world, "Đèn mới hỏng 3.")
    await page.clock.run_for(26_000)
    await expect(page.get_by_role("link", name="3 phản ánh mới – xem")).to_be_visible()
    assert await page.locator("[data-row] code").all_inner_texts() == before
    await page.get_by_role("link", name="3 phản ánh mới – xem").click()
    await expect(page.get_by_role("link", name="phản ánh mới – xem")).to_have_count(0)


async def test_choosing_a_filter_asks_at_once_and_going_back_undoes_it(page: Page, address: str, world: World) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    await sign_in(page, address, world)
    await page.get_by_text("Bộ lọc", exact=True).click()
    await page.get_by_label("Lĩnh vực").select_option("garbage")
    await expect(page.get_by_role("link", name="Bỏ lọc Lĩnh vực: Rác chưa thu gom")).to_be_visible()
    await expect(page.locator("[data-row]").filter(has_text="Đèn đường hỏng")).to_have_count(0)
    await expect(page).to_have_url(f"{address}/console/queue?tab=agency&q=&status=&category=garbage&commune=&urgency="
                                   "&channel=&assignee=&tag=&from=&to=")  # fmt: skip
    await page.go_back()
    await expect(page.get_by_role("link", name="Bỏ lọc")).to_have_count(0)


async def test_a_list_that_cannot_be_loaded_says_so(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    page = await context.new_page()  # one whose console may say that a request failed
    await sign_in(page, address, world)

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.route("**/queue?*", refuse)
    await page.locator("#tab-overdue").click()
    await expect(page.get_by_role("alert")).to_contain_text("Không tải được danh sách")
    await page.unroute("**/queue?*")
    await page.get_by_role("link", name="Thử lại").click()
    await expect(page.locator("[data-row]")).to_have_count(50)
    await context.close()


async def test_a_session_that_is_over_leads_to_signing_in_and_back(page: Page, address: str, world: World) -> None:
    await sign_in(page, address, world)
    await page.context.clear_cookies()
    await page.locator("#tab-overdue").click()
    await expect(page.get_by_label("Mật khẩu")).to_be_visible()
    assert "next=/console/queue" in page.url


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1366, 768)])
async def test_every_state_is_accessible_and_fits(
    browser: Browser, address: str, world: World, width: int, height: int
) -> None:
    context = await browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": height}, locale="vi-VN", reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, address, world, "coordinator")
    for query in ("tab=open", "tab=open&q=khong+co+gi", "tab=directed", "tab=open&category=garbage&q=tru", "tab=all"):
        await page.goto(f"{address}/console/queue?{query}")
        assert await faults(page) == [], query
    await page.goto(f"{address}/console/queue?tab=open")
    await page.locator("input[name=code]").first.check()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    assert await faults(page) == [], "the sheet"
    await context.close()


async def test_nothing_needs_scripts(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, address, world)
    await page.get_by_role("searchbox").fill("tru so 41")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-row]")).to_have_count(1)
    await page.locator("input[name=code]").check()
    await page.get_by_role("button", name="Xử lý các phản ánh đã chọn").click()
    await expect(page.get_by_role("main")).to_contain_text("Đèn đường trụ số 41")
    await context.close()
