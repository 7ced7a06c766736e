"""Sending and following a report in a real browser, on a phone and at a desk."""

import io
import random

import pytest
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page, expect

from app.reports import service as reports
from app.reports.workflow import Act
from tests.browser.desk import faults
from tests.console.reports import act as done_by
from tests.portal.test_send_page import GOOD, ticket
from tests.world import World


def large_photo() -> bytes:
    """As a phone takes it: 12 megapixels, full of detail."""
    dice, image = random.Random(1), Image.new("RGB", (4000, 3000), "#27374d")
    draw = ImageDraw.Draw(image)
    for _ in range(3000):
        x, y = dice.randrange(4000), dice.randrange(3000)
        draw.ellipse((x, y, x + 90, y + 90), fill=tuple(dice.randrange(256) for _ in range(3)))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=95)
    return data.getvalue()


async def test_a_report_is_sent_from_a_phone_with_the_place_of_the_device(
    page: Page, address: str, world: World
) -> None:
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 9.22461, "longitude": 105.178})
    await page.goto(address)
    sent = large_photo()
    await page.get_by_label("Ảnh hiện trường").set_input_files(
        {"name": "den.jpg", "mimeType": "image/jpeg", "buffer": sent}
    )
    await expect(page.get_by_role("img", name="den.jpg")).to_be_visible()
    assert await page.evaluate("document.getElementById('photos').files[0].size") < len(sent) / 2
    await page.get_by_label("Sự việc thế nào?").fill("den duong hong ba dem nay, hem toi om")
    await page.get_by_role("button", name="Dùng vị trí của tôi").click()
    await expect(page.get_by_text("Đã chọn vị trí trên bản đồ.")).to_be_visible()
    await page.get_by_role("button", name="Đèn đường hỏng").click()
    await expect(page.get_by_text("Phường An Xuyên")).to_be_visible()
    await expect(page.get_by_label("Lĩnh vực")).to_have_value("street-light")
    await page.get_by_label("Tôi đồng ý").check()
    await expect(page.get_by_role("button", name="Gửi phản ánh")).to_be_enabled()
    await page.get_by_role("button", name="Gửi phản ánh").click()
    await expect(page.get_by_role("heading", name="Đã gửi phản ánh")).to_be_visible(timeout=20_000)
    code = page.url.split("/r/")[1].split("?")[0]
    report = await reports.find(world.parts.pool, code)
    assert (report.channel, report.category, report.lat) == ("web", "street-light", 9.22461)
    await page.get_by_role("link", name="Tra cứu").click()
    await page.get_by_role("link", name=code).click()
    await expect(page.get_by_role("heading", name="Liên kết riêng của anh/chị")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1366])
async def test_every_page_is_accessible_and_fits(browser: Browser, address: str, world: World, width: int) -> None:
    context = await browser.new_context(
        bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(address)
    assert await faults(page) == [], "the empty form"
    await page.get_by_role("button", name="Gửi phản ánh").click()
    await expect(page.get_by_role("alert").first).to_be_visible(timeout=20_000)
    assert await faults(page) == [], "a form with faults"
    sent = await page.request.post(address, form={"ticket": ticket(world), **GOOD}, max_redirects=0)
    code = sent.headers["location"].split("/r/")[1].split("?")[0]
    await done_by(world, "coordinator", code, Act.PUBLISH)
    await context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.goto(f"{address}/r/{code}")
    assert await faults(page) == [], "a published report"
    await page.get_by_role("button", name="Sao chép liên kết").click()
    await expect(page.get_by_text("Đã sao chép liên kết.")).to_be_visible()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == f"{world.parts.settings.public_url}/r/{code}"
    await page.goto(f"{address}/track?code=PA-1")
    assert await faults(page) == [], "a wrong code"
    await page.goto(f"{address}/reports")
    await page.get_by_role("button", name="Xem trên bản đồ").click()
    await page.wait_for_selector("#map[data-ready]")
    box, button = page.locator("#map"), page.get_by_role("button", name="Xem trên bản đồ")
    inside, above = await box.bounding_box(), await button.bounding_box()
    assert inside is not None
    assert above is not None
    assert inside["y"] > above["y"] + above["height"] / 2, "the map hides nothing"
    assert await faults(page) == [], "the public list with its map"
    await page.goto(f"{address}/mine")
    assert await faults(page) == [], "my reports"
    await page.get_by_role("button", name="Lấy mã").click()
    code = await page.locator(".code").inner_text()
    assert await faults(page) == [], "a code for another device"
    for path in ("/privacy", "/faq", f"/mine/take?code={code}", "/mine/take?code=TB-1"):
        await page.goto(f"{address}{path}")
        assert await faults(page) == [], path
    await context.close()


async def test_somebody_faster_than_a_form_allows_is_only_made_to_wait(page: Page, address: str) -> None:
    # A clock behind the timers', as they may be by parts of a millisecond.
    await page.add_init_script("const now = performance.now.bind(performance); performance.now = () => now() * 0.9;")
    await page.goto(address)
    await page.get_by_role("button", name="Gửi phản ánh").click()
    await expect(page.get_by_role("alert").first).to_be_visible(timeout=20_000)
