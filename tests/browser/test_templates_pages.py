"""Response templates in a real browser: what is filled in is put where the cursor is, by button and keyboard."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from app.templates import service as templates
from tests.browser.desk import faults, open_as
from tests.serving import running
from tests.world import CENTRE, World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    await templates.take_first_set(world.parts.pool, CENTRE)
    async with running(world.parts) as address:
        yield address


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_lead_writes_a_template(width: int, browser: Browser, address: str, world: World) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "lead", "/console/templates")
    await expect(page.get_by_role("link", name="Hỏi rõ vị trí")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("link", name="Thêm mẫu").click()
    await page.get_by_label("Tên mẫu").fill(f"Mẫu {width}")
    await page.get_by_label("Nội dung", exact=True).fill("Đã nhận phản ánh .")
    await page.keyboard.press("ArrowLeft")
    await page.get_by_role("button", name="Chèn {code}").press("Enter")
    await expect(page.get_by_label("Nội dung", exact=True)).to_have_value("Đã nhận phản ánh {code}.")
    await expect(page.get_by_label("Nội dung", exact=True)).to_be_focused()
    await page.get_by_role("button", name="Xem trước").click()
    await expect(page.get_by_text("Đã nhận phản ánh PA-7K3M-9QX2.")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Nội dung", exact=True).fill("Gửi {name}")
    await page.get_by_role("button", name="Lưu mẫu").click()
    await expect(page.get_by_text("danh tính người phản ánh được giữ kín, không đưa vào mẫu")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Nội dung", exact=True).fill("Gửi anh/chị")
    await page.get_by_role("button", name="Lưu mẫu").click()
    await page.get_by_role("link", name=f"Mẫu {width}").click()
    await expect(page.get_by_text("Lần 1")).to_be_visible()
    assert await faults(page) == []
    await context.close()
