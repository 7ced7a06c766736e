"""The map page in a real browser: on a phone, by finger, keyboard and address, with and without scripts."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from app.places import service as places
from app.places.boundaries import read
from app.settings import Tiles
from bot.simulator.model import Person
from bot.simulator.web_app import init_data
from tests.browser.desk import faults
from tests.places.files import commune, feature, square, write
from tests.portal.conftest import Chat, asked_where, opened
from tests.serving import running
from tests.world import HERE, World

TILES = "https://tiles.example/{z}/{x}/{y}.png"
READY = "form[data-ready]"


@pytest_asyncio.fixture(scope="module")
async def address(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A server with boundaries for three communes, which are squares, and centres for the others."""
    names = ("Phường An Xuyên", "Phường Lý Văn Lâm", "Phường Tân Thành")
    known = [commune(name) for name in names]
    file = write(
        tmp_path_factory.mktemp("map") / "a.geojson", [feature(one, square(one.lat, one.lon, 0.01)) for one in known]
    )
    gazetteer = places.with_boundaries(read(file).communes, uuid4())
    async with running(msgspec.structs.replace(world.parts, gazetteer=gazetteer)) as address:
        yield address


async def open_map(page: Page, address: str, chat: Chat, fragment: str = "") -> None:
    await page.goto(f"{address}{chat.path}{fragment}")
    await page.wait_for_selector(READY)


async def sent_point(chat: Chat) -> tuple[float, float]:
    [pin] = await chat.pins()
    return float(str(pin["lat"])), float(str(pin["lon"]))


async def press_send(page: Page) -> None:
    await page.get_by_role("button", name="Gửi vị trí này").click()


# ---------------------------------------------------------------- ways to choose a place


async def test_own_position_is_named_and_sent(context: BrowserContext, page: Page, address: str, world: World) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 15})
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_role("button", name="Dùng vị trí của tôi").click()
    await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
    await expect(page.locator("#notice")).to_be_hidden()
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_focused()
    await expect(page.get_by_role("button", name="Quay lại")).to_be_hidden()
    assert await sent_point(chat) == (HERE["lat"], HERE["lon"])


async def test_a_rough_position_asks_to_be_mended(
    context: BrowserContext, page: Page, address: str, world: World
) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 1430})
    await open_map(page, address, await asked_where(world.parts))
    await page.get_by_role("button", name="Dùng vị trí của tôi").click()
    await expect(page.locator("#notice")).to_contain_text("khoảng 1400 m")


async def test_a_refused_position_leaves_the_map_and_the_address(page: Page, address: str, world: World) -> None:
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_role("button", name="Dùng vị trí của tôi").click()
    await expect(page.get_by_role("alert")).to_contain_text("chưa cho phép")
    await press_send(page)
    await expect(page.get_by_role("alert")).to_contain_text("kéo bản đồ tới đúng chỗ")
    assert await chat.pins() == []


async def test_the_map_is_moved_by_finger_and_the_name_follows(page: Page, address: str, world: World) -> None:
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_label("Địa chỉ").fill("phường An Xuyên")
    await page.get_by_role("button", name="Tìm").click()
    await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
    box = await page.locator("#map").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.mouse.move(*middle)
    await page.mouse.down()
    for step in range(1, 11):
        await page.mouse.move(middle[0] - 12 * step, middle[1] + 12 * step)
    await page.mouse.up()
    await expect(page.locator("#where")).to_contain_text("Gần")
    # A tap brings that point below the pin.
    await page.mouse.click(middle[0] - 100, middle[1] + 100)
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert abs((await sent_point(chat))[0] - HERE["lat"]) > 0.001


async def test_everything_is_done_by_keyboard(page: Page, address: str, world: World) -> None:
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_label("Địa chỉ").focus()
    await page.keyboard.type("tac van")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Có 2 nơi")).to_be_visible()
    await page.get_by_role("button", name="Phường Tân Thành").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#map")).to_be_focused()
    await expect(page.locator("#where")).to_have_text("Phường Tân Thành")
    async with asyncio.timeout(60):
        while "Gần" not in await page.locator("#where").inner_text():  # a press during a move is not counted
            await page.keyboard.press("ArrowUp")
    while await page.evaluate("document.activeElement.textContent.trim()") != "Gửi vị trí này":
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert (await sent_point(chat))[0] > 9.19


async def test_the_pin_stays_on_its_place_when_words_come_and_go(
    context: BrowserContext, page: Page, address: str, world: World
) -> None:
    await context.grant_permissions(["geolocation"])
    await context.set_geolocation({"latitude": HERE["lat"], "longitude": HERE["lon"], "accuracy": 1430})
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_role("button", name="Dùng vị trí của tôi").click()
    await page.get_by_label("Địa chỉ").fill("tac van")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Có 2 nơi")).to_be_visible()
    label, pin = page.locator(".commune", has_text="An Xuyên"), page.locator(".pin")
    async with asyncio.timeout(60):
        while True:
            at, tip = await label.bounding_box(), await pin.bounding_box()
            # The name stands at the commune's centre, which is where the position is: below the tip of the pin. It is
            # away while the map draws itself anew.
            if at and tip and abs(at["y"] - (tip["y"] + 50)) < 12:
                break
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert await sent_point(chat) == (HERE["lat"], HERE["lon"])


async def test_an_address_that_nobody_knows_says_what_to_try(page: Page, address: str, world: World) -> None:
    await open_map(page, address, await asked_where(world.parts))
    await page.get_by_label("Địa chỉ").fill("hẻm 9 sau nhà ông Tám")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Chưa tìm thấy nơi này")


async def test_without_scripts_an_address_is_sent(browser: Browser, address: str, world: World) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = await context.new_page()
    chat = await asked_where(world.parts)
    await page.goto(f"{address}{chat.path}")
    await expect(page.locator("#map")).to_be_hidden()
    await press_send(page)
    await expect(page.get_by_text("chưa ghi địa chỉ")).to_be_visible()
    await page.get_by_label("Địa chỉ").fill("12 Lý Bôn, phường An Xuyên")
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert [pin["address"] for pin in await chat.pins()] == ["12 Lý Bôn, phường An Xuyên"]
    await context.close()


# ---------------------------------------------------------------- when something is missing


async def test_a_broken_connection_keeps_the_place_for_another_try(
    context: BrowserContext, page: Page, address: str, world: World
) -> None:
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    await page.get_by_label("Địa chỉ").fill("phường An Xuyên")
    await page.keyboard.press("Enter")
    await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
    await context.set_offline(True)
    await press_send(page)
    await expect(page.get_by_role("alert")).to_contain_text("mạng yếu")
    await page.get_by_label("Địa chỉ").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Chưa tìm được")
    await context.set_offline(False)
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert len(await chat.pins()) == 1


async def test_a_link_used_meanwhile_says_so_in_place(page: Page, address: str, world: World) -> None:
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    async with httpx.AsyncClient() as other:
        await other.post(f"{address}{chat.path}", data={"address": "phường An Xuyên"})
    await page.get_by_label("Địa chỉ").fill("9.2246, 105.178")
    await page.keyboard.press("Enter")
    await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
    await press_send(page)
    await expect(page.get_by_role("alert")).to_contain_text("đã được gửi bằng đường dẫn này")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Chưa mở được trang này")
    await expect(page.get_by_text("đã được gửi bằng đường dẫn này")).to_be_visible()


async def test_when_tiles_fail_the_boundaries_stay_and_a_notice_says_so(page: Page, world: World, address: str) -> None:
    settings = msgspec.structs.replace(world.parts.settings, tiles=Tiles(TILES, "© <b>Sở</b>"))
    async with running(msgspec.structs.replace(world.parts, settings=settings)) as with_tiles:

        async def fail(route: Route) -> None:
            await route.abort()

        await page.route("https://tiles.example/**", fail)
        await open_map(page, with_tiles, await asked_where(world.parts))
        await expect(page.locator("#notice")).to_contain_text("Không tải được ảnh nền")
        await expect(page.locator(".leaflet-control-attribution")).to_have_text("© <b>Sở</b>")
        await expect(page.locator(".commune").first).to_be_visible()
        asked: list[str] = []

        async def answer(route: Route) -> None:
            asked.append(route.request.url)
            await route.fulfill(body=PIXEL, content_type="image/gif")

        await page.unroute("https://tiles.example/**")
        await page.route("https://tiles.example/**", answer)
        await open_map(page, with_tiles, await asked_where(world.parts))
        await expect(page.locator("img.leaflet-tile-loaded").first).to_be_attached()
        await expect(page.locator("#notice")).to_be_hidden()
        assert re.fullmatch(r"https://tiles\.example/\d+/\d+/\d+\.png", asked[0])


PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")


async def test_nothing_is_asked_of_other_servers(page: Page, address: str, world: World) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await open_map(page, address, await asked_where(world.parts))
    assert len(asked) >= 6
    assert [url for url in asked if not url.startswith(f"{address}/")] == []


# ---------------------------------------------------------------- inside Telegram

_BRIDGE = """window.told = [];
window.TelegramWebviewProxy = {postEvent: (name, data) => told.push([name, JSON.parse(data)])};"""


def fragment(data: str) -> str:
    return "#" + str(httpx.QueryParams({"tgWebAppData": data, "tgWebAppVersion": "8.0"}))


async def test_inside_telegram_the_page_sends_who_opened_it_and_closes(page: Page, address: str, world: World) -> None:
    await page.add_init_script(_BRIDGE)
    chat = await asked_where(world.parts, "telegram")
    await open_map(page, address, chat, fragment(opened(chat.link.chat_id)))
    await page.get_by_label("Địa chỉ").fill("9.2246, 105.178")
    await page.keyboard.press("Enter")
    await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
    await press_send(page)
    await expect(page.get_by_role("button", name="Quay lại cuộc trò chuyện")).to_be_visible()
    assert await page.evaluate("told") == [["web_app_ready", {}], ["web_app_expand", {}], ["web_app_close", {}]]
    assert await sent_point(chat) == (9.2246, 105.178)


async def test_another_persons_initdata_is_refused_in_words(page: Page, address: str, world: World) -> None:
    chat = await asked_where(world.parts, "telegram")
    for data in (opened("5"), init_data("1:other", Person(int(chat.link.chat_id), "Lan"), 1), ""):
        await page.goto("about:blank")
        await open_map(page, address, chat, fragment(data) if data else "")
        await page.get_by_label("Địa chỉ").fill("9.2246, 105.178")
        await page.keyboard.press("Enter")
        await expect(page.locator("#where")).to_have_text("Phường An Xuyên")
        await press_send(page)
        await expect(page.get_by_role("alert")).to_contain_text("khi chính anh/chị mở từ cuộc trò chuyện Telegram")
    assert await chat.pins() == []


# ---------------------------------------------------------------- for everybody


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_every_state_of_the_page_is_accessible_and_fits(
    browser: Browser, address: str, world: World, width: int
) -> None:
    # axe is put into the page as a script of the test's own, which the page's policy would refuse.
    context = await browser.new_context(bypass_csp=True, viewport={"width": width, "height": 800}, locale="vi-VN")
    page = await context.new_page()
    chat = await asked_where(world.parts)
    await open_map(page, address, chat)
    assert await faults(page) == []
    await page.get_by_label("Địa chỉ").fill("tac van")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Có 2 nơi")).to_be_visible()
    assert await faults(page) == []
    await press_send(page)
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await faults(page) == []
    await page.get_by_role("button", name="Phường Tân Thành").click()
    await press_send(page)
    await expect(page.get_by_role("heading", name="Đã gửi vị trí")).to_be_visible()
    assert await faults(page) == []
    await page.reload()
    await expect(page.get_by_role("heading", name="Chưa mở được trang này")).to_be_visible()
    assert await faults(page) == []
    await context.close()


async def test_the_whole_map_is_on_a_phones_screen_without_scrolling(page: Page, address: str, world: World) -> None:
    await open_map(page, address, await asked_where(world.parts))
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    sizes: list[Any] = await page.evaluate(
        "[...document.querySelectorAll('button, input, .leaflet-control-zoom a')]"
        ".filter((one) => one.checkVisibility()).map((one) => one.getBoundingClientRect())"
        ".map(({width, height}) => [width, height])"
    )
    assert [size for size in sizes if min(size) < 44] == []
