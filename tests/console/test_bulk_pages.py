"""Acts on many reports, without scripts: choose, look, start, read what became of each row."""

import gzip
import re
from uuid import UUID

import httpx
import pytest

from app.bulk import service as bulk
from app.reports import service as reports
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor, token
from tests.console.test_directions_page import act, light
from tests.world import POWER, World

HERE = f"{PAGES}/bulk"


async def post(browser: httpx.AsyncClient, path: str, **fields: str | list[str]) -> httpx.Response:
    form = {"csrf": browser.headers["x-token"], **fields}
    return await browser.post(path, data=form, follow_redirects=True)


async def chosen(browser: httpx.AsyncClient, codes: list[str], act: str, back: str = "") -> httpx.Response:
    return await post(browser, HERE, code=codes, act=act, next=back)


def run_of(page: httpx.Response) -> UUID:
    return UUID(page.url.path.rpartition("/")[2])


def places(page: httpx.Response) -> list[str]:
    return re.findall(r'name="row" value="(\d+)"', page.text)


async def started(browser: httpx.AsyncClient, preview: httpx.Response, **fields: str) -> httpx.Response:
    return await post(browser, f"{preview.url.path}/start", row=places(preview), **fields)


async def work(world: World, page: httpx.Response) -> None:
    await bulk.work(world.parts.pool, world.parts.rules, run_of(page))


async def test_from_the_queue_to_the_result(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    cases = [await light(world) for _ in range(3)]
    await act(world, "lead", cases[2], Act.START)
    back = f"{PAGES}/queue?status=assigned"
    preview = await chosen(officer, [case.code for case in cases], "start", back)
    assert preview.status_code == 200
    assert 'href="/console/queue?status=assigned"' in preview.text
    assert "Thực hiện được (2)" in preview.text
    assert "Không thực hiện được (1)" in preview.text
    assert "khi phản ánh đang ở trạng thái “Đang xử lý”" in preview.text
    running = await started(officer, preview)
    assert "Đã xong 0 trên 3 phản ánh." in running.text
    progress = (await officer.get(f"{running.url.path}/progress")).json()
    assert progress == {"state": "running", "done": 0, "total": 3}
    await work(world, running)
    result = await officer.get(running.url.path)
    assert "Đã thực hiện 2 phản ánh, còn 1 phản ánh chưa thực hiện được." in result.text
    assert (await reports.find(world.parts.pool, cases[0].code)).status is Status.IN_PROGRESS
    again = await post(officer, f"{running.url.path}/again")
    assert again.url.path != running.url.path
    assert cases[2].code in again.text
    assert cases[0].code not in again.text
    listed = await officer.get(HERE)
    assert f'href="{running.url.path}"' in listed.text
    assert f'href="{again.url.path}"' not in listed.text


async def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, world: World
) -> None:
    coordinator = await visitor("coordinator")
    cases = [await light(world) for _ in range(2)]
    preview = await chosen(coordinator, [case.code for case in cases], "assign")
    page = await post(coordinator, f"{preview.url.path}/start", row=places(preview)[:1], text="Gấp nhé.", agency="")
    assert page.status_code == 422
    assert "Vui lòng chọn cơ quan xử lý" in page.text
    assert "Gấp nhé." in page.text
    assert len(re.findall(r'name="row" value="\d+" checked', page.text)) == 1
    running = await started(coordinator, preview, agency=POWER, text="Gấp nhé.")
    await work(world, running)
    assert {(await reports.find(world.parts.pool, case.code)).agency_id for case in cases} == {POWER}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "Mưa.", "days": "ba"}, "Số ngày làm việc phải là một số"),
        ({"text": "Mưa.", "due": "mai"}, "Thời điểm chưa đúng"),
        ({"text": "Mưa."}, "Vui lòng cho biết xin gia hạn thêm mấy ngày"),
        ({"days": "3"}, "Vui lòng nhập nội dung"),
    ],
)
async def test_a_wrong_deadline_is_said(visitor: Visitor, world: World, fields: dict[str, str], words: str) -> None:
    officer = await visitor("officer")
    preview = await chosen(officer, [(await light(world)).code], "ask_extension")
    page = await started(officer, preview, **fields)
    assert (page.status_code, words in page.text) == (422, True)


async def test_another_act_for_the_same_rows(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    preview = await chosen(officer, [(await light(world)).code], "start")
    other = await post(officer, f"{preview.url.path}/act", act="note")
    assert other.url.path == preview.url.path
    assert "Nội dung ghi chú" in other.text
    refused = await post(officer, f"{preview.url.path}/act", act="reject")
    assert refused.status_code == 403


async def test_codes_of_others_are_refused_without_telling_that_they_exist(visitor: Visitor, world: World) -> None:
    case = await light(world)
    absent = "PA-0000-0000"
    page = await chosen(await visitor("other_officer"), [case.code, absent], "note")
    text = re.sub(r'name="csrf" value="[^"]+"', "", page.text)
    assert "Không thực hiện được (2)" in text
    assert f"{PAGES}/reports/" not in text
    assert str(case.body)[:20] not in text
    one, other = (re.search(rf"<tr>(?:(?!</tr>).)*{code}.*?</tr>", text, re.DOTALL) for code in (case.code, absent))
    assert one
    assert other
    assert one[0].replace(case.code, absent) == other[0]


async def test_none_and_too_many(visitor: Visitor) -> None:
    officer = await visitor("officer")
    assert "Chưa chọn phản ánh nào" in (await chosen(officer, [], "start")).text
    many = await chosen(officer, [f"PA-{n:04d}-0000" for n in range(501)], "start")
    assert (many.status_code, "mỗi lần tối đa 500" in many.text) == (422, True)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/console/\\evil", "javascript:alert(1)"])
async def test_the_way_back_leads_to_our_own_pages_alone(visitor: Visitor, world: World, back: str) -> None:
    page = await chosen(await visitor("officer"), [(await light(world)).code], "start", back)
    assert "evil" not in page.text
    assert 'href="/console/queue"' in page.text


async def test_anothers_run_is_not_there(visitor: Visitor, world: World) -> None:
    officer, lead = await visitor("officer"), await visitor("lead")
    preview = await chosen(officer, [(await light(world)).code], "start")
    path = preview.url.path
    assert (await lead.get(path)).status_code == 404
    assert (await lead.get(f"{path}/progress")).status_code == 404
    for verb in ("start", "cancel", "again", "act"):
        assert (await post(lead, f"{path}/{verb}", act="note", row=["1"])).status_code == 404
    assert token(await officer.get(path))


async def test_stopped_is_stopped(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    preview = await chosen(officer, [(await light(world)).code], "start")
    running = await started(officer, preview)
    stopped = await post(officer, f"{running.url.path}/cancel")
    assert "Đã dừng, chưa thực hiện (1)" in stopped.text


async def test_five_hundred_rows_are_a_page_of_sixty_kilobytes(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    cases: list[Report] = [await light(world) for _ in range(500)]
    page = await chosen(officer, [case.code for case in cases], "note")
    assert len(places(page)) == 500
    assert len(gzip.compress(page.content)) < 60_000
