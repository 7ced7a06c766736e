"""Doing acts from the page of a case: what is offered is what is accepted, and nothing typed is ever lost."""

import html
import re
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from app.reports.workflow import Act
from tests.api.conftest import SignedIn, act, send
from tests.api.conftest import contract as contract  # the JSON API's fixtures
from tests.api.conftest import signed_in as signed_in
from tests.console.conftest import PAGES, Visitor
from tests.world import AN_XUYEN, LIGHT, POWER, World, photo

ROLES = ("officer", "lead", "coordinator", "leader")
STORIES: dict[str, Sequence[tuple[str, str, dict[str, str]]]] = {
    "assigned": (),
    "in_progress": (("officer", "start", {}),),
    "awaiting_info": (("officer", "ask", {"text": "Trụ số mấy ạ?"}),),
    "returned": (("officer", "return", {"text": "Không thuộc đơn vị."}),),
    "rejected": (("coordinator", "reject", {"text": "Ngoài phạm vi."}),),
    "wanted": (("officer", "ask_extension", {"text": "Chờ vật tư.", "days": "2"}),),
}


async def file(address: str, **more: object) -> str:
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        return (await send(http, LIGHT | more)).code


async def lived(address: str, signed_in: SignedIn, story: str) -> str:
    code = await file(address)
    for who, what, body in STORIES[story]:
        given = {name: int(value) if name == "days" else value for name, value in body.items()}
        await act(await signed_in(who), code, what, **given)
    return code


def offered(page: httpx.Response) -> set[str]:
    """The acts that the page has a form for, or a link to a page of their own."""
    own = {"publish": "/publish", "merge": "/merge", "attach": "#files"}
    panel = page.text[page.text.index('id="acts"') : page.text.index("</section>", page.text.index('id="acts"'))]
    pages = {act for act, path in own.items() if re.search(rf'class="button[^"]*" href="[^"]+{path}"', panel)}
    return set(re.findall(r'/acts/(\w+)" id="form-', panel)) | pages


def field(page: httpx.Response, act: str, name: str) -> str:
    """A hidden field of an act's form."""
    form = page.text[page.text.index(f'id="form-{act}"') :]
    found = re.search(rf'name="{name}" value="([^"]*)"', form)
    assert found, (act, name)
    return html.unescape(found[1])


async def fill(browser: httpx.AsyncClient, code: str, act: str, *, files: Any = None, **typed: str) -> httpx.Response:
    """Open the page and send an act's form; gives the answer without going on."""
    page = await browser.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, act, name) for name in ("version", "client_key", "was")}
    return await post(browser, code, act, files=files, **(hidden | typed))


async def post(browser: httpx.AsyncClient, code: str, act: str, *, files: Any = None, **fields: str) -> httpx.Response:
    form = {"csrf": browser.headers["x-token"], **fields}
    parts = [("photos", (f"{i}.jpg", data, "image/jpeg")) for i, data in enumerate(files or [])]
    return await browser.post(f"{PAGES}/reports/{code}/acts/{act}", data=form, files=parts or None)


@pytest.mark.parametrize("story", list(STORIES))
@pytest.mark.parametrize("who", ROLES)
async def test_exactly_what_the_status_table_allows_is_offered(
    who: str, story: str, address: str, visitor: Visitor, signed_in: SignedIn
) -> None:
    code = await lived(address, signed_in, story)
    browser, program = await visitor(who), await signed_in(who)
    page = await browser.get(f"{PAGES}/reports/{code}")
    case = await program.get(f"/api/v1/staff/reports/{code}")
    if page.status_code == 404:
        assert case.status_code == 404
        return
    allowed = set(case.json()["acts"])
    elsewhere = {"unpublish", "detach", "split"}  # not published; no files; on a page of its own
    assert offered(page) == allowed - elsewhere
    for other in set(Act) - allowed:
        answer = await post(browser, code, other, version="1", text="Thử xem sao.")
        assert answer.status_code in (403, 409), (other, answer.text)


async def test_an_act_is_done_and_leads_back_to_the_case(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    answer = await fill(officer, code, "start")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGES}/reports/{code}?done=start")
    page = await officer.get(answer.headers["location"])
    assert "Đã ghi nhận: Bắt đầu xử lý." in page.text
    assert "Đang xử lý" in page.text


async def test_the_same_form_twice_is_done_once_and_leads_to_the_same_page(
    address: str, visitor: Visitor, world: World
) -> None:
    code, officer = await file(address), await visitor("officer")
    page = await officer.get(f"{PAGES}/reports/{code}")
    for what, text in (("start", ""), ("ask", "Trụ số mấy ạ?")):
        page = await officer.get(f"{PAGES}/reports/{code}")
        form = {name: field(page, what, name) for name in ("version", "client_key")} | {"text": text}
        first, again = [await post(officer, code, what, **form) for _ in range(2)]
        assert (first.status_code, first.headers["location"]) == (again.status_code, again.headers["location"])
        assert again.status_code == 303
    kinds = await world.parts.pool.fetch(
        "SELECT kind FROM report_events e JOIN reports r USING (report_id) WHERE code = $1 ORDER BY e.seq", code
    )
    assert [row["kind"] for row in kinds][-2:] == ["started", "asked"]


async def test_a_result_goes_out_with_its_photo(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    await fill(officer, code, "start")
    answer = await fill(officer, code, "resolve", text="Đã thay bóng.", files=[photo("sau", colour="#4a7c59")])
    assert answer.status_code == 303, answer.text
    page = await officer.get(f"{PAGES}/reports/{code}")
    assert "stage-after" in page.text
    assert "Đã thay bóng." in page.text


async def test_what_is_missing_is_said_beside_its_field_and_the_rest_is_kept(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    await fill(officer, code, "start")
    answer = await fill(officer, code, "resolve", text="Đã thay bóng <mới>.")
    assert answer.status_code == 422
    form = answer.text[answer.text.index('id="form-resolve"') :]
    assert "Đã thay bóng &lt;mới&gt;.</textarea>" in form
    assert "bằng chứng" in form[: form.index("</form>")]


async def test_good_photos_are_kept_when_another_is_refused(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    await fill(officer, code, "start")
    good = photo("giữ lại", colour="#336699")
    answer = await fill(officer, code, "resolve", text="Đã thay bóng.", files=[good, b"not a photo"])
    assert answer.status_code == 422
    assert "1.jpg" in answer.text
    kept = field(answer, "resolve", "kept")
    again = {name: field(answer, "resolve", name) for name in ("version", "client_key")}
    done = await post(officer, code, "resolve", text="Đã thay bóng.", kept=kept, **again)
    assert done.status_code == 303, done.text
    assert "stage-after" in (await officer.get(f"{PAGES}/reports/{code}")).text


async def test_nobody_claims_a_photo_by_naming_it(address: str, visitor: Visitor, world: World) -> None:
    code, officer = await file(address), await visitor("officer")
    await fill(officer, code, "start")
    sha256 = await world.parts.pool.fetchval("SELECT encode(sha256, 'hex') FROM photo_blobs LIMIT 1")
    forged = await fill(officer, code, "resolve", text="Đã xong.", kept=f"{sha256} 99999999999.{'A' * 43}")
    assert forged.status_code == 422


async def test_an_agency_is_chosen_by_typing_as_people_type(address: str, visitor: Visitor, world: World) -> None:
    code, coordinator = await file(address), await visitor("coordinator")
    unclear = await fill(coordinator, code, "assign", agency="ubnd")
    assert unclear.status_code == 422
    assert "Chưa rõ là cơ quan nào: “ubnd”" in unclear.text
    assert 'value="ubnd"' in unclear.text
    done = await fill(coordinator, code, "assign", agency="dien luc ca mau")
    assert done.status_code == 303, done.text
    assert await world.parts.pool.fetchval("SELECT agency_id FROM reports WHERE code = $1", code) == POWER


async def test_category_and_commune_are_corrected(address: str, visitor: Visitor, world: World) -> None:
    code, coordinator = await file(address), await visitor("coordinator")
    nothing = await fill(coordinator, code, "reclassify")
    assert nothing.status_code == 422
    strange = await fill(coordinator, code, "reclassify", commune="Phường Không Có")
    assert "Chưa rõ là xã, phường nào" in strange.text
    done = await fill(coordinator, code, "reclassify", category="power-cut", commune="phuong an xuyen")
    assert done.status_code == 303, done.text
    category, commune = await world.parts.pool.fetchrow(  # type: ignore[misc]  # there is the row
        "SELECT category, commune_code FROM reports WHERE code = $1", code
    )
    assert (category, commune) == ("power-cut", AN_XUYEN)


async def test_an_extension_is_asked_for_in_days_or_until_a_moment(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    for wrong in ({"days": "ba"}, {"due": "mai"}, {"days": "0"}, {}):
        answer = await fill(officer, code, "ask_extension", text="Chờ vật tư.", **wrong)
        assert answer.status_code == 422, wrong
        assert "Chờ vật tư.</textarea>" in answer.text
    assert (await fill(officer, code, "ask_extension", text="Chờ vật tư.", due="2030-01-31T16:00")).status_code == 303
    assert "31/01/2030 16:00" in (await officer.get(f"{PAGES}/reports/{code}")).text


async def test_whoever_hands_a_case_away_comes_back_to_the_queue(address: str, visitor: Visitor) -> None:
    code, lead = await file(address), await visitor("lead")
    answer = await fill(lead, code, "transfer", agency=POWER, text="Điện trụ của điện lực.", queue="tab=agency")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGES}/queue?tab=agency")
    assert (await lead.get(f"{PAGES}/reports/{code}")).status_code == 404


async def test_after_an_act_comes_the_next_case_or_the_page_that_the_form_names(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    answer = await fill(officer, code, "claim", queue="tab=agency&at=x", then="next")
    assert answer.headers["location"] == f"{PAGES}/queue/next?tab=agency&at=x"
    answer = await fill(officer, code, "claim", queue="q=đèn\r\nX-Bad: yes", then="next")
    assert answer.headers["location"].startswith(f"{PAGES}/queue/next?q=%C4%91%C3%A8n")
    assert "x-bad" not in answer.headers
    answer = await fill(officer, code, "claim", next=f"{PAGES}/queue?tab=mine")
    assert answer.headers["location"] == f"{PAGES}/queue?tab=mine"
    answer = await fill(officer, code, "claim", next="//elsewhere.example/")
    assert answer.headers["location"] == f"{PAGES}/queue"


async def test_somebody_faster_is_shown_beside_what_was_wanted(address: str, visitor: Visitor) -> None:
    code, officer, coordinator = await file(address), await visitor("officer"), await visitor("coordinator")
    page = await officer.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, "ask", name) for name in ("version", "client_key", "was")}
    await fill(coordinator, code, "set_urgency", urgency="urgent", text="Gần trường học.")
    answer = await post(officer, code, "ask", text="Trụ số mấy ạ?", **hidden)
    assert answer.status_code == 409
    stale = answer.text[answer.text.index('class="stale"') :]
    assert re.search(r"Mức độ</th><td><del>Bình thường</del></td><td><ins>Khẩn</ins>", stale)
    assert "Nguyễn Hoàng Oanh" in stale
    assert "Trụ số mấy ạ?</textarea>" in stale
    again = {name: field(answer, "ask", name) for name in ("version", "client_key", "was")}
    assert (await post(officer, code, "ask", text="Trụ số mấy ạ?", **again)).status_code == 303


async def test_what_cannot_be_done_any_more_is_said_and_the_words_can_be_kept(address: str, visitor: Visitor) -> None:
    code, officer, lead = await file(address), await visitor("officer"), await visitor("lead")
    page = await officer.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, "progress", name) for name in ("version", "client_key", "was")}
    await fill(lead, code, "ask", text="Trụ số mấy ạ?")
    answer = await post(officer, code, "progress", text="Mai đội đến.", **hidden)
    assert answer.status_code == 409
    assert "Việc này không còn làm được" in answer.text
    assert "Mai đội đến.</textarea>" in answer.text
    assert "Lưu nội dung này thành ghi chú nội bộ" in answer.text


async def test_a_note_is_taken_whatever_happened_meanwhile(address: str, visitor: Visitor) -> None:
    code, officer, lead = await file(address), await visitor("officer"), await visitor("lead")
    page = await officer.get(f"{PAGES}/reports/{code}")
    hidden = {name: field(page, "note", name) for name in ("version", "client_key", "was")}
    await fill(lead, code, "ask", text="Trụ số mấy ạ?")
    assert (await post(officer, code, "note", text="Đã đi xem.", **hidden)).status_code == 303


async def test_another_agencys_officer_does_nothing(address: str, visitor: Visitor, world: World) -> None:
    code, stranger = await file(address), await visitor("other_officer")
    answer = await post(stranger, code, "note", version="1", text="Tôi xem với.")
    assert answer.status_code == 404
    assert LIGHT["text"] not in answer.text  # type: ignore[operator]  # it is a text
    told = await world.parts.pool.fetchval("SELECT version FROM reports WHERE code = $1", code)
    assert told == 1
