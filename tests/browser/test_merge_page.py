"""Merging and taking apart in a real browser, by keyboard, on a desk and on a telephone."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Page, expect

from app.reports.model import Status
from tests.browser.desk import faults, open_as
from tests.browser.test_publish_page import desk as desk
from tests.browser.test_publish_page import weigh
from tests.console.reports import case, file, street
from tests.console.test_merge_page import OTHER
from tests.serving import running
from tests.world import HERE, World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def test_from_the_case_to_merged_and_back(desk: Page, address: str, world: World) -> None:
    first = await file(address, street(31), text=OTHER)
    code = await file(address, street(32), lat=HERE["lat"] + 0.0001)
    await open_as(desk, address, world, "coordinator", f"/console/reports/{code}")
    await desk.locator("#other-acts > summary").click()
    await desk.get_by_role("link", name="Gộp vào phản ánh khác").click()
    await desk.get_by_role("link", name=first).click()
    await expect(desk.get_by_role("heading", level=1)).to_have_text(f"Gộp phản ánh {code}")
    assert await faults(desk) == []
    requests, weight = await weigh(desk)
    assert (requests <= 12, weight <= 60_000) == (True, True), (requests, weight)
    await desk.set_viewport_size({"width": 390, "height": 844})
    assert await faults(desk) == []
    await desk.get_by_role("button", name=f"Gộp vào {first}").focus()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("status")).to_contain_text(f"Đã gộp vào {first}")
    assert (await case(world, code)).report.status is Status.DUPLICATE
    assert await faults(desk) == []
    await desk.get_by_label("Lý do tách").fill("Hai trụ đèn khác nhau.")
    await desk.get_by_role("button", name=f"Tách khỏi {first}").click()
    await expect(desk.get_by_role("status")).to_contain_text("đang ở bàn điều phối")
    assert (await case(world, code)).report.status is Status.RECEIVED
