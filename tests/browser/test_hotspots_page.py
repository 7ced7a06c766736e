"""The page of hot spots in a real browser: the map drawn by the server, the large one when it is asked for, the
dashboard's piece."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.desk import faults, open_as
from tests.browser.test_publish_page import weigh
from tests.console.test_hotspots_page import MONTH, burn
from tests.serving import running
from tests.world import World

HERE = "/console/hotspots"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    await burn(world)
    async with running(world.parts) as address:
        yield address


async def test_from_the_map_to_the_case_and_the_large_map_when_asked_for(
    page: Page, address: str, world: World
) -> None:
    await page.set_viewport_size({"width": 1366, "height": 768})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await open_as(page, address, world, "leader", f"{HERE}?period={MONTH}")
    await expect(page.locator(".heat .spot")).to_have_count(2)  # on the map, and in its legend
    assert not any("leaflet" in url for url in asked)
    await page.get_by_role("button", name="Bản đồ lớn").press("Enter")
    await expect(page.locator(".large-map .sign")).to_have_text("1")
    await expect(page.locator(".heat")).to_be_hidden()
    await page.get_by_role("button", name="Đóng bản đồ lớn").press("Enter")
    await expect(page.locator(".heat")).to_be_visible()

    await page.get_by_role("link", name="Tái diễn").click()
    await expect(page.get_by_role("link", name="Tái diễn")).to_have_attribute("aria-current", "true")
    await expect(page.get_by_role("button", name="Bản đồ lớn")).to_be_visible()
    await page.locator(".spots h3 a").press("Enter")
    await expect(page.locator("#value")).to_have_text("4")
    await page.get_by_role("link", name="Hỏng ngày 7.").press("Enter")
    await expect(page.get_by_text("Hỏng ngày 7.").first).to_be_visible()


async def test_the_dashboard_fetches_its_piece_when_it_comes_into_view(page: Page, address: str, world: World) -> None:
    await open_as(page, address, world, "leader", f"/console/dashboard?period={MONTH}")
    await expect(page.locator(".heat")).to_have_count(0)
    await page.get_by_role("link", name="Xem trang điểm nóng").scroll_into_view_if_needed()
    await expect(page.locator(".heat")).to_be_visible()
    await page.locator(".spots.short a").click()
    await expect(page.locator("#value")).to_have_text("4")


async def test_the_page_is_accessible_fits_and_is_light(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(bypass_csp=True, viewport={"width": 1366, "height": 768}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "leader", f"{HERE}?period={MONTH}")
    assert await faults(page) == []
    await page.set_viewport_size({"width": 390, "height": 844})
    assert await faults(page) == []
    await page.locator(".spots h3 a").click()
    await expect(page.locator("#value")).to_be_visible()
    assert await faults(page) == []
    await page.go_back()
    requests, weight = await weigh(page)
    assert requests <= 12
    assert weight <= 60_000
    await context.close()
