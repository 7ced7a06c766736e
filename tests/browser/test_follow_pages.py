"""Following an area in a real browser: accessible, and no wider than a phone."""

from playwright.async_api import Browser, expect

from app.subscriptions import tokens
from tests.browser.desk import faults
from tests.subscriptions.conftest import Street
from tests.subscriptions.conftest import street as street


async def test_every_page_is_accessible_and_fits(browser: Browser, address: str, street: Street) -> None:
    key = tokens.sign(street.secret, "manage", await street.follows())
    await street.asks("minh@example.vn")
    await street.confirmations()
    asked = street.link("minh@example.vn").partition("k=")[2]
    for width in (390, 1366):
        context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
        page = await context.new_page()
        for path in ("", "/sent", f"/confirm?k={asked}", f"/mine?k={key}", f"/end?k={key}"):
            await page.goto(f"{address}/follow{path}")
            assert await faults(page) == [], path
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path
        await page.goto(f"{address}/follow")
        await page.get_by_role("button", name="Gửi thư xác nhận").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await faults(page) == [], "a form with faults"
        await context.close()
