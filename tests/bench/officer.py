"""An officer clears fifty cases by keyboard alone in a real browser: seconds and key presses for each.

Every case is opened from the queue, begun, resolved with words and a photo of what was mended, and left for the next.
The officer types as fast as the browser takes it and never stops to think: what is measured is the system's part.

PHANANH_BENCH_CASES=10 python -m tests.bench officer      with another number of cases
"""

import asyncio
import os
import re
import shutil
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.async_api import Page, async_playwright

from app.db import connect_pool, migrate
from app.photos.lab import PhotoLab
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing import service as routing
from tests.bench import Figure
from tests.bench._database import database
from tests.serving import running
from tests.world import AN_XUYEN, COMPANY, PASSWORD, RULES, World, parts_over, photo, settle

_CASES = int(os.environ.get("PHANANH_BENCH_CASES", "50"))
_WORDS = "Đã thay bóng, đèn sáng lại."
_SECONDS, _KEYS = 3.0, 12
"""The bars: nobody should wait longer for the system, or press more keys beside the words, than this for one case."""


class _Hands:
    """Presses keys and counts them; what is typed as words is counted apart."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.presses = 0

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
            self.presses += 1

    async def arrive(self, *keys: str) -> None:
        """Press keys of which the last leads to another page."""
        async with self.page.expect_navigation(wait_until="domcontentloaded"):
            await self.press(*keys)


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    async with database() as (folder, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        try:
            async with PhotoLab(workers=1) as lab, parts_over(pool, lab, rules, folder / "home") as parts:
                world = await settle(parts)
                await _file(world)
                async with running(parts) as address:
                    seconds, presses = await _clear(world, address)
                done = await pool.fetchval("SELECT count(*) FROM reports WHERE status = 'resolved'")
                assert done == _CASES, f"{done} of {_CASES} were resolved"
        finally:
            await pool.close()
    return [
        _figure(f"seconds for one of {_CASES} cases, by keyboard alone", seconds / _CASES, "s", _SECONDS),
        _figure("key presses for one case, beside the words", presses / _CASES, "", _KEYS),
    ]


def _figure(name: str, value: float, unit: str, bar: float) -> Figure:
    return Figure(name, round(value, 2), unit, "bar", bar, round(value / bar, 3), "≤ 1 ×", value <= bar)


async def _file(world: World) -> None:
    parts = world.parts
    for number in range(_CASES):
        new = NewReport(
            text=f"Đèn đường trụ số {number} không sáng ba đêm nay.", place=Place(commune_code=AN_XUYEN), channel="web",
            lang="vi", consent=True, category="street-light",
        )  # fmt: skip
        at = datetime.now(UTC) - timedelta(hours=number)
        report = (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, at)).report
        assert report.agency_id == COMPANY


async def _clear(world: World, address: str) -> tuple[float, int]:
    """Seconds and key presses from the queue's first case to the empty queue."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    with tempfile.TemporaryDirectory() as name:
        shots = [Path(name) / f"sau-{number}.jpg" for number in range(_CASES)]
        for number, shot in enumerate(shots):
            await asyncio.to_thread(shot.write_bytes, photo(f"sau {number}", size=(1600, 1200)))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = await browser.new_page(viewport={"width": 1366, "height": 768}, locale="vi-VN")
            await _sign_in(page, world, address)
            hands, began = _Hands(page), time.perf_counter()
            await hands.press("j")
            await hands.arrive("Enter")
            for shot in shots:
                await _one(hands, shot)
            took = time.perf_counter() - began
            assert re.search(r"/console/queue\?", page.url), page.url
            await browser.close()
    return took, hands.presses


async def _sign_in(page: Page, world: World, address: str) -> None:
    await page.goto(f"{address}/console/queue")
    await page.keyboard.type(world.people["officer"].username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[data-row]")


async def _one(hands: _Hands, shot: Path) -> None:
    """From a case's page to the next one's."""
    await hands.press("b")  # to the first step's buttons: on to the next case, or stay
    await hands.arrive("Tab", "Enter")
    await hands.press("x")
    await hands.page.keyboard.type(_WORDS)
    async with hands.page.expect_file_chooser() as chooser:
        await hands.press("Tab", "Enter")
    await (await chooser.value).set_files(shot)
    await hands.press("Enter")  # in the system's own dialog, with the file that was taken last
    await hands.arrive("Control+Enter")
