"""Partners and webhooks in a real browser: an administrator sets them up by keyboard, and decides about what is stuck;
every page fits and is accessible on a telephone and on a desk."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.partners.service import Means
from app.webhooks import sending as hooks_sending
from app.webhooks import service as hooks
from app.webhooks.sending import Sender
from tests import small_world
from tests.browser.desk import faults, open_as
from tests.console.reports import file
from tests.console.test_partners_page import KEY, work
from tests.console.test_partners_page import means as means
from tests.console.test_partners_page import networks as networks
from tests.console.test_partners_page import there as there
from tests.partners.faulty import Faulty
from tests.receiver import receiver
from tests.world import COMPANY, World


@pytest_asyncio.fixture
async def page(browser: Browser, world: World) -> AsyncIterator[Page]:
    await world.parts.pool.execute("DELETE FROM partners")
    await world.parts.pool.execute("DELETE FROM webhooks")
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 844}, locale="vi-VN")
    yield await context.new_page()
    await context.close()


async def fine(page: Page) -> None:
    """At both widths."""
    for width in (1366, 390):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await faults(page) == [], (page.url, width)


async def test_a_partner_is_set_up_and_what_is_stuck_is_decided(
    page: Page, address: str, world: World, means: Means, there: Faulty
) -> None:
    await open_as(page, address, world, "administrator", "/console/partners")
    await fine(page)
    await page.get_by_label("Tên").fill("Chiếu sáng Cà Mau")
    await page.get_by_label("Địa chỉ Open311").fill(there.url)
    await page.get_by_label("Cơ quan").select_option(COMPANY)
    await page.get_by_label("Khóa (api_key)").fill(KEY)
    await page.get_by_role("button", name="Thêm hệ thống đối tác").press("Enter")
    await expect(page.get_by_text("Kết nối tốt")).to_be_visible()
    await fine(page)
    await page.get_by_label("Lĩnh vực trong hệ thống này").select_option("street-light")
    await page.get_by_label("Dịch vụ của đối tác").select_option("den")
    await page.get_by_role("button", name="Chọn dịch vụ").press("Enter")
    await page.get_by_label("Giá trị cố định").first.select_option("1")
    await fine(page)
    await page.get_by_role("button", name="Lưu").press("Enter")
    await page.get_by_role("button", name="Bật").press("Enter")
    await expect(page.get_by_text("✓ Đang hoạt động")).to_be_visible()
    there.ways, there.lists = ["well", "drop", "400"], False
    codes = [await file(address) for _ in range(3)]
    await work(means)
    there.say("EVN-1", status="closed", status_notes="Đã thay bóng đèn và kiểm tra tủ điện.")
    await work(means)
    await page.get_by_role("link", name="Hệ thống đối tác").click()
    # Two reports wait, beside the menu and beside the tab.
    await expect(page.locator("nav .count")).to_have_text(["2", "2"])
    await fine(page)
    await page.get_by_role("link", name="Chiếu sáng Cà Mau").press("Enter")
    await page.locator(".kinds a", has_text="Cần xem").press("Enter")
    await page.get_by_text("Quyết định nhiều phản ánh cùng lúc").click()
    await fine(page)
    await page.get_by_role("button", name="Không gửi tất cả: Bị từ chối").press("Enter")
    await expect(page.get_by_text("1 phản ánh không gửi nữa")).to_be_visible()
    await page.locator(".kinds a", has_text="Cần xem").press("Enter")
    stuck = page.locator("th a", has_text="PA-").first
    assert await stuck.text_content() in codes
    await stuck.press("Enter")
    await fine(page)
    await page.get_by_label("Đối tác đã có, số:").fill("EVN-2")
    await page.get_by_role("button", name="Ghi số").press("Enter")
    await expect(page.get_by_text("Đã ghi số")).to_be_visible()
    async with means.pool.acquire() as conn:
        done = await conn.fetchval(
            "SELECT code FROM reports JOIN partner_pushes USING (report_id) WHERE number = 'EVN-1'"
        )
    await open_as(page, address, world, "officer", f"/console/reports/{done}")
    await expect(page.locator(".tag", has_text="Chờ cán bộ kiểm tra, gửi ảnh")).to_be_visible()
    await fine(page)


async def test_a_webhook_is_made_tried_and_its_ledger_read(page: Page, address: str, world: World) -> None:
    async with receiver() as there:
        await open_as(page, address, world, "administrator", "/console/webhooks")
        await fine(page)
        await page.get_by_label("Tên").fill("IOC tỉnh")
        await page.get_by_label("Địa chỉ nhận").fill(there.url)
        await page.get_by_role("button", name="Thêm webhook").press("Enter")
        await expect(page.locator("code.secret")).to_contain_text("whsec_")
        await fine(page)
        await page.get_by_role("button", name="Gửi thử").press("Enter")
        await expect(page.get_by_text("Bên nhận đã nhận thông điệp thử")).to_be_visible()
        await hooks.follow(world.parts.pool)
        await file(address)
        await hooks.follow(world.parts.pool)
        sender = Sender(world.parts.settings.secret_key, "https://phananh.example", small_world.LOOPBACK)
        async with world.parts.pool.acquire() as conn:
            [(webhook, _)] = await hooks.every(conn, small_world.ADMINISTRATOR)
        await hooks_sending.send_due(world.parts.pool, sender, webhook)
        await sender.close()
        await page.get_by_role("link", name="Webhook", exact=False).first.click()
        await fine(page)
        await page.get_by_role("link", name="IOC tỉnh").press("Enter")
        await page.get_by_text("Các lần thử gần đây").click()
        await fine(page)
        await page.get_by_role("button", name="Gửi lại thông điệp về").first.press("Enter")
        await expect(page.get_by_text("1 thông điệp sẽ được gửi lại")).to_be_visible()
