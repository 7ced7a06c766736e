"""An act on many reports in a real browser: by keyboard, with a bar that moves and a result that comes by itself."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.accounts import service as accounts
from app.bulk import service as bulk
from app.reports.workflow import Act
from tests.browser.desk import faults, open_as
from tests.console.test_directions_page import act, light
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def previewed(page: Page, address: str, world: World, key: str, what: Act, ready: int, late: int) -> None:
    """Signed in, with a preview of so many reports on screen."""
    cases = [await light(world) for _ in range(ready + late)]
    for case in cases[ready:]:
        await act(world, "lead", case, Act.START)
    await open_as(page, address, world, key, "/console/bulk")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Các lần xử lý nhiều phản ánh")
    assert await faults(page) == []
    staff_id = world.people[key].staff_id
    async with world.parts.pool.acquire() as conn:
        reader = await accounts.actor_of(conn, staff_id)
    assert reader
    run = await bulk.prepare(world.parts.pool, reader, what, [case.code for case in cases], "/console/queue")
    await page.goto(f"{address}/console/bulk/{run}")


@pytest.mark.parametrize("width", [390, 1280])
async def test_an_officer_starts_many_with_the_keyboard_and_sees_the_result_come(
    width: int, browser: Browser, address: str, world: World
) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await previewed(page, address, world, "officer", Act.START, 3, 2)
    assert await faults(page) == []
    await page.get_by_role("checkbox").first.focus()
    await page.keyboard.press("Space")
    go = page.get_by_role("button", name="Thực hiện cho 2 phản ánh")
    await expect(go).to_be_visible()
    await go.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("progressbar")).to_be_visible()
    assert await faults(page) == []
    run = UUID(page.url.rpartition("/")[2])
    await bulk.work(world.parts.pool, world.parts.rules, run)
    await expect(page.get_by_text("Đã thực hiện 2 phản ánh, còn 2 phản ánh chưa thực hiện được.")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Thử lại 2 dòng chưa xong").click()
    await expect(page.get_by_text("Không phản ánh nào trong số đã chọn")).to_be_visible()
    assert await faults(page) == []
    await context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("who", "what"),
    [("coordinator", Act.ASSIGN), ("coordinator", Act.MERGE), ("officer", Act.ASK_EXTENSION), ("leader", Act.DIRECT)],
)
async def test_what_is_missing_is_marked(
    width: int, who: str, what: Act, browser: Browser, address: str, world: World
) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 844}, locale="vi-VN", bypass_csp=True)
    page = await context.new_page()
    await previewed(page, address, world, who, what, 2, 0)
    assert await faults(page) == []
    await page.get_by_role("button", name="Thực hiện cho 2 phản ánh").click()
    await expect(page.get_by_role("alert")).to_contain_text("Vui lòng sửa những ô được đánh dấu")
    assert await faults(page) == []
    await context.close()


async def test_rows_ticked_in_the_queue_come_to_the_preview_and_back(page: Page, address: str, world: World) -> None:
    cases = [await light(world) for _ in range(3)]
    back = "/console/queue?tab=unassigned"
    await open_as(page, address, world, "officer", back)
    for case in cases[:2]:
        await page.locator(f'input[name="code"][value="{case.code}"]').check()
    await page.locator("#bulk button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Xử lý nhiều phản ánh cùng lúc")
    await expect(page.get_by_label("Thao tác", exact=True)).to_have_value("claim")
    await page.get_by_role("button", name="Thực hiện cho 2 phản ánh").click()
    await expect(page.get_by_role("progressbar")).to_be_visible()
    await bulk.work(world.parts.pool, world.parts.rules, UUID(page.url.rpartition("/")[2]))
    await expect(page.get_by_text("Đã thực hiện xong 2 phản ánh.")).to_be_visible()
    await page.get_by_role("link", name="Về danh sách").click()
    await expect(page.locator(f'input[name="code"][value="{cases[2].code}"]')).to_be_visible()
    await expect(page.locator(f'input[name="code"][value="{cases[0].code}"]')).to_have_count(0)
