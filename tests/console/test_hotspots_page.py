"""The page of hot spots over HTTP: what burns where, for whom, and the lists behind it."""

import re
from html import unescape
from itertools import pairwise

import httpx
import pytest
import pytest_asyncio

from app.console.hotspots_map import classes, heat_map
from app.places.drawing import draw
from app.places.service import embedded_default
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.stats import projection
from tests.console.conftest import PAGES, Visitor
from tests.console.figures import HOUR, March, at
from tests.small_world import photo
from tests.world import HERE as CENTRE
from tests.world import World

HERE = f"{PAGES}/hotspots"
MONTH = "2025-05"


async def burn(world: World) -> World:
    """In May, four street lights in one street, the first of them mended before the others came; two elsewhere; two
    power cuts where the lights are."""
    parts = world.parts

    async def send(day: int, category: str, north: float) -> None:
        place = Place(CENTRE["lat"] + north, CENTRE["lon"], f"{day} Lý Bôn")
        new = NewReport(
            text=f"Hỏng ngày {day}.", place=place, channel="web", lang="vi", consent=True, category=category
        )
        filed = await file_report(
            parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, at(f"2025-05-{day:02}T08:00")
        )
        if day == 2:
            month = March(world, await photo(parts.pool))
            await month.mend("officer", filed.report, HOUR)

    for day in (2, 5, 6, 7):
        await send(day, "street-light", 0.00001 * day)
    for day in (3, 4):
        await send(day, "street-light", 0.004 * day)
        await send(day, "power-cut", 0)
    await projection.catch_up(parts.pool)
    return world


@pytest_asyncio.fixture(scope="module")
async def burning(world: World) -> World:
    return await burn(world)


@pytest_asyncio.fixture(scope="module")
async def leader(visitor: Visitor, burning: World) -> httpx.AsyncClient:
    return await visitor("leader")


def said(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def page(browser: httpx.AsyncClient, query: str = f"period={MONTH}") -> str:
    answer = await browser.get(f"{HERE}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def spots_of(html: str) -> list[str]:
    found = re.search(r'<ol class="spots">(.*?)</ol>', html, re.DOTALL)
    return [said(one) for one in re.findall(r"<li>(.*?)</li>", found[1], re.DOTALL)] if found else []


async def test_a_leader_sees_where_it_burns_and_that_it_comes_back(leader: httpx.AsyncClient) -> None:
    html = await page(leader)
    [spot] = spots_of(html)
    assert "Đèn đường" in spot
    assert re.search(r"Quanh \d Lý Bôn, Phường An Xuyên", spot)
    assert "4 phản ánh đang xử lý: 3 ↻ tái diễn: 3" in spot
    assert "02/05/2025 08:00 – 07/05/2025 08:00" in spot
    assert "8 phản ánh tiếp nhận trong kỳ" in said(html)


async def test_a_spot_opens_the_list_of_its_reports(leader: httpx.AsyncClient) -> None:
    html = await page(leader)
    [path] = set(re.findall(rf'href="({HERE}/place\?[^"]+)"', html))
    behind = (await leader.get(unescape(path))).text
    assert said(re.search(r'id="value">(.*?)</p>', behind)[1]) == "4"  # type: ignore[index]  # fails when it is not there
    assert behind.count("<code>PA-") == 4
    assert said(behind).count("↻ Tái diễn") == 3


async def test_each_commune_opens_the_list_it_counts(leader: httpx.AsyncClient) -> None:
    html = await page(leader)
    rows = re.findall(r'<td class="number"><a href="([^"]+)">([^<]+)</a>', html)
    assert sum(int(count) for _, count in rows) == 8
    for path, count in rows:
        behind = (await leader.get(unescape(path))).text
        assert said(re.search(r'id="value">(.*?)</p>', behind)[1]) == count  # type: ignore[index]  # as above


async def test_a_lead_sees_what_is_the_own_agencys(visitor: Visitor, burning: World) -> None:
    html = await page(await visitor("lead"))
    assert "Mất điện" not in spots_of(html)
    assert "6 phản ánh tiếp nhận trong kỳ" in said(html)
    other = await page(await visitor("other_lead"))
    assert spots_of(other) == []
    assert (await (await visitor("other_lead")).get(f"{HERE}?agency=moi-truong-do-thi-ca-mau")).status_code == 403
    points = (await (await visitor("other_lead")).get(f"{HERE}/points?period={MONTH}")).json()
    assert len(points["points"]) == 2
    assert points["spots"] == []


async def test_as_of_an_earlier_time_nothing_had_come_back(leader: httpx.AsyncClient) -> None:
    html = await page(leader, f"period={MONTH}&as_of=2025-05-06T09:00")
    [spot] = spots_of(html)
    assert "3 phản ánh" in spot
    earlier = await page(leader, f"period={MONTH}&as_of=2025-05-05T09:00")
    assert spots_of(earlier) == []


async def test_the_large_map_gets_places_and_spots_but_no_words(leader: httpx.AsyncClient) -> None:
    answer = await leader.get(f"{HERE}/points?period={MONTH}")
    found = answer.json()
    assert len(found["points"]) == 8
    assert [one["number"] for one in found["spots"]] == [1]
    assert "Lý Bôn" not in answer.text
    assert "Hỏng" not in answer.text


async def test_an_empty_month_says_what_to_do_next(leader: httpx.AsyncClient) -> None:
    html = await page(leader, "period=2024-05")
    assert "Kỳ này không có phản ánh nào" in html
    assert "Tháng 04/2024" in html


@pytest.mark.parametrize("query", ["period=2025-13", "period=x", "as_of=gestern"])
async def test_what_is_no_question_is_said_and_this_month_shown(leader: httpx.AsyncClient, query: str) -> None:
    answer = await leader.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert "Dưới đây là số liệu tháng này." in answer.text


async def test_a_spot_that_is_none_is_refused(leader: httpx.AsyncClient) -> None:
    assert (await leader.get(f"{HERE}/place?period={MONTH}&spot=1.2")).status_code == 422
    answer = await leader.get(f"{HERE}/place?period={MONTH}&spot=1.2.3.street-light")
    assert answer.status_code == 200
    assert "Không còn phản ánh nào" in answer.text


async def test_the_piece_for_other_pages_has_the_map_and_the_spots(leader: httpx.AsyncClient) -> None:
    html = (await leader.get(f"{HERE}/part?period={MONTH}")).text
    assert "<html" not in html
    assert 'class="heat"' in html
    assert "↻ tái diễn: 3" in said(html)


# ---------------------------------------------------------------- the map itself


def test_classes_hold_every_number_and_none_is_empty() -> None:
    counts = [1, 1, 2, 3, 5, 8, 13, 40, 100]
    steps = classes(counts)
    assert (steps[0].least, steps[-1].most) == (1, 100)
    assert all(one.most + 1 == other.least for one, other in pairwise(steps))
    assert all(any(step.least <= count <= step.most for count in counts) for step in steps)
    assert classes([]) == []
    assert [(step.least, step.most) for step in classes([7, 7])] == [(1, 7)]


def test_signs_of_spots_do_not_cover_each_other_and_point_to_their_places() -> None:
    drawing = draw(embedded_default().outlines("96"))
    assert drawing is not None
    near = [(f"/{n}", CENTRE["lat"] + n * 0.001, CENTRE["lon"]) for n in range(12)]
    markers = heat_map(drawing, {}, near, {}).markers
    assert len(markers) == 12
    for at_first, one in enumerate(markers):
        for other in markers[:at_first]:
            assert (one.x - other.x) ** 2 + (one.y - other.y) ** 2 >= (2 * 17) ** 2
    assert not markers[0].is_moved
    assert markers[-1].is_moved


def test_without_boundaries_communes_are_dots_at_their_centres() -> None:
    drawing = draw(embedded_default().outlines("96"))
    assert drawing is not None
    made = heat_map(drawing, {"32002": 5, "": 2}, [], {})
    [an_xuyen] = [one for one in made.areas if one.area.code == "32002"]
    assert (an_xuyen.area.path, an_xuyen.count, an_xuyen.level) == ("", 5, 4)
    assert made.elsewhere == 2
