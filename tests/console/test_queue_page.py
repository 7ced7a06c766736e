"""The queue over HTTP: what is in it for whom, its tabs, filters and pages, all in the address, without any script."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role
from app.accounts.people import Limits
from app.main import create_app
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Contact, Form, NewReport, Place, Report
from app.reports.workflow import Act
from app.wiring import Parts
from tests.console.conftest import PAGES, Visitor, sign_in
from tests.small_world import counted, counting
from tests.world import AN_XUYEN, COMPANY, PASSWORD, POWER, World

QUEUE = f"{PAGES}/queue"
_CODE = re.compile(r"<code>(PA-[0-9A-Z]{4}-[0-9A-Z]{4})</code>")


async def file(world: World, text: str, category: str = "street-light", **more: Any) -> Report:
    at = more.pop("at", None)
    usual: dict[str, Any] = {
        "place": Place(address="12 Lý Bôn", commune_code=AN_XUYEN), "channel": "web", "lang": "vi", "consent": True,
    }  # fmt: skip
    new = NewReport(**usual | {"text": text, "category": category} | more)
    parts = world.parts
    return (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, at)).report


def actor(world: World, key: str) -> Actor:
    person = world.people[key]
    return Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))


async def act(world: World, key: str, report: Report, what: Act, **form: Any) -> Report:
    return await service.perform(world.parts.pool, world.parts.rules, actor(world, key), report, what, Form(**form))


async def codes(browser: httpx.AsyncClient, query: str = "") -> list[str]:
    page = await browser.get(f"{QUEUE}?{query}")
    assert page.status_code == 200, page.text
    return _CODE.findall(page.text)


def count(page: httpx.Response, tab: str) -> str:
    found = re.search(rf'id="tab-{tab}".*?<span class="count[^"]*">([^<]+)</span>', page.text)
    assert found, tab
    return found[1]


async def test_the_first_page_of_whoever_has_a_queue_is_the_queue_and_of_leaders_the_figures(visitor: Visitor) -> None:
    for key in ("officer", "lead", "coordinator", "leader"):
        answer = await (await visitor(key)).get(PAGES)
        first = f"{PAGES}/dashboard" if key == "leader" else QUEUE
        assert (answer.status_code, answer.headers["location"]) == (303, first)
    assert (await (await visitor("administrator")).get(PAGES)).status_code == 200


async def test_an_officer_sees_the_own_agencys_reports_and_no_others(visitor: Visitor, world: World) -> None:
    ours, theirs = await file(world, "Đèn hẻm 3 tối om."), await file(world, "Mất điện cả xóm.", "power-cut")
    assert theirs.agency_id == POWER
    mine = await codes(await visitor("officer"))
    assert ours.code in mine
    assert theirs.code not in mine
    for query in (f"agency={POWER}", "tab=all", "tab=all&q=mat+dien", "tab=desk", "tab=open"):
        assert theirs.code not in await codes(await visitor("officer"), query), query
    assert {ours.code, theirs.code} <= set(await codes(await visitor("coordinator"), "tab=open"))
    assert theirs.code in await codes(await visitor("leader"), "tab=open")


async def test_limits_of_categories_and_communes_hold_on_the_page_and_in_its_choices(
    world: World, address: str
) -> None:
    light, litter = await file(world, "Đèn hỏng gần chùa."), await file(world, "Rác đầy hẻm.", "garbage")
    assert light.agency_id == litter.agency_id == COMPANY
    await accounts.create_staff(
        world.parts.pool, "lam.chi.thanh", "Lâm Chí Thành", COMPANY, Role.OFFICER, PASSWORD, SYSTEM,
        limits=Limits(("garbage",), ()),
    )  # fmt: skip
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        await sign_in(browser, "lam.chi.thanh", PASSWORD)
        page = await browser.get(QUEUE)
        assert litter.code in page.text
        assert light.code not in page.text
        assert '<option value="garbage">' in page.text
        assert '<option value="street-light">' not in page.text
        assert light.code not in await codes(browser, "tab=all&category=street-light")
        assert int(count(page, "agency")) == len(await codes(browser))


async def _signed(address: str, username: str) -> httpx.AsyncClient:
    browser = httpx.AsyncClient(base_url=address, timeout=60)
    await sign_in(browser, username, PASSWORD)
    return browser


async def test_tabs_show_their_part_and_count_it(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    fresh, taken = await file(world, "Đèn số 1 chớp tắt."), await file(world, "Đèn số 2 chớp tắt.")
    asked = await file(world, "Đèn số 3 chớp tắt.")
    late = await file(world, "Đèn số 4 chớp tắt.", at=datetime.now(UTC) - timedelta(days=30))
    taken = await act(world, "officer", taken, Act.START)
    asked = await act(world, "officer", await act(world, "officer", asked, Act.START), Act.ASK, text="Ở đoạn nào ạ?")
    shown = {tab: set(await codes(browser, f"tab={tab}&q=chop+tat")) for tab in
             ("agency", "mine", "unassigned", "overdue", "awaiting", "directed", "done", "all")}  # fmt: skip
    everything = {fresh.code, taken.code, asked.code, late.code}
    assert shown == {
        "agency": everything,
        "mine": {taken.code},
        "unassigned": {fresh.code, late.code},
        "overdue": {late.code},
        "awaiting": {asked.code},
        "directed": set(),
        "done": set(),
        "all": everything,
    }
    page = await browser.get(QUEUE)
    for tab in ("agency", "mine", "unassigned", "overdue", "awaiting", "directed"):
        assert int(count(page, tab)) == len(await codes(browser, f"tab={tab}")), tab


async def test_coordinators_have_their_desk_and_what_comes_back(visitor: Visitor, world: World) -> None:
    browser = await visitor("coordinator")
    new = await file(world, "Không biết thuộc cơ quan nào.", "other")
    back = await act(
        world, "officer", await file(world, "Cột này của điện lực."), Act.RETURN, text="Không thuộc đơn vị."
    )
    wants = await file(world, "Cần thay cả tuyến đèn.")
    wants = await act(world, "officer", await act(world, "officer", wants, Act.START), Act.ASK_EXTENSION,
                      text="Chờ vật tư.", days=3)  # fmt: skip
    assert {new.code, back.code} <= set(await codes(browser))
    assert wants.code not in await codes(browser)
    assert await codes(browser, "tab=returned") == [back.code]
    assert await codes(browser, "tab=extension") == [wants.code]
    assert "Xin gia hạn đến" in (await browser.get(f"{QUEUE}?tab=extension")).text


async def test_a_directed_report_stands_on_top_whatever_its_deadline(visitor: Visitor, world: World) -> None:
    report = await file(world, "Đèn trước trụ sở.", at=datetime.now(UTC))
    await world.parts.pool.execute(
        "UPDATE reports SET directed_due_at = now() + interval '9 days' WHERE report_id = $1", report.report_id
    )
    found = await codes(await visitor("officer"))
    assert found[0] == report.code
    assert await codes(await visitor("leader")) == [report.code]
    assert "Chỉ đạo, hạn" in (await (await visitor("officer")).get(QUEUE)).text
    await world.parts.pool.execute("UPDATE reports SET directed_due_at = NULL")


async def test_filters_hold_together_and_can_be_taken_off_one_by_one(visitor: Visitor, world: World) -> None:
    browser = await visitor("coordinator")
    one = await file(world, "Ngõ Ông Tư ngập nước <b>&</b> tối.", channel="hotline")
    two = await file(world, "Ngõ ông tư đầy rác.", "garbage")
    await world.parts.pool.execute("UPDATE reports SET tags = '{\"mùa mưa\"}' WHERE code = $1", one.code)
    day = datetime.now(UTC).astimezone().date().isoformat()
    both = "tab=open&q=ngo+ong+tu"
    assert set(await codes(browser, both)) == {one.code, two.code}
    for more in (
        "channel=hotline",
        "category=street-light",
        "tag=m%C3%B9a+m%C6%B0a",
        f"urgency={one.urgency}&channel=hotline",
    ):
        assert await codes(browser, f"{both}&{more}") == [one.code], more
    assert set(await codes(browser, f"{both}&commune={AN_XUYEN}&from=2020-01-01")) == {one.code, two.code}
    assert await codes(browser, f"{both}&to=2020-01-01") == []
    assert await codes(browser, f"{both}&tag=+M%C3%99A++m%C6%B0a") == [one.code]
    assert await codes(browser, "tab=awaiting&q=ngo+ong+tu&status=assigned") == []
    for field in ("category", "commune", "agency", "urgency", "channel", "tag", "status", "rating", "q"):
        assert (await browser.get(f"{QUEUE}?tab=all&{field}=a%00%27b")).status_code == 200, field
    assert await codes(browser, f"{both}&from={day}&status=closed") != []  # a status that this tab has not is no filter
    page = await browser.get(f"{QUEUE}?{both}&channel=hotline&category=street-light")
    assert "Ngõ Ông Tư ngập nước &lt;b&gt;&amp;&lt;/b&gt; tối." in page.text
    chips = [unescape(each) for each in re.findall(r'<a href="([^"]+)" aria-label="Bỏ lọc', page.text)]
    assert len(chips) == 3
    for chip in chips:
        assert one.code in (await browser.get(chip)).text


@pytest.mark.parametrize("query", ["from=ngay", "to=31%2F12%2F2026", "from=0001-01-01", "after=zz", "before=%00"])
async def test_what_is_no_day_and_no_page_is_said_in_words(visitor: Visitor, query: str) -> None:
    answer = await (await visitor("officer")).get(f"{QUEUE}?{query}")
    assert answer.status_code == 422
    assert "không phải là ngày" in answer.text or "Con trỏ trang không đúng" in answer.text


async def test_pages_lead_forth_and_back_through_everything(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    made = [(await file(world, f"Đèn tuyến ven sông trụ {n}.")).code for n in range(120)]
    seen: list[list[str]] = []
    path = f"{QUEUE}?q=tuyen+ven+song"
    while path:
        page = await browser.get(path)
        seen.append(_CODE.findall(page.text))
        path = next((unescape(each) for each in re.findall(r'rel="next" href="([^"]+)"', page.text)), "")
    assert [len(each) for each in seen] == [50, 50, 20]
    assert sorted(code for each in seen for code in each) == sorted(made)
    back = re.search(r'rel="prev" href="([^"]+)"', page.text)
    assert back
    middle = await browser.get(unescape(back[1]))
    assert _CODE.findall(middle.text) == seen[1]
    first = re.search(r'rel="prev" href="([^"]+)"', middle.text)
    assert first
    top = await browser.get(unescape(first[1]))
    assert _CODE.findall(top.text) == seen[0]
    assert 'rel="prev"' not in top.text
    assert 'rel="next"' in top.text


async def test_from_a_case_on_to_the_next_though_the_case_has_left_the_queue(visitor: Visitor, world: World) -> None:
    browser = await visitor("officer")
    reports = [await file(world, f"Đèn cầu Huỳnh Thúc Kháng {n}.") for n in range(3)]
    page = await browser.get(f"{QUEUE}?q=huynh+thuc+khang")
    links = [unescape(each) for each in re.findall(r'class="open" href="([^"]+)"', page.text)]
    queues = [parse_qs(urlsplit(link).query)["queue"][0] for link in links]
    gone = next(each for each in reports if each.code in links[0])
    await act(world, "officer", gone, Act.RETURN, text="Không thuộc đơn vị.")
    on = await browser.get(f"{QUEUE}/next?{queues[0]}")
    assert on.headers["location"] == links[1]
    assert (await browser.get(f"{QUEUE}/next?{queues[1]}&back")).headers["location"].startswith(QUEUE)
    assert (await browser.get(f"{QUEUE}/next?{queues[2]}&back")).headers["location"] == links[1]
    end = await browser.get(f"{QUEUE}/next?{queues[2]}")
    assert end.headers["location"] == f"{QUEUE}?tab=agency&q=huynh+thuc+khang"


async def test_columns_are_chosen_and_stay_chosen(world: World, address: str) -> None:
    await file(world, "Đèn đầu hẻm.")
    browser = await _signed(address, world.people["lead"].username)
    before = await browser.get(QUEUE)
    assert '<td class="c-assignee"' in before.text
    assert '<td class="c-channel"' not in before.text
    browser.headers["x-token"] = re.findall(r'name="csrf" value="([^"]+)"', before.text)[0]
    form = {"csrf": browser.headers["x-token"], "columns": ["channel", "nonsense"], "query": "tab=agency&q=den"}
    answer = await browser.post(f"{QUEUE}/columns", data=form)
    assert answer.headers["location"] == f"{QUEUE}?tab=agency&q=den"
    after = await browser.get(QUEUE)
    assert '<td class="c-assignee"' not in after.text
    assert '<td class="c-channel"' in after.text
    await browser.aclose()


async def test_an_empty_queue_says_what_to_do_next(visitor: Visitor) -> None:
    browser = await visitor("officer")
    nothing = await browser.get(f"{QUEUE}?q=khong-co-gi-nhu-the")
    assert "Không có phản ánh nào khớp" in nothing.text
    assert "tab=all&amp;q=khong-co-gi-nhu-the" in nothing.text
    assert "Không còn phản ánh nào ở đây" in (await browser.get(f"{QUEUE}?tab=directed")).text


async def test_nothing_of_the_reporter_is_on_the_page(visitor: Visitor, world: World) -> None:
    await file(world, "Đèn nhà chị Lan gọi.", contact=Contact("Nguyễn Thị Lan", "0912345678", "lan@example.vn"))
    for key in ("officer", "coordinator"):
        page = await (await visitor(key)).get(f"{QUEUE}?tab=all")
        assert "0912345678" not in page.text
        assert "lan@example.vn" not in page.text
        assert "Nguyễn Thị Lan" not in page.text


async def test_a_full_page_is_small_and_asks_for_little_more(visitor: Visitor, world: World) -> None:
    for n in range(50):
        await file(world, f"Bà con phản ánh đèn đường tuyến số {n} không sáng đã nhiều ngày, đi lại rất khó khăn. " * 3)
    browser = await visitor("coordinator")
    sizes = []
    page = await browser.get(f"{QUEUE}?tab=open", headers={"Accept-Encoding": "gzip"})
    assert len(_CODE.findall(page.text)) == 50
    assets = set(re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page.text))
    for path in [f"{QUEUE}?tab=open", *assets]:
        async with browser.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            sizes.append(len(b"".join([chunk async for chunk in answer.aiter_raw()])))
    assert sizes[0] <= 20_000
    assert sum(sizes) <= 60_000
    assert len(sizes) <= 12


async def test_what_has_come_since_is_counted_for_its_agency_alone(visitor: Visitor, world: World) -> None:
    since = int(datetime.now(UTC).timestamp() * 1000)
    officer, other = await visitor("officer"), await visitor("other_officer")
    asked = f"{QUEUE}/new?since={since}"
    assert (await officer.get(asked)).status_code == 204
    for number in range(2):
        await file(world, f"Đèn mới báo {number}.")
    told = await officer.get(asked)
    assert "2 phản ánh mới – xem" in told.text
    assert "known=2" in told.text
    assert (await officer.get(f"{asked}&known=2")).status_code == 204
    assert (await officer.get(f"{asked}&category=garbage")).status_code == 204
    assert "1 phản ánh mới" in (await officer.get(f"{asked}&q=moi+bao+1")).text
    assert (await other.get(asked)).status_code == 204
    assert (await officer.get(f"{QUEUE}/new?since=x&known=-1")).status_code == 200


async def test_a_page_that_asks_by_itself_keeps_no_session_alive(world: World, address: str) -> None:
    browser = await _signed(address, world.people["supervisor"].username)
    staff_id = world.people["supervisor"].staff_id
    long_ago = "UPDATE staff_sessions SET last_seen_at = now() - interval '1 hour' WHERE staff_id = $1"
    await world.parts.pool.execute(long_ago, staff_id)
    seen = "SELECT max(last_seen_at) < now() - interval '50 minutes' FROM staff_sessions WHERE staff_id = $1"
    assert (await browser.get(f"{QUEUE}/new?since=0")).status_code in (200, 204)
    assert await world.parts.pool.fetchval(seen, staff_id)
    assert (await browser.get(QUEUE)).status_code == 200
    assert not await world.parts.pool.fetchval(seen, staff_id)
    await browser.aclose()


async def test_tags_in_use_are_suggested(visitor: Visitor, world: World) -> None:
    report = await file(world, "Đèn chợ đêm.")
    await act(world, "officer", report, Act.TAG, tags=("Chợ <Đêm>",))
    assert '<option value="chợ &lt;đêm&gt;">' in (await (await visitor("officer")).get(f"{QUEUE}/tags")).text
    assert "chợ" not in (await (await visitor("other_officer")).get(f"{QUEUE}/tags")).text


@pytest.mark.parametrize("query", ["", "tab=all&q=den+duong", "tab=mine&category=street-light", "tab=done"])
async def test_a_page_costs_four_statements(query: str, world: World, database_url: str) -> None:
    async with counting(database_url) as (pool, statements):
        parts = Parts(world.parts.settings, pool, *(getattr(world.parts, name) for name in Parts.__struct_fields__[2:]))
        transport = httpx.ASGITransport(app=create_app(parts))  # type: ignore[arg-type]  # Litestar's ASGI types
        async with httpx.AsyncClient(transport=transport, base_url="http://a") as browser:
            await sign_in(browser, world.people["lead"].username, PASSWORD)
            assert (await browser.get(QUEUE)).status_code == 200  # the driver asks for types it has not seen, once
            await counted(statements)
            assert (await browser.get(f"{QUEUE}?{query}")).status_code == 200
            assert len(await counted(statements)) == 4
