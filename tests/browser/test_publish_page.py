"""Publishing in a real browser: boxes drawn with a mouse, a finger and by the keyboard, and what the public gets."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from PIL import ImageChops
from playwright.async_api import Browser, Page, Response, expect

from tests.browser.desk import faults, open_as
from tests.console.reports import busy, case, file, picture, public, street
from tests.photos.pictures import decoded
from tests.serving import running
from tests.world import World


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


@pytest_asyncio.fixture
async def desk(browser: Browser) -> AsyncIterator[Page]:
    """A coordinator's old screen. axe is put into the page as a script of the test's own, which the page's policy would
    refuse."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768}, locale="vi-VN", bypass_csp=True)
    context.set_default_timeout(30_000)
    yield await context.new_page()
    await context.close()


async def open_page(page: Page, address: str, world: World, code: str) -> None:
    await open_as(page, address, world, "coordinator", f"/console/reports/{code}/publish")
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Công khai phản ánh {code}")


async def drag(page: Page, left: float, top: float, right: float, bottom: float) -> None:
    """Draw a box on the first photo, in parts of its width and height."""
    ground = page.locator("[data-ground]").first
    await ground.scroll_into_view_if_needed()
    frame = await ground.bounding_box()
    assert frame
    x, y, width, height = frame["x"], frame["y"], frame["width"], frame["height"]
    await page.mouse.move(x + left * width, y + top * height)
    await page.mouse.down()
    await page.mouse.move(x + right * width, y + bottom * height, steps=4)
    await page.mouse.up()


async def sides(page: Page) -> list[list[float]]:
    """The boxes of the first photo as they stand in the form."""
    rows = page.locator("[data-boxes]").first.locator("[data-box]")
    return [
        [float(await row.locator(f"[data-side={side}]").input_value()) for side in "xywh"] for row in await rows.all()
    ]


async def weigh(page: Page) -> tuple[int, int]:
    """The page as it stands, loaded by a browser that knows nothing of it: requests, and bytes without photos."""
    session = await page.context.new_cdp_session(page)
    await session.send("Network.clearBrowserCache")
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    await page.reload(wait_until="networkidle")
    sizes = [await one.request.sizes() for one in responses if "/photos/" not in one.url]
    weight = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    return len(responses), weight


async def test_a_box_is_drawn_previewed_and_burnt_into_what_the_public_gets(
    desk: Page, address: str, world: World
) -> None:
    code = await file(address, street(21), text="Đèn hỏng trước nhà ông Lê Văn Tám, gọi 0912 345 678.")
    await open_page(desk, address, world, code)
    await drag(desk, 0.2, 0.25, 0.5, 0.65)
    (box,) = await sides(desk)
    assert [abs(got - want) < 1 for got, want in zip(box, (20, 25, 30, 40), strict=True)] == [True] * 4
    await expect(desk.locator("[data-count]").first).to_have_text("Số ô che: 1")
    await drag(desk, 0.7, 0.7, 0.9, 0.9)
    await desk.get_by_role("button", name="Bỏ ô cuối").click()
    assert len(await sides(desk)) == 1
    # A click is no box.
    await drag(desk, 0.8, 0.8, 0.802, 0.802)
    assert len(await sides(desk)) == 1
    await desk.get_by_label("Bản công khai").fill("Đèn đường hỏng ba đêm nay.")
    assert await faults(desk) == []

    await desk.get_by_role("button", name="Xem trước").click()
    seen = desk.get_by_role("region", name="Mọi người sẽ thấy như sau")
    await expect(seen).to_contain_text("Đèn đường hỏng ba đêm nay.")
    await expect(desk.get_by_label("Bản công khai")).to_have_value("Đèn đường hỏng ba đêm nay.")
    assert (await public(address, code))["published"] is False

    await desk.get_by_role("button", name="Công khai", exact=True).click()
    await expect(desk.get_by_role("status").first).to_contain_text("Đã công khai")
    assert await faults(desk) == []
    view = await public(address, code)
    assert view["text"] == "Đèn đường hỏng ba đêm nay."
    large, small = [await picture(address, view["photos"][0][size]) for size in ("large", "small")]
    plain = decoded(street(21)).convert("RGB")
    for image in (large, small):
        assert busy(image, 0.23, 0.29, 0.47, 0.61) < 2
    rest = (0.55, 0.05, 0.95, 0.95)
    part = tuple(int(each * side) for each, side in zip(rest, plain.size * 2, strict=True))
    same = ImageChops.difference(plain.crop(part), large.crop(part)).convert("L")  # type: ignore[arg-type]  # four numbers
    assert max(value for value, count in enumerate(same.histogram()) if count) < 40
    (original,) = (await case(world, code)).pictures
    assert original.sha256 not in str(view)


async def test_the_whole_way_without_a_mouse(desk: Page, address: str, world: World) -> None:
    code = await file(address, street(22), street(23))
    await open_page(desk, address, world, code)
    add = desk.get_by_role("button", name="Thêm ô").first
    await add.focus()
    await desk.keyboard.press("Enter")
    await expect(desk.locator("[data-side=x]").first).to_be_focused()
    for _ in range(5):
        await desk.keyboard.press("ArrowDown")
    assert (await sides(desk))[0] == [35, 40, 20, 20]
    await expect(desk.locator("rect.chosen")).to_have_count(1)
    second = desk.get_by_role("radio", name="Ẩn ảnh này").nth(1)
    await second.focus()
    await desk.keyboard.press("Space")
    await desk.get_by_role("button", name="Công khai", exact=True).focus()
    await desk.keyboard.press("Enter")
    await expect(desk.get_by_role("status").first).to_contain_text("Đã công khai")
    view = await public(address, code)
    assert len(view["photos"]) == 1
    assert busy(await picture(address, view["photos"][0]["large"]), 0.37, 0.42, 0.53, 0.58) < 2


async def test_on_a_telephone_a_finger_draws_only_when_asked_to(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, locale="vi-VN", has_touch=True, is_mobile=True, bypass_csp=True
    )
    page = await context.new_page()
    code = await file(address, street(24))
    await open_page(page, address, world, code)
    assert await faults(page) == []
    ground = page.locator("[data-ground]").first
    touch = """(ground, [x1, y1, x2, y2]) => {
        const frame = ground.getBoundingClientRect();
        const say = (kind, x, y) => ground.dispatchEvent(new PointerEvent(kind, {
            bubbles: true, cancelable: true, pointerId: 1, pointerType: "touch",
            clientX: frame.left + x * frame.width, clientY: frame.top + y * frame.height,
        }));
        ground.setPointerCapture = () => {};
        say("pointerdown", x1, y1); say("pointermove", x2, y2); say("pointerup", x2, y2);
    }"""
    await ground.evaluate(touch, [0.1, 0.1, 0.4, 0.4])
    assert await sides(page) == []
    await page.get_by_role("button", name="Vẽ ô che").click()
    await ground.evaluate(touch, [0.1, 0.1, 0.4, 0.4])
    (box,) = await sides(page)
    assert [round(side) for side in box] == [10, 10, 30, 30]
    await page.get_by_role("button", name=re.compile("Bỏ ô này")).click()
    assert await sides(page) == []
    await context.close()


async def test_the_page_is_light(desk: Page, address: str, world: World) -> None:
    code = await file(address, street(25))
    await open_page(desk, address, world, code)
    requests, weight = await weigh(desk)
    assert (requests <= 12, weight <= 60_000) == (True, True), (requests, weight)
