"""Ordering a file in a real browser: on a telephone and a wide screen, by the keyboard, without reloading."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.desk import faults, open_as
from tests.console.figures import MARCH, march
from tests.console.test_exports_page import work
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    await march(world)
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1366])
async def test_a_file_is_ordered_followed_and_taken(width: int, browser: Browser, address: str, world: World) -> None:
    await world.parts.pool.execute("DELETE FROM exports")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 768}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "leader", f"/console/exports?period={MARCH}")
    assert await faults(page) == []
    await page.get_by_role("radio", name="CSV").press("Space")
    await page.get_by_role("button", name="Tạo tệp").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("CSV · Tháng 03/2025")
    assert await faults(page) == []
    await work(world)
    await expect(page.get_by_text("Mã kiểm tra (SHA-256)")).to_be_visible()
    assert await faults(page) == []
    async with page.expect_download() as taken:
        await page.get_by_role("link", name="Tải về").press("Enter")
    assert (await taken.value).suggested_filename == "phan-anh-2025-03-20250401-0000.csv"
    await page.get_by_role("link", name="Tải số liệu về").press("Enter")
    await expect(page.get_by_role("link", name="CSV · Tháng 03/2025")).to_be_visible()
    assert await faults(page) == []
    await context.close()
