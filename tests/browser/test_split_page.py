"""Splitting a report in a real browser, by keyboard, on a desk and on a telephone."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.desk import faults, open_as
from tests.browser.test_publish_page import desk as desk
from tests.browser.test_publish_page import weigh
from tests.console.reports import case, file, street
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def test_from_the_case_to_two_parts(desk: Page, address: str, world: World) -> None:
    code = await file(address, street(51))
    await open_as(desk, address, world, "coordinator", f"/console/reports/{code}")
    await desk.locator("#other-acts > summary").click()
    await desk.get_by_role("link", name="Chia cho nhiều cơ quan").click()
    requests, weight = await weigh(desk)
    assert (requests <= 12, weight <= 60_000) == (True, True), (requests, weight)
    first, second = desk.get_by_role("group", name="Phần 1"), desk.get_by_role("group", name="Phần 2")
    await first.get_by_label("Lĩnh vực").select_option("street-light")
    await expect(first.get_by_role("status")).to_contain_text("Theo quy tắc: Công ty Cổ phần Môi trường Đô thị Cà Mau")
    await second.get_by_label("Lĩnh vực").select_option("power-cut")
    await second.get_by_label("Việc cần làm").fill("Kiểm tra dây điện xuống trụ.")
    assert await faults(desk) == []
    await desk.get_by_role("button", name="Xem trước").focus()
    await desk.keyboard.press("Enter")
    preview = desk.get_by_role("region", name="Điều gì sẽ xảy ra")
    await expect(preview.get_by_role("row")).to_have_count(3)
    assert await faults(desk) == []
    await desk.set_viewport_size({"width": 390, "height": 844})
    assert await faults(desk) == []
    await desk.get_by_role("button", name="Chia phản ánh").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("region", name="Các phần việc").get_by_role("link")).to_have_count(2)
    assert await faults(desk) == []
    assert (await case(world, code)).report.open_parts == 2
