"""Open data in a real browser: the administrator's way by keyboard, and the page for everybody."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, expect

from app.opendata import service
from tests.browser.desk import faults, open_as
from tests.console.test_opendata_page import means, month_of_reports
from tests.world import World


@pytest.mark.parametrize("width", [390, 1366])
async def test_the_pages_are_accessible_fit_and_go_by_keyboard(
    browser: Browser, address: str, world: World, width: int
) -> None:
    await world.parts.pool.execute("DELETE FROM opendata_versions")
    await world.parts.pool.execute("DELETE FROM opendata_settings")
    await month_of_reports(world)
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "administrator", "/console/opendata")
    assert await faults(page) == []
    await page.get_by_role("button", name="Xem trước").press("Enter")
    await expect(page.get_by_text("Vài dòng mẫu")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Công bố dữ liệu mở").press("Space")
    await page.get_by_role("button", name="Lưu").press("Enter")
    await expect(page.get_by_text("✓ Đang công bố")).to_be_visible()
    assert len(await service.make_due(means(world), datetime.now(UTC))) == 1
    await page.reload()
    assert await faults(page) == []
    await page.goto(f"{address}/opendata")
    await page.get_by_text("Chi tiết", exact=True).press("Enter")
    assert await faults(page) == []
    await context.close()
