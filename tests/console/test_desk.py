"""The coordinators' desk over HTTP, with and without scripts: the lists, one report sent on its way, lost races."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.history import service as history
from app.reports import service
from app.reports.model import Place, Report, Status
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor, sign_in, token
from tests.console.desk_world import UNCLEAR, act, disputed, filed, guessed, light
from tests.world import AN_XUYEN, CENTRE, COMPANY, PASSWORD, POWER, World

HTMX = {"HX-Request": "true"}


@pytest_asyncio.fixture
async def oanh(visitor: Visitor) -> httpx.AsyncClient:
    """The coordinator."""
    return await visitor("coordinator")


@pytest_asyncio.fixture
async def second(world: World, address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Another coordinator, Lâm Thị Kiều, in a browser of her own."""
    if not await world.parts.pool.fetchval("SELECT 1 FROM staff WHERE username = 'lam.thi.kieu'"):
        await accounts.create_staff(
            world.parts.pool, "lam.thi.kieu", "Lâm Thị Kiều", CENTRE, Role.COORDINATOR, PASSWORD, SYSTEM
        )
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        await sign_in(browser, "lam.thi.kieu", PASSWORD)
        browser.headers["x-token"] = token(await browser.get(f"{PAGES}/account"))
        yield browser


async def now(world: World, report: Report) -> Report:
    async with world.parts.pool.acquire() as conn:
        return await service.get(conn, report.report_id)


async def row_of(browser: httpx.AsyncClient, report: Report, name: str = "intake") -> str:
    """The report's row in a list, wherever in its pages."""
    address: str | None = f"{PAGES}/desk?s={name}"
    while address:
        page = await browser.get(address)
        assert page.status_code == 200, page.text
        if found := re.search(rf'<li class="row" id="row-{report.code}".*?</form>', page.text, re.DOTALL):
            return found[0]
        more = re.search(r'id="more" href="([^"]+)"', page.text)
        address = more[1].replace("&amp;", "&") if more else None
    return ""


def fields(row: str) -> dict[str, str]:
    """What the row's form would send."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', row))


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


async def accept(browser: httpx.AsyncClient, report: Report, form: dict[str, str], **headers: str) -> httpx.Response:
    form = form | {"csrf": browser.headers["x-token"]}
    return await browser.post(f"{PAGES}/desk/one/{report.code}", data=form, headers=headers)


async def test_a_new_report_shows_what_is_suggested_how_sure_that_is_and_why(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await filed(world)
    row = await row_of(oanh, report)
    assert UNCLEAR in row
    said = words(row)
    assert "Đèn đường" in said
    assert "chưa chắc, 30 %" in said
    assert "→ Công ty Cổ phần Môi trường Đô thị Cà Mau" in said
    assert "Vì sao cơ quan này" in said
    assert "Phường An Xuyên" in said
    assert "Hạn tiếp nhận" in said
    assert fields(row) | {"csrf": "", "key": ""} == {
        "csrf": "", "key": "", "version": "1", "category": guessed(world), "agency": COMPANY,
    }  # fmt: skip


async def test_accepting_sends_it_on_its_way_once_however_often_the_key_is_pressed(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await filed(world)
    form = fields(await row_of(oanh, report))
    for _ in range(2):
        answer = await accept(oanh, report, form, **HTMX)
        assert answer.status_code == 200, answer.text
        assert f"{report.code}: đã chuyển đến Công ty Cổ phần Môi trường Đô thị Cà Mau." in words(answer.text)
        assert 'id="count-intake"' in answer.text
    after = await now(world, report)
    assert (after.status, after.agency_id, after.category) == (Status.ASSIGNED, COMPANY, guessed(world))
    async with world.parts.pool.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    assert [event.kind for event in events] == ["submitted", "assigned"]
    assert events[1].actor_id == world.people["coordinator"].staff_id
    assert events[1].data["accepts"]["reasons"]
    assert await row_of(oanh, report) == ""


async def test_without_scripts_the_list_says_what_was_done(oanh: httpx.AsyncClient, world: World) -> None:
    report = await filed(world)
    answer = await accept(oanh, report, fields(await row_of(oanh, report)))
    assert (answer.status_code, answer.headers["location"]) == (
        303, f"{PAGES}/desk?s=intake&done={report.code}&did=assigned",
    )  # fmt: skip
    page = await oanh.get(answer.headers["location"])
    assert f"{report.code}: đã chuyển đến Công ty Cổ phần Môi trường Đô thị Cà Mau." in words(page.text)


async def test_another_category_brings_its_agency_at_once_and_nothing_is_written(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await filed(world)
    piece = await oanh.get(f"{PAGES}/desk/one/{report.code}?category=power-cut", headers=HTMX)
    assert piece.text.lstrip().startswith("<li")
    assert fields(piece.text)["category"] == "power-cut"
    assert fields(piece.text)["agency"] == POWER
    assert (await now(world, report)).version == 1
    page = await oanh.get(f"{PAGES}/desk/one/{report.code}?category=power-cut")
    assert "<h1>Chuyển phản ánh" in page.text
    assert f'<option value="{POWER}" selected>' in page.text
    answer = await accept(oanh, report, fields(piece.text), **HTMX)
    assert answer.status_code == 200
    after = await now(world, report)
    assert (after.agency_id, after.category) == (POWER, "power-cut")


async def test_an_agency_chosen_by_hand_stands_against_the_rules(oanh: httpx.AsyncClient, world: World) -> None:
    report = await filed(world)
    piece = await oanh.get(f"{PAGES}/desk/one/{report.code}?agency={POWER}", headers=HTMX)
    assert "Cơ quan do anh/chị chọn" in piece.text
    assert (await accept(oanh, report, fields(piece.text), **HTMX)).status_code == 200
    assert (await now(world, report)).agency_id == POWER


async def test_where_the_rules_find_nobody_somebody_has_to_choose(oanh: httpx.AsyncClient, world: World) -> None:
    report = await filed(world, "Chỗ này hư rồi nhờ kiểm tra giúp", category="other")
    row = await row_of(oanh, report)
    form = fields(row) | {"agency": "", "category": "other"}
    for agency, said in (("", "Vui lòng chọn cơ quan"), ("khong-co", "Không có cơ quan “khong-co”")):
        answer = await accept(oanh, report, form | {"agency": agency}, **HTMX)
        assert (answer.status_code, said in words(answer.text)) == (422, True), answer.text
    odd = await oanh.get(f"{PAGES}/desk/one/{report.code}?category=khong-co", headers=HTMX)
    assert (odd.status_code, "Không có lĩnh vực này" in odd.text) == (422, True)
    assert (await now(world, report)).version == 1


async def test_of_two_coordinators_the_second_reads_what_the_first_did(
    oanh: httpx.AsyncClient, second: httpx.AsyncClient, world: World
) -> None:
    report = await filed(world)
    mine, theirs = fields(await row_of(oanh, report)), fields(await row_of(second, report))
    assert (await accept(second, report, theirs, **HTMX)).status_code == 200
    late = await accept(oanh, report, mine | {"agency": POWER}, **HTMX)
    assert late.status_code == 409
    said = f"{report.code}: Lâm Thị Kiều đã chuyển đến Công ty Cổ phần Môi trường Đô thị Cà Mau trước anh/chị."
    assert said in words(late.text)
    page = await accept(oanh, report, mine | {"agency": POWER})
    assert (page.status_code, said in words(page.text), "<h1>Đã có người làm trước" in page.text) == (409, True, True)
    assert (await now(world, report)).agency_id == COMPANY


async def test_a_report_corrected_meanwhile_is_shown_anew_before_it_is_sent(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await filed(world)
    form = fields(await row_of(oanh, report))
    await act(world, "coordinator", report, Act.RECLASSIFY, category="power-cut")
    answer = await accept(oanh, report, form, **HTMX)
    assert answer.status_code == 409
    assert "Vừa có người thay đổi phản ánh này" in answer.text
    fresh = fields(answer.text)
    assert (fresh["version"], fresh["category"], fresh["agency"]) == ("2", "power-cut", POWER)
    assert (await accept(oanh, report, fresh, **HTMX)).status_code == 200


async def test_what_came_back_says_why_and_warns_of_sending_it_there_again(
    oanh: httpx.AsyncClient, world: World
) -> None:
    report = await light(world)
    await act(world, "officer", report, Act.RETURN, text="Trụ đèn này không do công ty quản lý.")
    row = words(await row_of(oanh, report, "returned"))
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau trả lại" in row
    assert "“Trụ đèn này không do công ty quản lý.”" in row
    assert "vừa trả lại" in row
    assert await row_of(oanh, report, "intake") == ""


async def test_others_near_by_are_named_with_a_way_to_merge(oanh: httpx.AsyncClient, world: World) -> None:
    elsewhere = Place(lat=9.2546, lon=105.178, commune_code=AN_XUYEN)
    first = await filed(world, UNCLEAR + " Lần một.", place=elsewhere)
    again = await filed(world, UNCLEAR + " Lần hai.", place=elsewhere)
    row = await row_of(oanh, again)
    assert f"{PAGES}/reports/{again.code}/merge?into={first.code}" in row
    assert f"into={again.code}" not in row


async def test_a_coordinator_with_limits_sees_and_sends_only_what_is_within_them(world: World, address: str) -> None:
    pool = world.parts.pool
    staff_id, _ = await accounts.create_staff(
        pool, "ly.gioi.han", "Lý Giới Hạn", CENTRE, Role.COORDINATOR, PASSWORD, SYSTEM
    )
    await pool.execute("UPDATE staff SET communes = $2 WHERE staff_id = $1", staff_id, [AN_XUYEN])
    inside = await filed(world)
    outside = await filed(world, place=Place(address="Xã Đất Mũi"))
    async with httpx.AsyncClient(base_url=address, timeout=60) as browser:
        await sign_in(browser, "ly.gioi.han", PASSWORD)
        browser.headers["x-token"] = token(await browser.get(f"{PAGES}/account"))
        assert await row_of(browser, inside) != ""
        assert await row_of(browser, outside) == ""
        assert (await browser.get(f"{PAGES}/desk/one/{outside.code}")).status_code == 404
        form = {"version": "1", "agency": COMPANY, "category": "street-light"}
        assert (await accept(browser, outside, form)).status_code == 404
    assert (await now(world, outside)).version == 1


async def test_a_broken_place_in_the_list_and_a_form_that_is_not_ours_are_refused(
    oanh: httpx.AsyncClient, world: World
) -> None:
    assert (await oanh.get(f"{PAGES}/desk?after=zz")).status_code == 422
    report = await filed(world)
    answer = await accept(oanh, report, {"version": "x", "agency": COMPANY}, **HTMX)
    assert answer.status_code == 422
    assert (await now(world, report)).version == 1


async def test_pages_of_a_list_follow_each_other(oanh: httpx.AsyncClient, world: World) -> None:
    reports = [await filed(world, f"{UNCLEAR} Số {number}.") for number in range(22)]
    for report in (reports[0], reports[-1]):
        assert await row_of(oanh, report) != ""
    page = await oanh.get(f"{PAGES}/desk")
    assert len(re.findall(r'<li class="row"', page.text)) == 20


async def test_a_dispute_over_competence_is_in_its_own_list_alone(oanh: httpx.AsyncClient, world: World) -> None:
    report = await disputed(world)
    assert await row_of(oanh, report, "competence") != ""
    assert await row_of(oanh, report, "returned") == ""
