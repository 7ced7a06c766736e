"""Filters kept by name: for oneself in one's own order, for the whole agency, and never more than the own queue has."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from app.worklist.saved import FILTERS_MOST
from tests.console.conftest import PAGES, Visitor, send
from tests.console.test_queue_page import file
from tests.world import World

SAVED = f"{PAGES}/queue/saved"


@pytest_asyncio.fixture(autouse=True)
async def none_yet(world: World) -> AsyncIterator[None]:
    yield
    await world.parts.pool.execute("DELETE FROM queue_filters")


def names(page: httpx.Response) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', page.text)


async def ids(world: World) -> dict[str, str]:
    return {row["name"]: str(row["filter_id"]) for row in await world.parts.pool.fetch("SELECT * FROM queue_filters")}


async def test_a_filter_is_kept_and_stands_beside_the_queue_with_its_count(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    for number in range(3):
        await file(world, f"Đèn cổng chào số {number} hỏng.")
    after = await send(browser, "/queue/saved", name=" Cổng  chào ", query="tab=agency&q=cong+chao&nonsense=1")
    assert str(after.url).endswith("/console/queue?tab=agency&q=cong+chao")
    assert '<a href="/console/queue?tab=agency&amp;q=cong+chao">Cổng chào</a>' in after.text
    counted = await browser.get(f"{SAVED}/counts")
    assert 'Cổng chào <span class="count">3</span>' in counted.text


async def test_the_same_name_again_replaces_it(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    await send(browser, "/queue/saved", name="Gấp", query="tab=agency&urgency=urgent")
    await send(browser, "/queue/saved", name="Gấp", query="tab=overdue")
    rows = await world.parts.pool.fetch("SELECT name, query FROM queue_filters")
    assert [tuple(row) for row in rows] == [("Gấp", "tab=overdue")]


async def test_they_are_ordered_shared_and_deleted_by_their_owner_alone(visitor: Visitor, world: World) -> None:
    officer, lead, other = await visitor("officer"), await visitor("lead"), await visitor("other_officer")
    for name in ("Một", "Hai", "Ba"):
        await send(officer, "/queue/saved", name=name, query="tab=agency&q=den")
    known = await ids(world)
    assert names(await officer.get(SAVED)) == ["Một", "Hai", "Ba"]
    assert names(await send(officer, "/queue/saved/up", id=known["Ba"])) == ["Một", "Ba", "Hai"]
    assert names(await send(officer, "/queue/saved/up", id=known["Một"])) == ["Một", "Ba", "Hai"]
    assert names(await lead.get(SAVED)) == []
    await send(officer, "/queue/saved/share", id=known["Ba"], shared="yes")
    assert names(await lead.get(SAVED)) == ["Ba"]
    assert "Trần Thị Bích chia sẻ" in (await lead.get(SAVED)).text
    assert names(await other.get(SAVED)) == []
    for verb in ("delete", "share", "up"):
        assert (await send(lead, f"/queue/saved/{verb}", id=known["Ba"])).status_code == 404
    await send(officer, "/queue/saved/share", id=known["Ba"], shared="no")
    assert names(await lead.get(SAVED)) == []
    assert names(await send(officer, "/queue/saved/delete", id=known["Ba"])) == ["Một", "Hai"]


async def test_what_a_shared_filter_finds_is_the_readers_own(visitor: Visitor, world: World) -> None:
    officer, lead = await visitor("officer"), await visitor("lead")
    await send(officer, "/queue/saved", name="Của tôi", query="tab=mine", shared="on")
    page = await lead.get(f"{SAVED}/counts")
    assert 'Của tôi <span class="count">0</span>' in page.text


async def test_without_a_name_with_a_broken_day_or_too_many_nothing_is_kept(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    for form, words in (
        ({"name": " ", "query": "tab=agency"}, "Tên bộ lọc cần từ 1 đến 60 ký tự"),
        ({"name": "x" * 61, "query": "tab=agency"}, "Tên bộ lọc cần từ 1 đến 60 ký tự"),
        ({"name": "Hôm qua", "query": "from=hom+qua"}, "không phải là ngày"),
    ):
        answer = await send(browser, "/queue/saved", **form)
        assert (answer.status_code, words in answer.text) == (422, True)
    for number in range(FILTERS_MOST):
        await send(browser, "/queue/saved", name=f"Bộ lọc {number}", query="tab=agency")
    full = await send(browser, "/queue/saved", name="Thêm nữa", query="tab=agency")
    assert (full.status_code, "hãy xóa bớt" in full.text) == (409, True)
    assert len(await ids(world)) == FILTERS_MOST
