"""Merging and taking apart by the pages: both reports beside each other, what will happen, and only what was seen."""

import re

import httpx
import pytest

from app.reports.model import Status
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor
from tests.console.reports import act, case, file, street
from tests.console.test_rules_pages import words
from tests.world import HERE, World

OTHER = "Đèn đường trước số 12 Lý Bôn tắt ba đêm nay, hẻm tối om."


def path(code: str, what: str = "merge") -> str:
    return f"{PAGES}/reports/{code}/{what}"


def hidden(page: httpx.Response, what: str) -> dict[str, str]:
    form = page.text.partition(f'action="{page.url.path.removesuffix("/merge")}/{what}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


async def two(address: str) -> tuple[str, str]:
    """A report and, eleven metres away, the one that was there first."""
    first = await file(address, street(31), text=OTHER)
    return await file(address, street(32), lat=HERE["lat"] + 0.0001), first


async def test_the_likely_original_is_offered_with_its_distance(address: str, visitor: Visitor) -> None:
    desk = await visitor("coordinator")
    code, first = await two(address)
    page = await desk.get(path(code))
    row = page.text.partition(f"merge?into={first}")[2].partition("</tr>")[0]
    assert ">11<" in row
    assert f"merge?into={code}" not in page.text


async def test_both_stand_beside_each_other_and_what_will_happen_in_words(address: str, visitor: Visitor) -> None:
    desk = await visitor("coordinator")
    code, first = await two(address)
    page = await desk.get(path(code), params={"into": first.lower()})
    said = words(page)
    assert page.text.count('class="card side"') == 2
    assert "Cách nhau 11 m." in said
    assert "Cùng lĩnh vực." in said
    assert f"{code} chuyển sang “Trùng” và được xử lý cùng {first}" in said
    assert f"1 người đang chờ phản ánh này được báo đã gộp, từ nay nhận tin của {first}" in said
    assert "Nguyễn Thị Lan" not in page.text
    assert "0912" not in page.text


async def test_confirmed_it_is_merged_and_can_be_taken_apart_with_a_reason(
    address: str, visitor: Visitor, world: World
) -> None:
    desk = await visitor("coordinator")
    code, first = await two(address)
    form = hidden(await desk.get(path(code), params={"into": first}), "merge")
    answers = [await desk.post(path(code), data=form | {"text": "Cùng một bóng đèn."}) for _ in range(2)]
    assert [one.headers.get("location") for one in answers] == [f"{path(code)}?done=merge"] * 2
    merged = (await case(world, code)).report
    assert (merged.status, merged.version) == (Status.DUPLICATE, 2)

    page = await desk.get(path(code), params={"done": "merge"})
    assert f"Đã gộp vào {first}" in page.text
    assert f"{code} trở về “Đã tiếp nhận”" in words(page)
    undo = hidden(page, "unmerge")
    refused = await desk.post(path(code, "unmerge"), data=undo | {"text": ""})
    assert (refused.status_code, "Vui lòng nhập nội dung" in refused.text) == (422, True)
    done = await desk.post(path(code, "unmerge"), data=undo | {"text": "Hai trụ đèn khác nhau."})
    assert done.headers["location"] == f"{path(code)}?done=unmerge"
    assert (await case(world, code)).report.status is Status.RECEIVED
    assert "đang ở bàn điều phối" in (await desk.get(path(code), params={"done": "unmerge"})).text


@pytest.mark.parametrize("changed", [0, 1])
async def test_when_either_report_has_changed_since_nothing_is_merged_and_the_note_is_kept(
    changed: int, address: str, visitor: Visitor, world: World
) -> None:
    desk = await visitor("coordinator")
    pair = await two(address)
    form = hidden(await desk.get(path(pair[0]), params={"into": pair[1]}), "merge")
    await act(world, "officer", pair[changed], Act.NOTE, text="Đang xem.")
    late = await desk.post(path(pair[0]), data=form | {"text": "Cùng một bóng đèn."})
    assert late.status_code == 409
    assert "vừa được cập nhật" in late.text
    assert "Cùng một bóng đèn." in late.text
    assert (await case(world, pair[0])).report.status is Status.ASSIGNED
    again = await desk.post(path(pair[0]), data=hidden(late, "merge"))
    assert again.status_code == 303


async def test_a_code_that_is_none_itself_or_over_is_told_beside_the_field(
    address: str, visitor: Visitor, world: World
) -> None:
    desk = await visitor("coordinator")
    code, over = await two(address)
    await act(world, "coordinator", over, Act.REJECT, text="Không rõ nơi nào.")
    for typed, said in (("PA-0000-0000", "Không tìm thấy phản ánh gốc"), (code, "chính nó"), (over, "đã kết thúc")):
        page = await desk.get(path(code), params={"into": typed})
        assert page.status_code == 422
        assert said in page.text
        assert 'aria-invalid="true"' in page.text
        assert 'name="target"' not in page.text


async def test_what_cannot_be_merged_says_so(address: str, visitor: Visitor, world: World) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    await act(world, "coordinator", code, Act.REJECT, text="Không rõ nơi nào.")
    page = await desk.get(path(code))
    assert (page.status_code, "Không gộp được phản ánh đang ở trạng thái “Không tiếp nhận”" in page.text) == (200, True)


async def test_only_coordinators_merge(address: str, visitor: Visitor) -> None:
    code, first = await two(address)
    for role in ("officer", "lead", "leader", "administrator"):
        browser = await visitor(role)
        form = {"csrf": browser.headers["x-token"], "target": first}
        assert (await browser.get(path(code))).status_code == 403
        assert (await browser.post(path(code), data=form)).status_code == 403
        assert (await browser.post(path(code, "unmerge"), data=form)).status_code == 403
