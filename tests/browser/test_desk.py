"""The coordinators' desk in a real browser: a list cleared with one key, without a mouse, and without scripts."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from app.photos import service as photos
from app.reports import service
from app.reports.model import Place, Report, Status
from app.reports.workflow import Act
from tests.browser.desk import faults, open_as
from tests.console.desk_world import UNCLEAR, act, asking, disputed, filed, light
from tests.console.test_reporter_page import from_a_chat
from tests.serving import running
from tests.world import AN_XUYEN, COMPANY, POWER, World, photo

DESK = "/console/desk"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def waiting(world: World, count: int) -> list[Report]:
    """So many new reports, each in a street of its own; nothing else waits."""
    await world.parts.pool.execute(
        "UPDATE reports SET status = 'withdrawn', ended_at = now() WHERE status IN ('submitted', 'received')"
    )
    places = [Place(lat=9.1 + number / 50, lon=105.1, commune_code=AN_XUYEN) for number in range(count)]
    return [await filed(world, f"{UNCLEAR} Hẻm {at}.", place=place) for at, place in enumerate(places)]


async def now(world: World, report: Report) -> Report:
    async with world.parts.pool.acquire() as conn:
        return await service.get(conn, report.report_id)


async def test_a_list_is_cleared_with_one_key(page: Page, address: str, world: World) -> None:
    reports = await waiting(world, 6)
    await open_as(page, address, world, "coordinator", DESK)
    await expect(page.locator(f"#row-{reports[0].code}")).to_be_focused()
    for report in reports:
        await expect(page.locator("[data-row]:focus")).to_have_attribute("data-row", report.code)
        await page.keyboard.press("a")
    await expect(page.locator("[data-done]")).to_have_count(6)
    await expect(page.locator("#count-intake")).to_have_text("0")
    assert {(await now(world, report)).agency_id for report in reports} == {COMPANY}
    assert {(await now(world, report)).status for report in reports} == {Status.ASSIGNED}


async def test_the_category_is_corrected_by_typing_and_the_agency_follows(
    page: Page, address: str, world: World
) -> None:
    first, other = await waiting(world, 2)
    await open_as(page, address, world, "coordinator", DESK)
    row = page.locator(f"#row-{first.code}")
    await expect(row).to_be_focused()
    await page.keyboard.press("c")
    await page.keyboard.type("mat dien")
    await expect(page.locator("#pick-category li[aria-selected]")).to_contain_text("Mất điện")
    await page.keyboard.press("Enter")
    await expect(row.locator(".guess")).to_contain_text("Mất điện")
    await expect(row.locator(".to")).to_contain_text("Điện lực")
    await expect(row).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.locator(f"#row-{other.code}")).to_be_focused()
    await expect(page.locator("[data-done]")).to_have_count(1)
    after = await now(world, first)
    assert (after.agency_id, after.category) == (POWER, "power-cut")
    await page.keyboard.press("g")
    await page.keyboard.type("dien luc")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#row-{other.code} .to")).to_contain_text("Điện lực")
    await page.keyboard.press("c")
    await page.keyboard.press("Escape")
    await expect(page.locator(f"#row-{other.code}")).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()


async def test_somebody_elses_act_is_read_in_the_rows_place(page: Page, address: str, world: World) -> None:
    first, other = await waiting(world, 2)
    await open_as(page, address, world, "coordinator", DESK)
    await act(world, "coordinator", first, Act.ASSIGN, agency_id=POWER)
    await act(world, "coordinator", other, Act.RECLASSIFY, category="power-cut")
    await expect(page.locator(f"#row-{first.code}")).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.get_by_role("alert")).to_contain_text("trước anh/chị")
    await expect(page.locator(f"#row-{other.code}")).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.locator(f"#row-{other.code} [role=alert]")).to_contain_text("Vừa có người thay đổi")
    await page.keyboard.press("k")
    await expect(page.locator(f"#row-{other.code}")).to_be_focused()
    await page.keyboard.press("a")
    await expect(page.locator("[data-done]")).to_have_count(1)
    assert (await now(world, other)).agency_id == POWER


async def test_an_extension_is_granted_with_a_phrase(page: Page, address: str, world: World) -> None:
    report = await asking(world)
    await open_as(page, address, world, "coordinator", f"{DESK}?s=extensions")
    row = page.locator(f"#row-{report.code}")
    await row.get_by_role("button", name="Chờ vật tư").click()
    await expect(row.get_by_label("Lý do", exact=True)).to_have_value(
        "Cần thêm thời gian để chuẩn bị vật tư, thiết bị cho việc xử lý."
    )
    await row.get_by_role("button", name="Đồng ý gia hạn").click()
    await expect(page.locator("[data-done]")).to_contain_text("đã gia hạn đến")
    assert (await now(world, report)).extended_to == report.extension_wanted


async def test_the_desk_works_without_scripts(browser: Browser, address: str, world: World) -> None:
    (report,) = await waiting(world, 1)
    context = await browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "coordinator", DESK)
    await page.get_by_role("link", name="Sửa lĩnh vực, cơ quan").click()
    await page.get_by_label("Lĩnh vực").select_option("power-cut")
    await page.get_by_role("button", name="Xem cơ quan theo quy tắc").click()
    await page.get_by_role("button", name="Chuyển đến cơ quan này").click()
    await expect(page.get_by_role("status").first).to_contain_text("đã chuyển đến")
    assert (await now(world, report)).agency_id == POWER
    await context.close()


@pytest.mark.parametrize("width", [390, 1280])
async def test_every_list_is_accessible_fits_and_is_light(
    browser: Browser, address: str, world: World, width: int
) -> None:
    parts = world.parts
    await waiting(world, 20)
    stored = await photos.store_photo(parts.pool, parts.objects, parts.lab, photo("ảnh hiện trường"))
    await filed(world, photos=(stored,))
    back = await light(world)
    await act(world, "officer", back, Act.RETURN, text="Trụ đèn này không do công ty quản lý.")
    await disputed(world)
    await asking(world)
    await act(world, "officer", await light(world, photos=(stored,)), Act.RESOLVE, text="Đã thay.", photos=(stored,))
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, "coordinator", DESK)
    for name in ("intake", "returned", "competence", "objections", "extensions", "proof"):
        sizes: list[int] = []

        async def count(response: object, sizes: list[int] = sizes) -> None:
            sizes.append((await response.request.sizes())["responseBodySize"])  # type: ignore[attr-defined]

        page.on("response", count)
        await page.goto(f"{address}{DESK}?s={name}", wait_until="networkidle")
        page.remove_listener("response", count)
        assert await faults(page) == [], name
        assert len(sizes) <= 12, name
        assert sum(sizes) <= 60_000, (name, sizes)
    await page.goto(f"{address}{DESK}")
    await page.keyboard.press("c")
    assert await faults(page) == [], "choosing"
    row = await page.locator("[data-row]").first.get_attribute("data-choose")
    await page.goto(f"{address}{row}")
    assert await faults(page) == [], "one report"
    person = await from_a_chat(world, f"88{width}")
    reporter = f"/console/reports/{person.code}/reporter"
    await page.goto(f"{address}{reporter}")
    await page.get_by_label("Lý do xem").fill("Gọi lại để hỏi vị trí.")
    await page.get_by_role("button", name="Xem thông tin liên hệ").click()
    await expect(page.get_by_text("Thạch Sà Rương")).to_be_visible()
    assert await faults(page) == [], "seen"
    await page.get_by_label("Lý do tạm ngừng").fill("Gửi tin rác nhiều lần.")
    await page.get_by_role("button", name="Tạm ngừng nhận").click()
    await expect(page.get_by_text("Đang tạm ngừng nhận từ")).to_be_visible()
    for path in (reporter, "/console/desk/blocked", "/console/looks"):
        await page.goto(f"{address}{path}")
        assert await faults(page) == [], path
    await context.close()
