"""A case in a real browser: on an old desk's screen, on a telephone, in every status, with the keyboard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from app.accounts.model import Actor
from app.photos import service as photos
from app.places.boundaries import read
from app.places.service import embedded_default, with_boundaries
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place, Report
from app.reports.workflow import Act
from tests.browser.desk import faults, open_as
from tests.places.files import commune, feature, square, write
from tests.serving import running
from tests.world import HERE, LIGHT, World, photo

DESK = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="module")
async def address(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    one = commune("Phường An Xuyên")
    path = write(tmp_path_factory.mktemp("map") / "a.geojson", [feature(one, square(one.lat, one.lon))])
    world.parts.gazetteer = with_boundaries(read(path).communes, uuid4())
    async with running(world.parts) as address:
        yield address


async def file(world: World, **more: Any) -> Report:
    parts = world.parts
    stored = [await photos.store_photo(parts.pool, parts.objects, parts.lab, photo(f"trước {uuid4()}"))]
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(HERE["lat"], HERE["lon"], "12 Lý Bôn"), channel="telegram", lang="vi",
        consent=True, category="street-light", photos=tuple(stored), **more,
    )  # fmt: skip
    return (await file_report(parts.pool, parts.rules, embedded_default(), b"k" * 40, new)).report


async def act(world: World, key: str, report: Report, what: Act, *, picture: bool = False, **form: Any) -> Report:
    person, parts = world.people[key], world.parts
    who = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    if picture:
        after = photo(f"sau {uuid4()}", colour="#4a7c59")
        form["photos"] = (await photos.store_photo(parts.pool, parts.objects, parts.lab, after),)
    return await service.perform(parts.pool, parts.rules, who, report, what, Form(**form))


@pytest_asyncio.fixture
async def visit(browser: Browser, address: str, world: World) -> AsyncIterator[Visit]:
    """Gives a page of a browser of their own, in which this person is signed in, at this path. The test fails if a
    page's scripts failed or its content policy was broken."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    async def visit(key: str, path: str, viewport: dict[str, int] = DESK, **more: Any) -> Page:
        context = await browser.new_context(viewport=viewport, locale="vi-VN", **more)  # type: ignore[arg-type]  # a TypedDict
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await open_as(page, address, world, key, path)
        return page

    yield visit
    for context in contexts:
        await context.close()
    assert [line for line in complaints if "Failed to load resource" not in line] == []


async def lived(world: World) -> dict[str, Report]:
    """A case in each status, with as much said and shown as there may be."""
    cases = {"assigned": await file(world)}
    working = await act(world, "officer", await file(world), Act.START)
    working = await act(world, "officer", working, Act.NOTE, text="Đã gọi đội đèn số 2, chờ xe nâng.")
    working = await act(world, "officer", working, Act.PROGRESS, text="Đội thợ sẽ đến trong chiều nay.")
    cases["in_progress"] = await act(world, "officer", working, Act.ASK_EXTENSION, text="Chờ vật tư.", days=3)
    cases["awaiting_info"] = await act(world, "officer", await file(world), Act.ASK, text="Trụ đèn số mấy ạ?")
    cases["returned"] = await act(world, "officer", await file(world), Act.RETURN, text="Đèn của dự án, không phải.")
    begun = await act(world, "officer", await file(world), Act.START)
    cases["resolved"] = await act(world, "officer", begun, Act.RESOLVE, text="Đã thay bóng mới.", picture=True)
    cases["rejected"] = await act(world, "coordinator", await file(world), Act.REJECT, text="Ngoài phạm vi.")
    into = await file(world)
    cases["duplicate"] = await act(world, "coordinator", await file(world), Act.MERGE, target=into.code)
    return cases


@pytest.mark.parametrize("key", ["officer", "coordinator"])
async def test_nothing_is_in_anybodys_way_in_any_status(key: str, visit: Visit, world: World, address: str) -> None:
    cases = await lived(world)
    if key == "officer":
        del cases["returned"]  # back at the operations centre
    first = next(iter(cases.values()))
    for viewport in (DESK, PHONE):
        page = await visit(key, f"/console/reports/{first.code}", viewport, bypass_csp=True)
        for status, report in cases.items():
            await page.goto(f"{address}/console/reports/{report.code}")
            await expect(page.get_by_role("heading", level=1)).to_contain_text("Đèn đường hỏng")
            assert await faults(page) == [], (status, viewport)


async def test_an_old_screen_shows_what_decides_without_scrolling(visit: Visit, world: World) -> None:
    report = (await lived(world))["in_progress"]
    page = await visit("officer", f"/console/reports/{report.code}")
    for what in ("Ảnh", "Nội dung", "Địa điểm", "Hạn xử lý"):
        await expect(page.get_by_role("heading", name=what, exact=what != "Ảnh").first).to_be_in_viewport(ratio=1)
    for part in (".heroes img", "p.words", ".map", ".clock", "#form-resolve textarea", "#form-resolve button"):
        await expect(page.locator(part).first).to_be_in_viewport(ratio=0.9)


async def test_photos_open_large_side_by_side_and_close_with_escape(visit: Visit, world: World) -> None:
    report = (await lived(world))["resolved"]
    page = await visit("officer", f"/console/reports/{report.code}")
    await page.locator("[data-shot]").first.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Trước xử lý")
    await page.keyboard.press("ArrowRight")
    await expect(dialog).to_contain_text("Sau xử lý")
    await dialog.get_by_role("button", name="So sánh").click()
    assert await dialog.locator("img:visible").count() == 2
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("[data-shot]").nth(1)).to_be_focused()


async def test_the_large_map_is_loaded_only_when_asked_for(visit: Visit, world: World) -> None:
    report = await file(world)
    page = await visit("officer", f"/console/reports/{report.code}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    # The browser asks for the icon when it likes: with the first look or with the second.
    own = [url for url in asked if "/photos/" not in url and "icon.svg" not in url]
    assert not [url for url in own if "leaflet" in url]
    assert len(own) <= 12
    await page.get_by_role("button", name="Mở bản đồ").click()
    await expect(page.locator(".big-map canvas")).to_be_visible()
    assert [url for url in asked if "leaflet.js" in url]


async def test_a_case_is_worked_by_keys_alone(visit: Visit, world: World, address: str) -> None:
    report = await file(world)
    page = await visit("officer", f"/console/reports/{report.code}")
    await page.keyboard.press("b")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="Bắt đầu xử lý")).to_be_visible()
    await page.keyboard.press("h")
    await expect(page.locator("#ask-text")).to_be_focused()
    await page.keyboard.type("Trụ đèn số mấy ạ?")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("status").filter(has_text="Hỏi người phản ánh")).to_be_visible()
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Phím tắt")
    await expect(sheet).to_contain_text("Ghi chú nội bộ")
    await sheet.get_by_label("Tắt phím tắt một chữ").check()
    await page.keyboard.press("Escape")
    await page.keyboard.press("c")
    await expect(page.locator("#note-text")).to_be_hidden()


async def test_two_browsers_the_slower_sees_what_the_faster_did_and_loses_nothing(visit: Visit, world: World) -> None:
    report = await file(world)
    slow = await visit("officer", f"/console/reports/{report.code}?act=ask")
    fast = await visit("lead", f"/console/reports/{report.code}")
    await expect(fast.locator("[data-others]")).to_have_text("Trần Thị Bích đang mở phản ánh này.")
    async with slow.expect_response("**/presence"):
        await slow.locator("#ask-text").fill("Trụ đèn số mấy ạ?")
    await fast.reload()  # the next beat would say it too, fifteen seconds later
    await expect(fast.locator("[data-others]")).to_have_text("Trần Thị Bích đang mở phản ánh này, đang soạn…")
    await fast.get_by_role("button", name="Bắt đầu xử lý").click()
    await expect(fast.get_by_role("status").filter(has_text="Bắt đầu xử lý")).to_be_visible()
    await slow.locator("#form-ask button").click()
    stale = slow.locator(".stale")
    await expect(stale).to_contain_text("Lê Văn Phước")
    await expect(stale.get_by_role("row", name="Trạng thái")).to_contain_text("Đang xử lý")
    await expect(stale.locator("#ask-text")).to_have_value("Trụ đèn số mấy ạ?")
    await stale.get_by_role("button", name="Vẫn thực hiện").click()
    await expect(slow.locator(".state")).to_contain_text("Chờ bổ sung")


async def test_a_colleague_is_found_by_typing_an_at_sign(visit: Visit, world: World) -> None:
    report = await file(world)
    page = await visit("officer", f"/console/reports/{report.code}?act=note")
    await page.locator("#note-text").press_sequentially("Nhờ @phuoc")
    await expect(page.get_by_role("option").first).to_contain_text("Lê Văn Phước")
    await page.keyboard.press("Enter")
    await expect(page.locator("#note-text")).to_have_value("Nhờ @le.van.phuoc ")
    await page.locator("#form-note button").click()
    await expect(page.locator(".notes .mention")).to_have_text("@le.van.phuoc")
