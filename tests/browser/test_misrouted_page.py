"""The page of rules that send wrongly, in a real browser: nothing yet, then real cases that came back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import Page, expect

from app.accounts.model import Actor
from app.places.service import embedded_default
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place, Report
from app.reports.workflow import Act
from app.stats import projection
from tests.browser.desk import open_as
from tests.serving import running
from tests.world import AN_XUYEN, LIGHT, POWER, World

PATH = "/console/rules/misrouted"


@pytest_asyncio.fixture(scope="module")
async def address(world: World) -> AsyncIterator[str]:
    async with running(world.parts) as address:
        yield address


async def file(world: World, category: str) -> Report:
    parts = world.parts
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(commune_code=AN_XUYEN), channel="web", lang="vi", consent=True,
        category=category,
    )  # fmt: skip
    return (await file_report(parts.pool, parts.rules, embedded_default(), b"k" * 40, new)).report


async def act(world: World, key: str, report: Report, what: Act, **form: Any) -> Report:
    person = world.people[key]
    actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    return await service.perform(world.parts.pool, world.parts.rules, actor, report, what, Form(**form))


async def send_wrongly(world: World) -> None:
    """Of four street lights two come back: one went to the power company, one waits on the coordinators' desk."""
    lights = [await file(world, "street-light") for _ in range(4)]
    await file(world, "power-cut")
    back = [await act(world, "officer", one, Act.RETURN, text="Không thuộc đơn vị.") for one in lights[:2]]
    await act(world, "coordinator", back[0], Act.ASSIGN, agency_id=POWER)


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


async def test_from_nothing_sent_to_the_rule_that_sends_wrongly(page: Page, address: str, world: World) -> None:
    await open_as(page, address, world, "administrator", PATH)
    await expect(page.locator(".empty")).to_contain_text("chưa có phản ánh nào được quy tắc tự chuyển")

    await file(world, "power-cut")
    await projection.catch_up(world.parts.pool)
    await page.get_by_role("button", name="Xem").click()
    await expect(page.get_by_role("status")).to_contain_text("không phản ánh nào bị trả lại")

    await send_wrongly(world)
    await projection.catch_up(world.parts.pool)
    await page.get_by_label("Phản ánh gửi trong").select_option("365 ngày qua")
    await page.get_by_role("button", name="Xem").click()
    await expect(page.get_by_label("Phản ánh gửi trong")).to_have_value("365")
    row = page.get_by_role("row").filter(has_text="chieu-sang-ca-mau")
    for said in ("Sai: 2 (50\u00a0%)", "Đã chuyển: 4", "Bị trả lại: 2"):
        label, _, value = said.partition(": ")
        await expect(row.locator(f"[data-label='{label}']")).to_have_text(value)
    ends = row.locator("[data-label='Nay ở cơ quan nào'] li")
    await expect(ends).to_have_count(2)
    await expect(ends.filter(has_text="Điện lực")).to_have_count(1)
    await expect(ends.filter(has_text="chưa tìm được nơi nhận")).to_have_count(1)
    assert await fits(page)
    await page.set_viewport_size({"width": 1280, "height": 900})
    assert await fits(page)
    await row.get_by_role("link").click()
    await expect(page).to_have_url(f"{address}/console/rules#rule-chieu-sang-ca-mau")
    await expect(page.locator("#rule-chieu-sang-ca-mau")).to_be_in_viewport()


async def test_a_coordinator_reads_it_from_the_menu_and_changes_nothing(page: Page, address: str, world: World) -> None:
    await file(world, "street-light")
    await projection.catch_up(world.parts.pool)
    await open_as(page, address, world, "coordinator", PATH)
    await page.goto(f"{address}/console")
    menu = page.get_by_role("navigation", name="Các trang")
    await menu.get_by_text("Thêm").click()
    await menu.get_by_role("link", name="Quy tắc chuyển sai").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quy tắc chuyển sai")
    await expect(page.get_by_role("main").get_by_role("link")).to_have_count(0)
