"""What citizens ask first, and where everything is."""

import html
import re
import time
from datetime import UTC, datetime

import httpx
from msgspec import structs

from app.opendata import service as opendata
from app.portal.switched import Switched
from tests.small_world import ADMINISTRATOR
from tests.world import World


async def test_the_answers_name_the_times_of_the_rules_and_who_to_call_in_danger(
    browser: httpx.AsyncClient, world: World
) -> None:
    said = html.unescape((await browser.get("/faq")).text)
    limits = world.parts.rules.deadlines
    for limit in (*limits.handling.values(), limits.intake.working_days):
        assert limit.words() in said
    for number in ("113", "114", "115"):
        assert f'href="tel:{number}"' in said
    english = (await browser.get("/faq", headers={"Accept-Language": "en"})).text
    assert "Frequently asked questions" in english
    assert limits.handling["normal"].words("en") in english


async def test_every_page_leads_to_all_others_and_back_after_choosing_a_language(browser: httpx.AsyncClient) -> None:
    for page in ("/", "/track", "/reports", "/faq", "/privacy"):
        said = (await browser.get(page)).text
        footer = re.search(r"<footer.*</footer>", said, re.DOTALL)
        assert footer, page
        assert {"/faq", "/privacy"} <= set(re.findall(r'href="([^"]+)"', footer[0])), page
        assert (await browser.get(f"/language/vi?next={page}")).headers["location"] == page


async def test_an_unknown_address_is_a_page_with_ways_on_for_a_browser_and_a_problem_for_a_program(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/nothing/there", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (page.status_code, page.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert {"/", "/track"} <= set(re.findall(r'class="button" href="([^"]+)"', page.text))
    for path in ("/nothing/there", "/api/nothing"):
        told = await browser.get(path, headers={"Accept": "text/html" if "api" in path else "*/*"})
        assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json"), path


async def test_open_data_is_named_while_it_is_switched_on(world: World) -> None:
    now = [time.monotonic()]
    pool, switched = world.parts.pool, Switched(world.parts.pool, lambda: now[0])
    wanted = opendata.usual("UBND tỉnh Cà Mau", datetime(2026, 11, 20, tzinfo=UTC))
    for enabled in (False, True, False):
        await opendata.save(pool, ADMINISTRATOR, structs.replace(wanted, enabled=enabled), "Đặng Thị Ngọc Hân")
        now[0] += 60
        assert await switched.opendata() is enabled
