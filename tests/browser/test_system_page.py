"""The administrators' pages about the system itself, in a real browser."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.desk import faults, open_as
from tests.console.test_field import light
from tests.console.test_system_page import job
from tests.world import World

PATHS = ("/system", "/system/words", "/system/calendar", "/system/categories")


async def sign_in(page: Page, address: str, world: World, path: str) -> None:
    await open_as(page, address, world, "administrator", f"/console{path}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
async def test_every_page_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    report = await light(world)
    await job(world.parts.pool, payload={"report_id": str(report.report_id)})
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await sign_in(page, address, world, PATHS[0])
    for path in PATHS:
        await page.goto(f"{address}/console{path}")
        assert await faults(page) == [], path
    await context.close()


async def test_failed_jobs_are_tried_again_by_keyboard(page: Page, address: str, world: World) -> None:
    held = await job(world.parts.pool)
    await sign_in(page, address, world, "/system")
    await page.get_by_role("checkbox", name=f"#{held}").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Thử lại tác vụ đã chọn").press("Enter")
    await expect(page.get_by_text("Đã đưa 1 tác vụ vào hàng chờ")).to_be_visible()
