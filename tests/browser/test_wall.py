"""The wall display in a real browser, as it hangs there for days."""

import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, ViewportSize, expect

from app.places import service as places
from app.places.boundaries import read
from app.stats.projection import catch_up
from tests.browser.desk import faults
from tests.console.reports import file
from tests.places.files import commune, feature, square, write
from tests.serving import running
from tests.wall.conftest import link, revoke
from tests.world import World

LARGE: ViewportSize = {"width": 1920, "height": 1080}


@pytest_asyncio.fixture(scope="module")
async def bounded(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world with boundaries for one commune."""
    one = commune("Phường An Xuyên")
    path = write(tmp_path_factory.mktemp("wall") / "a.geojson", [feature(one, square(one.lat, one.lon, 0.05))])
    world.parts.gazetteer = places.with_boundaries(read(path).communes, uuid4())
    return world


@pytest_asyncio.fixture
async def large(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport=LARGE, locale="vi-VN", bypass_csp=True)
    yield context
    await context.close()


async def test_figures_change_without_a_reload_and_survive_a_restart(page: Page, bounded: World) -> None:
    await page.set_viewport_size(LARGE)
    path = await link(bounded)
    server = running(bounded.parts)
    async with server as address:
        port = int(address.rpartition(":")[2])
        await page.goto(f"{address}{path}#today")
        received = page.locator(".tiles div").first.locator("dd").first
        await expect(page.locator("#state")).to_have_text("Đang cập nhật")
        before = int(await received.inner_text())
        await file(address)
        await catch_up(bounded.parts.pool)
        await expect(received).to_have_text(str(before + 1))
    async with running(bounded.parts, port) as address:
        await file(address)
        await catch_up(bounded.parts.pool)
        await expect(received).to_have_text(str(before + 2), timeout=20_000)
        await revoke(bounded, path)
        await expect(page.locator("#state")).to_contain_text("đã bị thu hồi", timeout=20_000)
        await expect(page.locator("main")).to_be_hidden()


async def test_a_wall_that_hears_nothing_says_so_and_its_clock_runs_on(page: Page, bounded: World) -> None:
    await page.clock.install()
    async with running(bounded.parts) as address:
        await page.goto(f"{address}{await link(bounded)}")
        await expect(page.locator("#state")).to_have_text("Đang cập nhật")
    await page.clock.run_for(20_000)
    await expect(page.locator("#state")).to_contain_text("Mất kết nối từ")
    shown = await page.locator("#clock").inner_text()
    await page.clock.run_for(60_000)
    assert re.fullmatch(r"\d\d:\d\d", shown)
    assert await page.locator("#clock").inner_text() != shown


async def test_scenes_turn_and_are_held_by_key(page: Page, bounded: World) -> None:
    await page.clock.install()
    async with running(bounded.parts) as address:
        await file(address)
        await page.goto(f"{address}{await link(bounded)}")
        today, on_map = page.locator('[data-scene="today"]'), page.locator('[data-scene="map"]')
        await expect(today).to_be_visible()
        await page.clock.run_for(12_500)
        await expect(on_map).to_be_visible()
        await expect(today).to_be_hidden()
        await expect(page.locator(".dots circle")).not_to_have_count(0)
        await page.keyboard.press("Space")
        await page.clock.run_for(60_000)
        await expect(on_map).to_be_visible()
        await page.reload()
        await expect(on_map).to_be_visible()
        await page.keyboard.press("Space")
        await page.keyboard.press("ArrowLeft")
        await expect(today).to_be_visible()
        size = await page.evaluate("document.querySelectorAll('*').length")
        await page.clock.run_for(600_000)
        assert await page.evaluate("document.querySelectorAll('*').length") <= size + 5


async def test_every_scene_is_accessible_and_fits(large: BrowserContext, bounded: World) -> None:
    page = await large.new_page()
    await page.emulate_media(reduced_motion="reduce")  # what fades in has no contrast yet
    async with running(bounded.parts) as address:
        path = await link(bounded)
        for scene, width, height in (("today", 1920, 1080), ("map", 1920, 1080), ("days", 390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto("about:blank")
            await page.goto(f"{address}{path}#{scene}")
            await expect(page.locator("#state")).to_have_text("Đang cập nhật")
            assert await faults(page) == [], (scene, width)
