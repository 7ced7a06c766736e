"""A coordinator in a real browser, and what axe says of her pages."""

from pathlib import Path

from playwright.async_api import Page

from tests.world import PASSWORD, World

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


async def open_as(page: Page, address: str, world: World, key: str, path: str) -> None:
    """Sign in as this person of the world and be on the page."""
    await page.context.clear_cookies()
    await page.goto(f"{address}/console/signin?next={path}")
    await page.get_by_label("Tên đăng nhập").fill(world.people[key].username)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}{path}")


async def faults(page: Page) -> list[str]:
    """What axe finds, against WCAG 2.2 AA; and whether the page is wider than the screen."""
    await page.add_script_tag(path=AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
    found = await page.evaluate("(tags) => axe.run({runOnly: tags})", tags)
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"]] + ["too wide"] * wide
