"""Debian's Chromium, driven by Playwright, for every test that looks at a page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def chromium() -> str:
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium", pytrace=False)
    return str(CHROMIUM)


@pytest_asyncio.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        # As root Chromium starts only without its sandbox; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A visitor with a phone-sized screen and nothing remembered."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    context.set_default_timeout(10_000)
    yield context
    await context.close()


@pytest_asyncio.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page of that visitor. The test fails if its scripts failed or its content policy was broken."""
    complaints: list[str] = []

    def heard(line: ConsoleMessage) -> None:
        # A refused request is for the page to explain, not a fault of its script.
        if line.type in ("error", "warning") and "Failed to load" not in line.text:
            complaints.append(line.text)

    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", heard)
    yield page
    assert complaints == []
