"""The rules of warning in a real browser, on a telephone and a wide screen."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.desk import faults, open_as
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1366])
async def test_a_lead_gives_the_agency_rules_of_its_own(
    width: int, browser: Browser, address: str, world: World
) -> None:
    await world.parts.pool.execute("DELETE FROM escalation_policies")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 768}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "lead", "/console/escalation")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quy tắc cảnh báo")
    assert await faults(page) == []
    await page.get_by_role("row").get_by_role("link").first.click()
    await page.get_by_label("Đã dùng một nửa thời hạn xử lý: Phụ trách đơn vị").press("Space")
    assert await faults(page) == []
    await page.get_by_role("button", name="Lưu quy tắc").press("Enter")
    await expect(page.get_by_text("Đã lưu quy tắc cảnh báo.")).to_be_visible()
    await expect(page.get_by_label("Đã dùng một nửa thời hạn xử lý: Phụ trách đơn vị")).to_be_checked()
    await context.close()
