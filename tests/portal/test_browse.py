"""What everybody may read: published reports alone, as edited, as a list, on a map, and by commune."""

import html
import re
from typing import Any

import httpx
import pytest

from app.reports.model import Report
from app.reports.workflow import Act
from app.stats import projection
from tests.console.reports import act
from tests.portal.test_report_page import resolve, sent
from tests.portal.test_send_page import filed, post
from tests.stats.test_lists import NAIVE
from tests.world import AN_XUYEN, World, photo

HERE = {"lat": "9.224613", "lon": "105.178009", "address": ""}


async def published(browser: httpx.AsyncClient, world: World, **changed: str) -> Report:
    report, _ = await sent(browser, world, **(HERE | changed))
    return await act(world, "coordinator", report.code, Act.PUBLISH)


def codes(page: httpx.Response) -> list[str]:
    assert page.status_code == 200
    return re.findall(r'href="/r/(PA-[^"]+)"', page.text)


async def test_only_what_was_published_is_listed_the_newest_first_and_masked(
    browser: httpx.AsyncClient, world: World
) -> None:
    hidden, _ = await sent(browser, world, text="Cột điện nghiêng sắp đổ trước nhà")
    one = await published(browser, world, text="Đèn hỏng, gọi tôi số 0912 345 678 nhé")
    two = await published(browser, world, category="road-damage", text="Ổ gà rất to giữa đường Lý Bôn")
    found = codes(await browser.get("/reports"))
    assert found.index(two.code) < found.index(one.code)
    assert hidden.code not in found
    page = html.unescape((await browser.get("/reports")).text)
    assert "0912" not in page
    await act(world, "coordinator", two.code, Act.UNPUBLISH)
    assert two.code not in codes(await browser.get("/reports"))


async def test_the_list_is_narrowed_by_category_commune_and_state(browser: httpx.AsyncClient, world: World) -> None:
    light = await published(browser, world)
    done = await published(browser, world)
    await act(world, "officer", done.code, Act.START)
    await resolve(world, done)

    async def shown(query: str) -> set[str]:
        return set(codes(await browser.get(f"/reports?{query}")))

    assert light.code in await shown("category=street-light&state=open")
    assert light.code not in await shown("category=road-damage")
    assert done.code in await shown("state=done")
    assert light.code not in await shown("state=done")
    assert light.code in await shown(f"commune={AN_XUYEN}")
    home = world.parts.rules.province_code
    other = next(
        each.code for each in world.parts.gazetteer.communes if each.province_code == home and each.code != AN_XUYEN
    )
    assert light.code not in await shown(f"commune={other}")
    # An old link may name what the rules know no longer.
    assert light.code in await shown("category=gone&commune=99999&state=lost")


async def test_every_report_is_on_one_page_of_the_list_and_no_other(browser: httpx.AsyncClient, world: World) -> None:
    made = [
        await published(browser, world, category="garbage", lat=f"9.1{n:02}", text=f"Rác chưa gom số {n}")
        for n in range(23)
    ]
    seen: list[str] = []
    path = "/reports?category=garbage"
    while path:
        page = await browser.get(path)
        seen += codes(page)
        more = re.search(r'class="button" href="([^"]+)"', page.text)
        path = html.unescape(more[1]) if more else ""
    assert seen[: len(made)] == [report.code for report in reversed(made)]
    assert len(seen) == len(set(seen))
    for wrong in ("x", NAIVE):
        assert (await browser.get(f"/reports?after={wrong}")).status_code == 422


async def dots(browser: httpx.AsyncClient, box: str, zoom: int, more: str = "") -> list[list[Any]]:
    answer = await browser.get(f"/reports/points?box={box}&zoom={zoom}{more}")
    assert answer.status_code == 200, answer.text
    points: list[list[Any]] = answer.json()["points"]
    return points


async def test_the_map_puts_many_near_each_other_into_one_and_tells_places_to_ten_metres(
    browser: httpx.AsyncClient, world: World
) -> None:
    for lat, lon in (("9.100011", "105.200022"), ("9.100019", "105.200029"), ("9.104444", "105.207777")):
        await published(browser, world, category="flooding", lat=lat, lon=lon, text="Ngập nước cả hẻm")
    box = "9.09,9.11,105.19,105.21"
    assert [n for _, _, n, _, _ in await dots(browser, box, 8)] == [3]
    near = await dots(browser, box, 16)
    assert [(n, bool(code)) for _, _, n, code, _ in near] == [(2, False), (1, True)]
    assert near[1][:2] == [9.1044, 105.2078]
    assert await dots(browser, box, 16, "&category=road-damage") == []
    assert await dots(browser, "8,8.1,105,105.1", 8) == []
    hidden, _ = await sent(browser, world, lat="9.100011", lon="105.200022", address="", text="Ngập nhà tôi")
    assert sum(n for _, _, n, _, _ in await dots(browser, box, 8)) == 3, hidden.code


@pytest.mark.parametrize(
    "view",
    [
        "", "box=1,2,3&zoom=8", "box=a,b,c,d&zoom=8", "box=9,8,105,106&zoom=8", "box=8,9,105,106&zoom=99",
        "box=8,9,105,106", "box=nan,9,105,106&zoom=5",
    ],
)  # fmt: skip
async def test_a_view_that_cannot_be_is_refused(browser: httpx.AsyncClient, view: str) -> None:
    answer = await browser.get(f"/reports/points?{view}", headers={"Accept": "application/json"})
    assert answer.status_code == 422


async def test_a_commune_has_its_own_figures_and_too_few_cases_give_no_share(
    browser: httpx.AsyncClient, world: World
) -> None:
    await published(browser, world, text="Đèn nữa lại hỏng rồi")
    await projection.catch_up(world.parts.pool)
    page = html.unescape((await browser.get(f"/communes/{AN_XUYEN}")).text)
    received = await world.parts.pool.fetchval("SELECT count(*) FROM reports WHERE commune_code = $1", AN_XUYEN)
    told = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd></div>", page))
    assert told["Tiếp nhận"] == str(received)
    assert told["Tỷ lệ hài lòng"] == "–"
    assert (await browser.get("/communes/99999")).status_code == 404


async def test_photos_are_those_of_the_public_copy(browser: httpx.AsyncClient, world: World) -> None:
    answer = await post(browser, world, ("a.jpg", photo("list")), text="Đèn có ảnh bị hỏng", **HERE)
    report = await filed(world, answer)
    await act(world, "coordinator", report.code, Act.PUBLISH)
    page = await browser.get("/reports?category=street-light")
    card = page.text[page.text.index(f'href="/r/{report.code}"') :].split("</li>")[0]
    link = re.search(r'src="(/api/v1/photos/[^"]+)"', card)
    assert link
    assert (await browser.get(html.unescape(link[1]))).headers["content-type"] == "image/jpeg"
