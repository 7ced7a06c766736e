"""The officer's pages on a slow line: 400 kbit/s and 400 ms for every answer, in a real browser.

Two moments count: the page is on screen, and its keys work (all scripts have run). The first time on a computer nothing
is in the browser's cache; from the second page on, styles and scripts are.
"""

import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.async_api import BrowserContext, Page, async_playwright

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool, connect_pool, migrate
from app.places.dataset import known
from app.places.service import embedded_default
from app.reports import intake
from app.reports.model import NewReport, Place
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from tests.bench import Figure
from tests.bench._database import database
from tests.bench._reports import fill
from tests.bench.queue import _api
from tests.world import AN_XUYEN, COMPANY, HERE, LIGHT, PASSWORD, RULES

_BYTES_A_SECOND = 400_000 / 8
_LATENCY_MS = 400
_BAR_SECONDS = 1.5
_TIMES = 5
_MOMENTS = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  const bytes = performance.getEntries().reduce((sum, one) => sum + (one.transferSize || 0), 0);
  return [paint.startTime / 1000, page.domContentLoadedEventEnd / 1000, bytes / 1000];
}"""
_PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length"


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    async with database() as (folder, server):
        await migrate(server.url())
        pool = await connect_pool(server.url(), 2)
        try:
            code = await _fill(pool, rules)
        finally:
            await pool.close()
        async with _api(server.url(), folder) as port:
            return await _figures(f"http://127.0.0.1:{port}/console", code)


async def _fill(pool: Pool, rules: RuleSet) -> str:
    """Thousands of reports in the queue; gives the code of one with a history, new to the officer."""
    communes = [c for c in known().communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
    staff_id, _ = await accounts.create_staff(pool, "officer", "Trần Thị Bích", COMPANY, Role.OFFICER, PASSWORD, SYSTEM)
    await fill(pool, rules, 10_000, [(COMPANY, staff_id)])
    new = NewReport(
        text=str(LIGHT["text"]), category=str(LIGHT["category"]),
        place=Place(HERE["lat"], HERE["lon"], "12 Lý Bôn", AN_XUYEN),
        channel="telegram", lang="vi", consent=True,
    )  # fmt: skip
    filed = await intake.file_report(pool, rules, embedded_default(), b"k" * 40, new)
    return filed.report.code


async def _figures(console: str, code: str) -> list[Figure]:
    pages = {"queue": f"{console}/queue", "case": f"{console}/reports/{code}"}
    figures = []
    async with async_playwright() as playwright:
        with tempfile.TemporaryDirectory() as name:
            for what, address in pages.items():
                first, again = [], []
                for number in range(_TIMES):
                    # A profile of its own each time: nothing is cached yet.
                    context = await playwright.chromium.launch_persistent_context(
                        Path(name) / f"{what}{number}",
                        executable_path=shutil.which("chromium"),
                        args=["--no-sandbox"],
                        viewport={"width": 1366, "height": 768},
                    )
                    page = await _signed_in(context, console)
                    first.append(await _opened(page, address))
                    again.append(await _opened(page, address))
                    await context.close()
                figures += [
                    *_told(f"{what} page, first time on this computer", first),
                    *_told(f"{what} page, from then on", again),
                ]
    return figures


async def _signed_in(context: BrowserContext, console: str) -> Page:
    """Signed in by a request that leaves the cache as empty as it was."""
    page = context.pages[0]
    await page.goto(f"{console}/signin")
    await page.get_by_label("Tên đăng nhập").fill("officer")
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{console}/queue")
    line = await context.new_cdp_session(page)
    await line.send("Network.clearBrowserCache")
    await line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": _LATENCY_MS,
            "downloadThroughput": _BYTES_A_SECOND,
            "uploadThroughput": _BYTES_A_SECOND,
        },
    )
    await page.goto("about:blank")
    return page


async def _opened(page: Page, address: str) -> tuple[float, float, float]:
    """Seconds until it is on screen, until its keys work, and the kilobytes that came."""
    answer = await page.goto(address, wait_until="load", timeout=60_000)
    assert answer is not None
    assert answer.status == 200, await page.content()
    await page.wait_for_function(_PAINTED)
    painted, ready, kilobytes = await page.evaluate(_MOMENTS)
    await page.goto("about:blank")
    return painted, ready, kilobytes


def _told(name: str, opened: list[tuple[float, float, float]]) -> list[Figure]:
    painted, ready, kilobytes = (statistics.median(values) for values in zip(*opened, strict=True))
    return [
        Figure(
            f"{name}: on screen (keys work after {ready:.2f} s, {kilobytes:.0f} KB)", round(painted, 2), "s", "bar",
            _BAR_SECONDS, round(painted / _BAR_SECONDS, 3), "≤ 1 ×", painted <= _BAR_SECONDS,
        )
    ]  # fmt: skip
