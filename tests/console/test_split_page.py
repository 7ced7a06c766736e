"""Splitting a report by the page: who gets what by the rules, a look before, and the parts on the case's page."""

import re

import httpx
import pytest

from app.photos import service as photos
from app.reports.model import Status
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor
from tests.console.reports import act, case, file, public, street
from tests.console.test_rules_pages import words
from tests.world import POWER, World

LAMP, CUT = "Thay bóng đèn trước số 12 Lý Bôn.", "Kiểm tra dây điện xuống trụ."


def path(code: str) -> str:
    return f"{PAGES}/reports/{code}/split"


def hidden(page: httpx.Response) -> dict[str, str]:
    form = page.text.partition(f'action="{page.url.path}"')[2]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def lines(*parts: tuple[str, str, str]) -> dict[str, list[str]]:
    """Category, agency and words of each part."""
    return {
        name: list(column)
        for name, column in zip(("category", "agency", "words"), zip(*parts, strict=True), strict=True)
    }


TWO = lines(("street-light", "", LAMP), ("power-cut", POWER, CUT))


async def test_each_category_says_who_would_get_it_by_the_rules(address: str, visitor: Visitor) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    page = await desk.get(path(code))
    option = re.search(r'<option value="street-light" data-agency="([^"]+)" data-due="([^"]+)"', page.text)
    assert option
    assert "Môi trường Đô thị" in option[1]
    assert re.fullmatch(r"\d\d/\d\d/\d{4} \d\d:\d\d", option[2])
    assert page.text.count("data-line") == 2
    assert "Nguyễn Thị Lan" not in page.text


async def test_a_preview_shows_agencies_and_deadlines_and_splits_nothing(
    address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    page = await desk.post(path(code), data=hidden(await desk.get(path(code))) | TWO | {"do": "preview"})
    said = words(page).partition("Điều gì sẽ xảy ra")[2]
    assert page.status_code == 200
    assert "Môi trường Đô thị" in said
    assert "Điện lực" in said
    assert f"{code} chuyển sang “Đang xử lý”" in said
    assert LAMP in page.text
    assert (await case(world, code)).report.open_parts == 0


async def test_another_line_keeps_what_was_typed_up_to_six(address: str, visitor: Visitor) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    page = await desk.get(path(code))
    for number in range(3, 7):
        columns = {name: [*TWO[name], *[""] * (number - 3)] for name in TWO}
        page = await desk.post(path(code), data=hidden(page) | columns | {"do": "add"})
        assert page.text.count("data-line") == number
    assert LAMP in page.text
    assert 'value="add"' not in page.text


async def test_split_the_agencies_work_and_the_reporter_sees_one_report_with_one_result(
    address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address, street(41))
    form = hidden(await desk.get(path(code))) | TWO
    answers = [await desk.post(path(code), data=form) for _ in range(2)]
    assert [one.headers["location"] for one in answers] == [f"{PAGES}/reports/{code}"] * 2
    shown = await desk.get(f"{PAGES}/reports/{code}")
    own = words(shown)
    assert "Còn 2 phần đang xử lý" in own
    section = shown.text.partition('id="parts"')[2].partition("</section>")[0]
    parts = re.findall(r'href="/console/reports/(PA-[0-9A-Z-]+)"', section)
    assert len(parts) == 2

    officer, other = await visitor("officer"), await visitor("other_officer")
    assert [(await one.get(f"{PAGES}/reports/{parts[0]}")).status_code for one in (officer, other)] == [200, 404]
    assert [(await one.get(f"{PAGES}/reports/{parts[1]}")).status_code for one in (officer, other)] == [404, 200]
    assert [(await one.get(f"{PAGES}/reports/{code}")).status_code for one in (officer, other)] == [404, 404]
    part = await officer.get(f"{PAGES}/reports/{parts[0]}")
    assert f"Một phần của phản ánh {code}" in words(part)
    assert f"reports/{code}" not in part.text
    for part_code in parts:
        assert (await public(address, part_code))["status"] == 404
    assert "Cần nhiều cơ quan cùng xử lý" in str((await public(address, code))["timeline"])

    store = world.parts
    for number, (key, part_code) in enumerate(zip(("officer", "other_officer"), parts, strict=True)):
        shot = await photos.store_photo(store.pool, store.objects, store.lab, street(42 + number))
        await act(world, key, part_code, Act.RESOLVE, text=f"Đã làm xong phần {number + 1}.", photos=(shot,))
    done = await case(world, code)
    assert done.report.status is Status.RESOLVED
    assert "Đã làm xong phần 1." in done.messages[-1].body
    assert "Đã làm xong phần 2." in done.messages[-1].body
    assert "Tất cả các phần đã kết thúc" in words(await desk.get(f"{PAGES}/reports/{code}"))


async def test_whoever_is_late_is_told_and_loses_nothing(address: str, visitor: Visitor, world: World) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    form = hidden(await desk.get(path(code))) | TWO
    await act(world, "officer", code, Act.NOTE, text="Đang xem.")
    late = await desk.post(path(code), data=form)
    assert late.status_code == 409
    assert "vừa được người khác cập nhật" in late.text
    assert LAMP in late.text
    assert (await desk.post(path(code), data=hidden(late) | TWO)).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Vui lòng ghi các phần việc"),
        (lines(("street-light", "", LAMP)), "từ 2 đến 6"),
        (lines(("street-light", "", LAMP), ("", "", "Việc chưa rõ lĩnh vực.")), "Vui lòng chọn lĩnh vực"),
        (lines(("street-light", "", LAMP), ("power-cut", "", "abc")), "quá ngắn"),
        (lines(("street-light", "", LAMP), ("power-cut", "khong-co", CUT)), "khong-co"),
    ],
)
async def test_what_is_wrong_is_marked_and_nothing_is_split(
    given: dict[str, list[str]], said: str, address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    page = await desk.post(path(code), data=hidden(await desk.get(path(code))) | given)
    assert page.status_code == 422
    assert said in page.text
    assert (await case(world, code)).report.status is Status.ASSIGNED


async def test_a_part_and_what_is_over_say_why_they_are_not_split(address: str, visitor: Visitor, world: World) -> None:
    desk, over, whole = await visitor("coordinator"), await file(address), await file(address)
    await act(world, "coordinator", over, Act.REJECT, text="Không rõ nơi nào.")
    await desk.post(path(whole), data=hidden(await desk.get(path(whole))) | TWO)
    section = (await desk.get(f"{PAGES}/reports/{whole}")).text.partition('id="parts"')[2]
    part = re.findall(r'href="/console/reports/(PA-[0-9A-Z-]+)"', section)[0]
    for code, said in (
        (over, "Không chia được"),
        (part, "một phần việc của phản ánh khác"),
        (whole, "còn 2 phần việc"),
    ):
        page = await desk.get(path(code))
        assert (page.status_code, said in page.text) == (200, True)
        assert "data-line" not in page.text


async def test_only_coordinators_split(address: str, visitor: Visitor) -> None:
    code = await file(address)
    for role in ("officer", "lead", "leader", "administrator"):
        browser = await visitor(role)
        assert (await browser.get(path(code))).status_code == 403
        assert (await browser.post(path(code), data={"csrf": browser.headers["x-token"]} | TWO)).status_code == 403
