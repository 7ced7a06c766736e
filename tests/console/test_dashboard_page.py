"""The page of figures over HTTP: what it says, for whom, and that every figure is the number of the list behind it."""

import re
from collections.abc import AsyncIterator
from html import unescape

import httpx
import pytest
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.accounts.people import Limits
from app.main import create_app
from app.stats.measures import FIGURES
from app.wiring import Parts
from tests.console.conftest import PAGES, Visitor, sign_in
from tests.console.figures import MARCH, March, march
from tests.console.test_rules_pages import words
from tests.small_world import counted, counting
from tests.world import AN_XUYEN, CENTRE, COMPANY, PASSWORD, POWER, World

HERE = f"{PAGES}/dashboard"
LIST = re.compile(rf'href="({HERE}/list\?[^"]+)"[^>]*>([^<]*)<')


@pytest_asyncio.fixture(scope="module")
async def lived(world: World) -> March:
    return await march(world)


@pytest_asyncio.fixture(scope="module")
async def leader(visitor: Visitor, lived: March) -> httpx.AsyncClient:
    return await visitor("leader")


async def page(browser: httpx.AsyncClient, query: str = f"period={MARCH}") -> str:
    answer = await browser.get(f"{HERE}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def tile(page: str, name: str) -> str:
    found = re.search(rf'<li id="tile-{name}">(.*?)</li>', page, re.DOTALL)
    assert found, name
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


async def test_a_leader_reads_the_months_figures_and_what_they_are_compared_with(leader: httpx.AsyncClient) -> None:
    found = await page(leader)
    assert "Tháng 03/2025" in found
    said = tile(found, "received")
    assert "15" in said
    assert "▲ +13 (+650,0 %) kỳ trước 2" in said
    assert "Cùng kỳ năm trước chưa có số liệu." in words_of(found)
    assert "Số phản ánh gửi đến trong kỳ." in said
    assert "▲ +10 (+1.000,0 %) tốt hơn kỳ trước 1" in tile(found, "handled")
    assert "▼ −18,2 điểm % kém hơn kỳ trước 100,0 %" in tile(found, "on_time_rate")


async def test_every_figure_leads_to_the_list_that_it_counts(leader: httpx.AsyncClient) -> None:
    found = await page(leader)
    links = {unescape(path): unescape(said).strip() for path, said in LIST.findall(found)}
    assert len(links) > 80
    of_figures = {name: [path for path in links if f"figure={name}&" in f"{path}&"] for name in FIGURES}
    assert all(of_figures.values())
    # One of each kind of link: bare, of a group, of another period, of a step, of a piece, of an age.
    kinds = ("", f"agency={COMPANY}", "vs=before", "step=9", "piece=", "age=")
    tried = {next(path for path in reversed(links) if kind in path) for kind in kinds}
    tried |= {paths[0] for paths in of_figures.values()}
    for path in tried:
        answer = await leader.get(path)
        assert answer.status_code == 200, path
        value = re.search(r'id="value">([^<]*)<', answer.text)
        assert value
        assert value[1] == links[path].removesuffix("*").split(" (")[0], path
        figure = FIGURES[str(httpx.URL(path).params["figure"])]
        if figure.kind in ("count", "stock"):
            assert answer.text.count("<code>PA-") == int(value[1]), path


async def test_a_share_lists_its_part_or_the_whole_and_times_the_slowest_first(leader: httpx.AsyncClient) -> None:
    asked = f"{HERE}/list?period={MARCH}&figure=on_time_rate"
    part, whole = await leader.get(asked), await leader.get(f"{asked}&whole=1")
    assert "9 trong 11 phản ánh" in words(part)
    assert (part.text.count("<code>PA-"), whole.text.count("<code>PA-")) == (9, 11)
    slowest = await leader.get(f"{HERE}/list?period={MARCH}&figure=hours_to_resolve&slowest=1")
    assert slowest.text.index("Đèn hẻm 3 tắt.") < slowest.text.index("Mất điện xóm 0.") < slowest.text.index("Đèn số 3")
    assert "tính trên 11 phản ánh" in words(slowest)


async def test_a_list_has_pages_that_follow_each_other(
    leader: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.console.dashboard_list.PAGE", 6)
    path, seen = f"{HERE}/list?period={MARCH}&figure=received", []
    for expected in (6, 6, 3):
        answer = await leader.get(path)
        seen += re.findall(r"<code>(PA-[^<]+)<", answer.text)
        assert len(seen) % 6 == expected % 6
        following = re.search(r'rel="next" href="([^"]+)"', answer.text)
        path = unescape(following[1]) if following else ""
    assert path == ""
    assert len(set(seen)) == 15


# ---------------------------------------------------------------- rights


async def test_a_lead_sees_the_own_agency_alone_and_of_what_has_moved_only_the_code(
    visitor: Visitor, lived: March
) -> None:
    lead = await visitor("lead")
    found = await page(lead)
    assert "12" in tile(found, "received")
    assert "Điện lực" not in found
    answer = await lead.get(f"{HERE}/list?period={MARCH}&figure=open")
    assert answer.text.count("<code>PA-") == 2
    assert lived.moved.code in answer.text
    assert "nhà máy nước đá" not in answer.text
    assert f"{PAGES}/reports/{lived.moved.code}" not in answer.text
    assert "nay thuộc cơ quan khác" in words(answer)
    for path in (f"{HERE}?agency={POWER}", f"{HERE}?agency=-", f"{HERE}/list?figure=open&agency={POWER}"):
        assert (await lead.get(path)).status_code == 403, path
    other = await visitor("other_lead")
    assert "3" in tile(await page(other), "received")


async def test_limits_of_categories_and_communes_hold(world: World, address: str, lived: March) -> None:
    limits = Limits(("power-cut",), (AN_XUYEN,))
    await accounts.create_staff(
        world.parts.pool, "mai.gioi.han", "Mai Giới Hạn", CENTRE, Role.COORDINATOR, PASSWORD, SYSTEM, limits=limits
    )
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        await sign_in(browser, "mai.gioi.han", PASSWORD)
        found = await page(browser)
        assert "3" in tile(found, "received")
        assert 'value="street-light"' not in found
        assert (await browser.get(f"{HERE}?category=street-light")).status_code == 403
        assert (await browser.get(f"{HERE}/list?figure=open&category=street-light")).status_code == 403


# ---------------------------------------------------------------- what is asked for


async def test_another_period_is_a_plain_form_that_leads_to_an_address(leader: httpx.AsyncClient) -> None:
    for sent, key in (
        ("kind=month&on=2025-03-09", "2025-03"),
        ("kind=cut&on=2025-03-25", "2025-03-cut"),
        ("kind=week&on=2025-03-09", "2025-W10"),
        ("from=2025-03-01&to=2025-03-15", "2025-03-01..2025-03-15"),
    ):
        answer = await leader.get(f"{HERE}?{sent}&agency={COMPANY}&as_of=now")
        assert answer.status_code == 303
        went = httpx.URL(answer.headers["location"]).params
        assert (went["period"], went["agency"], went["as_of"]) == (key, COMPANY, "now")
        assert (await leader.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2025-03-09&to=2025-03-01", "ngày đầu không được sau ngày cuối"),
        ("kind=day&on=hôm qua", "Hãy chọn một ngày có trong kỳ"),
        ("period=tháng ba", "Không có kỳ như vậy"),
        ("period=2199-01", "Khoảng thời gian không đúng"),
        ("channel=fax", "Không có kênh gửi này: fax"),
        (f"period={MARCH}&as_of=2025-02-01T00:00", "Khoảng thời gian không đúng"),
    ],
)
async def test_what_is_no_question_is_said_and_this_month_shown(
    query: str, said: str, leader: httpx.AsyncClient
) -> None:
    answer = await leader.get(f"{HERE}?{query}")
    assert answer.status_code == 422
    assert said in answer.text
    assert "Dưới đây là số liệu tháng này." in answer.text


async def test_past_figures_stay_as_they_were_and_can_be_asked_for_as_known_now(leader: httpx.AsyncClient) -> None:
    then, now = await page(leader), await page(leader, f"period={MARCH}&as_of=now")
    assert "✓ Lúc hết kỳ" in words_of(then)
    assert "✓ Hiện nay" in words_of(now)
    # One that was mended in March was opened again in April.
    assert ("11" in tile(then, "handled"), "10" in tile(now, "handled")) == (True, True)
    links = [unescape(path) for path, _ in LIST.findall(now)]
    assert links
    assert all("as_of=now" in path for path in links)
    between = await page(leader, f"period={MARCH}&as_of=2025-03-15T12:00")
    assert "8" in tile(between, "handled")
    assert "15/03/2025 12:00" in words_of(between)


async def test_filters_stand_in_the_address_and_come_off_one_by_one(leader: httpx.AsyncClient) -> None:
    found = await page(leader, f"period={MARCH}&agency={COMPANY}&agency={POWER}&channel=web")
    assert "15" in tile(found, "received")
    off = [unescape(path) for path in re.findall(r'<a href="([^"]+)" aria-label="Bỏ lọc', found)]
    assert len(off) == 3
    assert "12" in tile((await leader.get(off[0])).text, "received")
    assert f'href="{PAGES}/exports?period={MARCH}&amp;agency={POWER}' in found  # the other pages are asked the same
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found)
    assert {("agency", COMPANY), ("agency", POWER), ("channel", "web"), ("period", MARCH)} <= set(hidden)


async def test_tables_are_sorted_by_their_heads_and_few_cases_are_said_to_be_few(leader: httpx.AsyncClient) -> None:
    found = await page(leader)
    names = re.findall(r'<tr><th scope="row"><a[^>]*>([^<]+)</a>', found)
    assert len(names) == 2
    assert 'aria-sort="descending"' in found
    less = await page(leader, f"period={MARCH}&sort=received")
    assert re.findall(r'<tr><th scope="row"><a[^>]*>([^<]+)</a>', less) == names[::-1]
    assert 'aria-sort="ascending"' in less
    assert '<span class="star">*</span>' in found  # the power company has handled one
    by_name = await page(leader, f"period={MARCH}&sort=name&by=category")
    assert re.findall(r'<tr><th scope="row"><a[^>]*>([^<]+)</a>', by_name)[0].startswith("Đèn")


async def test_only_who_has_enough_cases_is_ranked_and_the_others_stand_apart(leader: httpx.AsyncClient) -> None:
    said = words_of(await page(leader))
    assert "1 nơi chưa đủ số (dưới 10 trường hợp)" in said
    assert "Chưa nơi nào có đủ 10 trường hợp để xếp hạng." in words_of(
        await page(leader, f"period={MARCH}&rank=satisfied_rate")
    )


async def test_the_longest_overdue_of_each_agency_is_said_in_days(leader: httpx.AsyncClient) -> None:
    said = words_of(await page(leader))
    assert re.search(r"Quá hạn lâu nhất .*? PA-\w{4}-\w{4} \d\d,\d ngày", said)


# ---------------------------------------------------------------- states


async def test_an_empty_period_and_figures_that_were_never_read_are_said_in_words(
    leader: httpx.AsyncClient, world: World
) -> None:
    said = words_of(await page(leader, "period=2019-05"))
    assert "Kỳ này không có phản ánh nào để thống kê." in said
    assert "Bỏ mọi bộ lọc" in words_of(await page(leader, f"period={MARCH}&commune=-"))
    pool = world.parts.pool
    xid = await pool.fetchval("SELECT cursor_xid::text FROM stats_state")
    await pool.execute("UPDATE stats_state SET read_at = '-infinity', cursor_xid = '0'")
    try:
        assert "hệ thống đang đọc lịch sử phản ánh lần đầu" in words_of(await page(leader))
        await pool.execute("UPDATE stats_state SET read_at = now() - interval '1 hour'")
        assert "1 giờ trước, lâu hơn bình thường" in words_of(await page(leader))
    finally:
        await pool.execute("UPDATE stats_state SET read_at = now(), cursor_xid = $1::text::xid8", xid)


@pytest_asyncio.fixture
async def counted_browser(
    world: World, database_url: str, lived: March
) -> AsyncIterator[tuple[httpx.AsyncClient, list[str]]]:
    async with counting(database_url) as (pool, statements):
        parts = Parts(world.parts.settings, pool, *(getattr(world.parts, name) for name in Parts.__struct_fields__[2:]))
        transport = httpx.ASGITransport(app=create_app(parts))  # type: ignore[arg-type]  # Litestar's ASGI types
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as browser:
            await sign_in(browser, world.people["leader"].username, PASSWORD)
            await counted(statements)
            yield browser, statements


@pytest.mark.parametrize("period", [MARCH, "2025", "2025-03-cut"])
async def test_a_page_costs_few_statements_and_asks_nothing_twice(
    period: str, counted_browser: tuple[httpx.AsyncClient, list[str]]
) -> None:
    browser, statements = counted_browser
    assert (await browser.get(f"{HERE}?period={period}")).status_code == 200
    of_driver = ("typeinfo_tree", "current_setting('jit')")
    sent = [one for one in await counted(statements) if not any(mark in one for mark in of_driver)]
    assert len(sent) <= 25, sent
    assert sum("FROM stats_state" in one for one in sent) == 1


async def test_a_page_in_english_has_its_numbers_in_english(leader: httpx.AsyncClient) -> None:
    browser = httpx.AsyncClient(base_url=leader.base_url, cookies=leader.cookies, timeout=60)
    async with browser:
        browser.cookies.set("phananh-language", "en")
        found = await page(browser)
        assert "▼ −18.2 points worse the period before 100.0%" in tile(found, "on_time_rate")


def words_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
