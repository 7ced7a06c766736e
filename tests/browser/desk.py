"""Somebody of the world in a real browser, and what axe says of their pages."""

from pathlib import Path

import httpx
from playwright.async_api import Page

from tests.console.conftest import sign_in
from tests.world import PASSWORD, World

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def open_as(page: Page, address: str, world: World, key: str, path: str) -> None:
    """Be on the page as this person of the world, when its scripts have run: keys pressed from now on are heard.

    They signed in elsewhere and brought the cookie along; the form has tests of its own.
    """
    async with httpx.AsyncClient(base_url=address) as elsewhere:
        answer = await sign_in(elsewhere, world.people[key].username, PASSWORD)
        assert answer.status_code == 303, answer.text
        cookies = list(elsewhere.cookies.jar)
    await page.context.clear_cookies()
    await page.context.add_cookies([{"name": one.name, "value": str(one.value), "url": address} for one in cookies])
    await page.goto(f"{address}{path}")


async def faults(page: Page) -> list[str]:
    """What axe finds, against WCAG 2.2 AA and its best practice; and whether the page is wider than the screen."""
    if not await page.evaluate("'axe' in window"):
        await page.add_script_tag(path=AXE)
    # What axe is content with is a hundred kilobytes, which take longer on their way here than it took to look.
    look = "async (tags) => (await axe.run({runOnly: tags, resultTypes: ['violations']})).violations"
    found = await page.evaluate(look, TAGS)
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found] + ["wide"] * wide
