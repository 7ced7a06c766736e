"""The page of leaders' directions in a real browser: readable to everybody, on a telephone and a wide screen."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from app.reports.workflow import Act
from tests.browser.desk import faults, open_as
from tests.console.test_directions_page import WORDS, act, light
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_leader_reads_what_came_of_it(width: int, browser: Browser, address: str, world: World) -> None:
    for days in (1, 6):
        await act(world, "leader", await light(world), Act.DIRECT, text=WORDS, days=days)
    answered = await act(world, "leader", await light(world), Act.DIRECT, text=WORDS, days=2)
    await act(world, "officer", answered, Act.REPORT_BACK, text="Đã thay 7 bóng.")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "leader", "/console/directions")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ý kiến chỉ đạo")
    assert await faults(page) == []
    await page.get_by_role("link", name="Đã báo cáo").click()
    await expect(page.get_by_text("Đã thay 7 bóng.").first).to_be_visible()
    assert await faults(page) == []
    await context.close()
