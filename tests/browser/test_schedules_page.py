"""A report that comes by itself, set up in a real browser: on a telephone and a wide screen, by the keyboard."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.desk import faults, open_as
from tests.world import World


@pytest.mark.parametrize("width", [390, 1366])
async def test_one_is_set_up_tried_and_ended(width: int, browser: Browser, address: str, world: World) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 768}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await open_as(page, address, world, "coordinator", "/console/schedules")
    assert await faults(page) == []
    await page.get_by_role("link", name="Đặt lịch mới").press("Enter")
    await page.get_by_role("button", name="Lưu lịch").press("Enter")
    await expect(page.get_by_text("Cần có tên")).to_be_visible()
    await page.get_by_text("Lĩnh vực: tất cả").press("Enter")
    assert await faults(page) == []
    await page.get_by_label("Tên báo cáo").fill("Báo cáo tuần")
    await page.get_by_role("radio", name="Hằng tuần").press("Space")
    await page.get_by_label("Thứ trong tuần").select_option("Thứ Sáu")
    await page.get_by_role("button", name="Lưu lịch").press("Enter")
    await expect(page.get_by_text("Thứ Sáu hằng tuần lúc 07:30")).to_be_visible()
    await page.get_by_role("button", name="Gửi thử cho tôi").press("Enter")
    await expect(page.get_by_text("Người nhận chưa có địa chỉ email")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await faults(page) == []
    await page.get_by_text("Xóa lịch", exact=True).press("Enter")
    await page.get_by_role("button", name="Xóa hẳn lịch này").press("Enter")
    await expect(page.get_by_text("Đã xóa lịch.")).to_be_visible()
    await context.close()
