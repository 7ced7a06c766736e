"""What stands out, in a real browser: from a sentence to the cases behind it."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, expect

from app.reports.workflow import Act
from app.stats import projection
from tests.browser.desk import faults, open_as
from tests.browser.test_misrouted_page import act, file
from tests.serving import running
from tests.world import POWER, World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    for _ in range(10):
        back = await act(world, "officer", await file(world, "street-light"), Act.RETURN, text="Không thuộc đơn vị.")
        await act(world, "coordinator", back, Act.ASSIGN, agency_id=POWER)
        await file(world, "power-cut")
    await projection.catch_up(world.parts.pool)
    async with running(world.parts) as address:
        yield address


async def test_from_what_stands_out_to_its_cases(browser: Browser, address: str, world: World) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "leader", "/console/insight")
    rule = page.get_by_role("listitem").filter(has_text="chieu-sang-ca-mau")
    await expect(rule).to_contain_text("10 trên 10 phản ánh quy tắc đã chuyển trong kỳ")
    for width in (390, 1366):
        await page.set_viewport_size({"width": width, "height": 768})
        assert await faults(page) == []
    await rule.get_by_role("link", name="Xem các phản ánh").click()
    await expect(page.get_by_role("row").filter(has_text="trả lại")).to_have_count(10)
    assert await faults(page) == []
    await page.get_by_role("row").filter(has_text="trả lại").first.get_by_role("link").click()
    await expect(page.locator(".case, #acts").first).to_be_visible()
    await context.close()
