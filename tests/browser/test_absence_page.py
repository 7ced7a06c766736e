"""The page of absences in a real browser: readable to everybody, on a telephone and a wide screen, by keyboard."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from app.routing.calendar import VIETNAM
from tests.browser.desk import faults, open_as
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_lead_enters_an_officers_days_by_keyboard(
    width: int, browser: Browser, address: str, world: World
) -> None:
    await world.parts.pool.execute("DELETE FROM staff_absences")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "lead", "/console/absence")
    await expect(page.get_by_role("heading", level=2, name="Nghỉ và người xử lý thay")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Ai nghỉ").select_option(label="Trần Thị Bích")
    await page.get_by_label("Từ ngày").fill(datetime.now(VIETNAM).date().isoformat())
    await page.get_by_label("Đến hết ngày").fill((datetime.now(VIETNAM) + timedelta(days=3)).date().isoformat())
    await page.get_by_label("Người xử lý thay").select_option(label="Lê Văn Phước (tôi)")
    await page.get_by_label("Người xử lý thay").press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Đã ghi nhận ngày nghỉ.")).to_be_visible()
    await expect(page.get_by_text("Anh/chị đang xử lý thay cho Trần Thị Bích.")).to_be_visible()
    assert await faults(page) == []
    await context.close()
