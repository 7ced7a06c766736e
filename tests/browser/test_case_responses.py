"""Templates on the page of a case in a real browser: chosen by keyboard, put in, changed, sent."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from app.reports.workflow import Act
from app.templates import service as templates
from tests.browser.desk import faults, open_as
from tests.console.test_directions_page import act, light
from tests.serving import running
from tests.world import CENTRE, World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    await templates.take_first_set(world.parts.pool, CENTRE)
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_template_is_chosen_changed_and_sent(width: int, browser: Browser, address: str, world: World) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    report = await act(world, "leader", await light(world), Act.DIRECT, text="Làm trước mưa.", days=2)
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "officer", f"/console/reports/{report.code}")
    await expect(page.get_by_role("region", name="Ý kiến chỉ đạo")).to_contain_text("Làm trước mưa.")
    await page.keyboard.press("d")
    area = page.locator("#progress-text")
    await expect(area).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    choice = page.locator("#form-progress").get_by_role("button", name="Đang chờ vật tư")
    await expect(choice).to_be_visible()
    assert await faults(page) == []
    await choice.focus()
    await page.keyboard.press("Enter")
    await expect(area).to_be_focused()
    await expect(area).to_have_value(re.compile("^Công ty Cổ phần Môi trường Đô thị Cà Mau đã kiểm tra hiện trường"))
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" Xin cảm ơn.")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Xin cảm ơn.").first).to_be_visible()
    used = await world.parts.pool.fetchval("SELECT max(used) FROM response_templates")
    assert used >= 1
    await context.close()
