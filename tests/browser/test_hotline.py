"""Writing down a call in a real browser: suggestions while typing, the map, and nothing lost by a reload."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from app.reports import service
from app.reports.model import Place, Report, Status
from tests.browser.desk import faults, open_as
from tests.console.desk_world import light
from tests.serving import running
from tests.world import AN_XUYEN, COMPANY, LIGHT, World

HOTLINE = "/console/hotline"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def read_out(page: Page, world: World) -> Report:
    """The report whose code the page shows large."""
    code = page.locator(".big-code")
    await expect(code).to_have_text(re.compile(r"PA-[0-9A-Z]{4}-[0-9A-Z]{4}"))
    return await service.find(world.parts.pool, await code.inner_text())


async def cut_off(route: Route) -> None:
    """The server takes the form, and its answer never arrives."""
    await route.fetch(max_redirects=0)
    await route.abort()


async def test_a_call_by_keyboard_from_hello_to_the_code(page: Page, address: str, world: World) -> None:
    await page.set_viewport_size({"width": 1280, "height": 800})
    await open_as(page, address, world, "coordinator", HOTLINE)
    await expect(page.get_by_label("Người gọi phản ánh việc gì?")).to_be_focused()
    await page.keyboard.type("Đèn đường trước nhà hỏng ba đêm nay")
    await expect(page.locator("#suggested")).to_contain_text("Đèn đường hỏng")
    await page.get_by_label("Ở đâu?").focus()
    await page.keyboard.type("12 ly bon phuong 2 tp ca mau")
    await expect(page.get_by_label("Phường An Xuyên")).to_be_checked()
    await expect(page.locator("#preview")).to_contain_text("Công ty Cổ phần Môi trường Đô thị Cà Mau")
    await page.get_by_label("Họ tên người gọi").fill("Nguyễn Thị Lan")
    await page.get_by_label("Số điện thoại").fill("0912 345 678")
    await page.get_by_label("Người gọi đã được nghe").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Ghi nhận").focus()
    await page.keyboard.press("Enter")
    report = await read_out(page, world)
    assert (report.agency_id, report.channel, report.commune_code) == (COMPANY, "hotline", AN_XUYEN)
    await expect(page.get_by_role("link", name="Phản ánh tiếp theo")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Người gọi phản ánh việc gì?")).to_have_value("")
    await expect(page.get_by_label("Số điện thoại")).to_have_value("")


async def test_a_reload_loses_nothing_and_sends_nothing_twice(page: Page, address: str, world: World) -> None:
    await open_as(page, address, world, "coordinator", HOTLINE)
    await page.get_by_label("Người gọi phản ánh việc gì?").fill("Cây bàng ngã chắn ngang hẻm 5 Lý Bôn")
    await page.locator("[data-suggest='fallen-tree']").click()
    await expect(page.get_by_label("Lĩnh vực")).to_have_value("fallen-tree")
    await page.get_by_label("Ở đâu?").fill("phường An Xuyên")
    choice = page.locator("#questions input").first
    await choice.check()
    await page.get_by_label("Số điện thoại").fill("0939 888 777")
    await page.get_by_label("Người gọi đã được nghe").check()
    key = await page.locator("[name=key]").input_value()
    await page.wait_for_load_state("networkidle")
    await page.reload()
    await expect(page.get_by_label("Người gọi phản ánh việc gì?")).to_have_value("Cây bàng ngã chắn ngang hẻm 5 Lý Bôn")
    await expect(page.get_by_label("Số điện thoại")).to_have_value("0939 888 777")
    await expect(page.locator("#questions input").first).to_be_checked()
    await expect(page.locator("[name=key]")).to_have_value(key)
    # The answer to the first sending is lost on its way.
    await page.route("**/console/hotline", cut_off)
    await page.get_by_role("button", name="Ghi nhận").click()
    count = "SELECT count(*) FROM report_contacts WHERE phone = '0939 888 777'"
    async with asyncio.timeout(60):
        while not await world.parts.pool.fetchval(count):  # noqa: ASYNC110  # the database rings no bell for this
            await asyncio.sleep(0.05)
    await page.unroute("**/console/hotline")
    await page.goto(f"{address}{HOTLINE}")
    await expect(page.locator("[name=key]")).to_have_value(key)
    await page.get_by_role("button", name="Ghi nhận").click()
    report = await read_out(page, world)
    assert report.answers
    assert await world.parts.pool.fetchval(count) == 1


async def test_a_place_is_chosen_on_the_map_and_the_same_matter_found(page: Page, address: str, world: World) -> None:
    await page.set_viewport_size({"width": 1280, "height": 900})
    await open_as(page, address, world, "coordinator", HOTLINE)
    loaded = await page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not any("leaflet" in one for one in loaded)
    await page.get_by_label("Người gọi phản ánh việc gì?").fill(str(LIGHT["text"]))
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map[data-ready]")).to_be_visible()
    await page.locator("#map").click(position={"x": 260, "y": 150})
    await expect(page.locator("#places .point")).to_contain_text("Đã chọn điểm")
    lat = float(await page.locator("#lat").input_value())
    lon = float(await page.locator("#lon").input_value())
    known = await light(world, place=Place(lat=lat, lon=lon, commune_code=AN_XUYEN))
    await page.get_by_label("Người gọi phản ánh việc gì?").press("End")
    await page.keyboard.type(" Nhờ xử lý.")
    await expect(page.locator("#preview")).to_contain_text("Có phải việc này?")
    await page.get_by_label("Người gọi đã được nghe").check()
    await page.locator(f"#join-{known.code}").click()
    report = await read_out(page, world)
    assert (report.status, report.duplicate_of) == (Status.DUPLICATE, known.report_id)
    await expect(page.get_by_text("Đã gộp vào phản ánh")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_form_is_accessible_fits_and_is_light(
    browser: Browser, address: str, world: World, width: int
) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "coordinator", HOTLINE)
    sizes: list[int] = []

    async def count(response: object) -> None:
        sizes.append((await response.request.sizes())["responseBodySize"])  # type: ignore[attr-defined]

    page.on("response", count)
    await page.goto(f"{address}{HOTLINE}", wait_until="networkidle")
    page.remove_listener("response", count)
    assert len(sizes) <= 12
    assert sum(sizes) <= 60_000, sizes
    assert await faults(page) == [], "empty"
    await page.get_by_label("Người gọi phản ánh việc gì?").fill("Cây bàng ngã chắn ngang hẻm 5 Lý Bôn")
    await page.locator("[data-suggest='fallen-tree']").click()
    await page.get_by_label("Ở đâu?").fill("phường 2")
    await expect(page.locator("#places input").first).to_be_visible()
    await expect(page.locator("#questions input").first).to_be_visible()
    await page.get_by_role("button", name="Chọn trên bản đồ").click()
    await expect(page.locator("#map[data-ready]")).to_be_visible()
    assert await faults(page) == [], "in the middle"
    await page.get_by_role("button", name="Ghi nhận").click()
    await expect(page.locator("#consent-wrong")).to_be_visible()
    assert await faults(page) == [], "with mistakes"
    await page.get_by_label("Người gọi đã được nghe").check()
    await page.get_by_role("button", name="Ghi nhận").click()
    await expect(page.locator(".big-code")).to_be_visible()
    assert await faults(page) == [], "taken"
    await context.close()
