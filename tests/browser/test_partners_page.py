"""Partners in a real browser: an administrator sets one up by keyboard, and decides about what is stuck."""

import pytest
from playwright.async_api import Browser, expect

from app.partners.service import Means
from tests.browser.desk import faults, open_as
from tests.console.reports import file
from tests.console.test_partners_page import KEY, work
from tests.console.test_partners_page import means as means
from tests.console.test_partners_page import networks as networks
from tests.console.test_partners_page import there as there
from tests.partners.faulty import Faulty
from tests.world import COMPANY, World


@pytest.mark.parametrize("width", [390, 1366])
async def test_the_pages_are_accessible_fit_and_go_by_keyboard(
    browser: Browser, address: str, world: World, means: Means, there: Faulty, width: int
) -> None:
    await world.parts.pool.execute("DELETE FROM partners")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "administrator", "/console/partners")
    assert await faults(page) == []
    await page.get_by_label("Tên").fill("Chiếu sáng Cà Mau")
    await page.get_by_label("Địa chỉ Open311").fill(there.url)
    await page.get_by_label("Cơ quan").select_option(COMPANY)
    await page.get_by_label("Khóa (api_key)").fill(KEY)
    await page.get_by_role("button", name="Thêm hệ thống đối tác").press("Enter")
    await expect(page.get_by_text("Kết nối tốt")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_label("Lĩnh vực trong hệ thống này").select_option("street-light")
    await page.get_by_label("Dịch vụ của đối tác").select_option("den")
    await page.get_by_role("button", name="Chọn dịch vụ").press("Enter")
    await page.get_by_label("Giá trị cố định").first.select_option("1")
    assert await faults(page) == []
    await page.get_by_role("button", name="Lưu").press("Enter")
    await page.get_by_role("button", name="Bật").press("Enter")
    await expect(page.get_by_text("✓ Đang hoạt động")).to_be_visible()
    there.ways, there.lists = ["well", "drop"], False
    codes = [await file(address), await file(address)]
    await work(means)
    there.say("EVN-1", status="closed", status_notes="Đã thay bóng đèn và kiểm tra tủ điện.")
    await work(means)
    await page.reload()
    assert await faults(page) == []
    await page.get_by_role("link", name="Cần xem").press("Enter")
    stuck = page.locator("th a", has_text="PA-").first
    await expect(stuck).to_have_text(codes[1])
    await stuck.press("Enter")
    assert await faults(page) == []
    await page.get_by_label("Đối tác đã có, số:").fill("EVN-2")
    await page.get_by_role("button", name="Ghi số").press("Enter")
    await expect(page.get_by_text("Đã ghi số")).to_be_visible()
    await open_as(page, address, world, "officer", f"/console/reports/{codes[0]}")
    await expect(page.locator(".tag", has_text="Chờ cán bộ kiểm tra, gửi ảnh")).to_be_visible()
    assert await faults(page) == []
    await context.close()
