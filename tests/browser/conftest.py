"""Debian's Chromium, driven by Playwright, for every test that looks at a page."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

# What takes five seconds on a machine with nothing else to do takes longer beside three other workers.
expect.set_options(timeout=20_000)
LIGHT, WHOLE = "chromium-headless-shell", "chromium"
"""The light one has no windows to draw and takes a third of the other's processor time for the same pages."""


@asynccontextmanager
async def launched(*programs: str) -> AsyncIterator[Browser]:
    """The first of these that is installed."""
    found = next(filter(None, map(shutil.which, programs)), None)
    if found is None:
        pytest.fail(f"Chromium is missing: apt-get install {programs[0]}", pytrace=False)
    async with async_playwright() as playwright:
        # As root Chromium starts only without its sandbox; the pages are our own.
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched(LIGHT, WHOLE) as browser:
        yield browser


@pytest_asyncio.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A visitor with a phone-sized screen and nothing remembered."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    context.set_default_timeout(30_000)
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
