"""The bell, the notices and the choice of ways in a real browser, on a telephone and a wide screen."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.desk import faults, open_as
from tests.console.test_notices_page import overdue
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_lead_follows_the_bell_reads_and_chooses(
    width: int, browser: Browser, address: str, world: World
) -> None:
    pool = world.parts.pool
    for table in ("notices", "staff_channels"):
        await pool.execute(f"DELETE FROM {table}")  # names of ours
    await overdue(world)
    await overdue(world)
    await world.parts.pool.execute(
        "UPDATE notices SET read_at = now() WHERE ctid IN (SELECT ctid FROM notices LIMIT 1)"
    )
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "lead", "/console")
    await page.get_by_role("link", name="Thông báo").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Thông báo")
    await page.get_by_role("link", name="Tất cả").click()
    await expect(page.locator(".notices li").first).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("link", name="Chưa đọc").last.click()
    await page.get_by_role("button", name="Đánh dấu đã đọc hết").press("Enter")
    await expect(page.get_by_text("Anh/chị đã đọc hết thông báo.")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("link", name="Chọn cách nhận cảnh báo").click()
    await page.get_by_label("Email").press("Space")
    assert await faults(page) == []
    await page.get_by_role("button", name="Lưu").press("Enter")
    await expect(page.get_by_text("Đã lưu cách nhận cảnh báo.")).to_be_visible()
    await expect(page.get_by_label("Email")).not_to_be_checked()
    await context.close()
