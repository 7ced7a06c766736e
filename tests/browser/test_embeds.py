"""The button and the map on another website, in a real browser: framed without rights, sending in a new tab."""

from playwright.async_api import Browser, expect

from tests.browser.desk import faults
from tests.world import AN_XUYEN, World


async def test_in_a_frame_without_rights_the_map_is_drawn_and_the_button_leads_here(
    browser: Browser, address: str, world: World
) -> None:
    """The frame is of no origin, wherever it stands: in the preview as on a commune's website."""
    context = await browser.new_context(locale="vi-VN")
    page = await context.new_page()
    await page.goto(f"{address}/embeds?kind=map&commune={AN_XUYEN}")
    await expect(page.frame_locator("iframe").locator("#map[data-ready]")).to_be_visible()
    await page.goto(f"{address}/embeds?kind=button&commune={AN_XUYEN}")
    async with context.expect_page() as opened:
        await page.frame_locator("iframe").get_by_role("link", name="Gửi phản ánh hiện trường").press("Enter")
    sending = await opened.value
    await expect(sending.locator("#address")).to_have_value("Phường An Xuyên")
    assert await context.cookies() == []
    await context.close()


async def test_they_are_accessible_and_fit_a_phone(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(bypass_csp=True, viewport={"width": 390, "height": 800}, locale="vi-VN")
    page = await context.new_page()
    for path in ("/embed/button", f"/embed/map?commune={AN_XUYEN}", f"/embeds?kind=map&commune={AN_XUYEN}"):
        await page.goto(address + path)
        if path.startswith("/embed/map"):
            await expect(page.locator("#map[data-ready]")).to_be_visible()
        assert await faults(page) == [], path
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await context.close()
