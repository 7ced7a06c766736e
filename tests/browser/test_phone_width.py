"""On a phone no page is pushed sideways, and the menu leads to all that its reader may open."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.desk import open_as
from tests.console.conftest import PAGES
from tests.console.test_access import EXPECTED
from tests.console.test_field import light
from tests.world import World

_PHONE = 390
_ROLES = ("officer", "lead", "coordinator", "leader", "administrator")
"""As in the columns of EXPECTED."""
_CITIZENS = ("/", "/track", "/reports", "/mine", "/follow", "/faq", "/privacy", "/embeds", "/nothing")
_LONG = "Đoạn đường " + "Nguyễn-Thị-Minh-Khai-nối-dài-" * 4


@pytest.mark.parametrize("role", ["coordinator", "administrator"])
async def test_no_page_is_wider_than_a_phone(
    role: str, browser: Browser, address: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.console.test_field.WORDS", _LONG)
    report = await light(world)
    # The tag of an answer that is late has the longest words of all.
    await world.parts.pool.execute(
        "UPDATE reports SET first_answer_due_at = now() - interval '9 days' WHERE report_id = $1", report.report_id
    )
    column = _ROLES.index(role)
    paths = [f"{PAGES}{path}" for (method, path), gives in EXPECTED.items() if method == "GET" and gives[column] == 200]
    paths = [path for path in paths if "{" not in path and not path.endswith((".csv", "/points", "/session", "/work"))]
    paths += (f"{PAGES}/queue?tab=all", f"{PAGES}/reports/{report.code}") if role == "coordinator" else _CITIZENS
    context = await browser.new_context(viewport={"width": _PHONE, "height": 844}, locale="vi-VN")
    page = await context.new_page()
    await open_as(page, address, world, role, PAGES)
    wide = []
    for path in paths:
        await page.goto(f"{address}{path}", wait_until="domcontentloaded")
        if (width := await page.evaluate("document.documentElement.scrollWidth")) > _PHONE:
            wide.append((path, width))
    assert wide == []
    await page.goto(f"{address}{PAGES}")
    await page.get_by_text("Thêm", exact=True).click()
    await expect(page.get_by_role("link", name="Chat của tôi", exact=True)).to_be_in_viewport(ratio=1)
    await context.close()
