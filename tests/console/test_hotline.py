"""Writing down a call to 1022, over HTTP: what is suggested, what is saved, and the same matter said twice."""

import re
from typing import Any

import httpx
import pytest
import pytest_asyncio

from app.history import service as history
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Contact, NewReport, Place, Report, Status
from tests.api.conftest import API, SignedIn
from tests.api.conftest import contract as contract
from tests.api.conftest import signed_in as signed_in
from tests.console.conftest import PAGES, Visitor
from tests.console.desk_world import filed, light
from tests.console.test_desk import HTMX, now, words
from tests.world import AN_XUYEN, COMPANY, LIGHT, World, photo

CALL = {
    "text": "Người gọi cho biết đèn đường trước số 40 Lý Bôn hỏng ba đêm nay.",
    "address": "40 Lý Bôn, phường 2, tp Cà Mau",
    "commune": AN_XUYEN,
    "name": "Nguyễn Thị Lan",
    "phone": "0912 345 678",
    "consent": "1",
}


@pytest_asyncio.fixture
async def oanh(visitor: Visitor) -> httpx.AsyncClient:
    return await visitor("coordinator")


async def call(browser: httpx.AsyncClient, path: str = "", files: Any = None, **form: str) -> httpx.Response:
    data = {"csrf": browser.headers["x-token"], **form}
    return await browser.post(f"{PAGES}/hotline{path}", data=data, files=files)


async def look(browser: httpx.AsyncClient, **form: str) -> str:
    data = {"csrf": browser.headers["x-token"], **form}
    answer = await browser.post(f"{PAGES}/hotline/look", data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return answer.text


async def taken(world: World, answer: httpx.Response) -> Report:
    assert answer.status_code == 303, answer.text
    found = re.search(r"/hotline/taken/(PA-[0-9A-Z]{4}-[0-9A-Z]{4})", answer.headers["location"])
    assert found
    return await service.find(world.parts.pool, found[1])


async def contact(world: World, report: Report) -> dict[str, Any]:
    row = await world.parts.pool.fetchrow("SELECT * FROM report_contacts WHERE report_id = $1", report.report_id)
    assert row is not None
    return dict(row)


async def test_while_typing_category_commune_agency_and_deadline_come_up(oanh: httpx.AsyncClient) -> None:
    empty = await look(oanh)
    assert "Cơ quan và thời hạn hiện ở đây" in empty
    piece = await look(oanh, text=CALL["text"], address="40 ly bon, phuong 2, tp ca mau")
    said = words(piece)
    assert "Đèn đường hỏng" in said
    assert f'value="{AN_XUYEN}"' in piece
    assert "trước là Phường 2" in said
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau" in said
    assert "Hạn xử lý" in said
    assert piece.count("hx-swap-oob") == 4


async def test_a_call_is_saved_with_its_contact_and_its_code_is_read_out(oanh: httpx.AsyncClient, world: World) -> None:
    answer = await call(oanh, **CALL, key="goi-1")
    report = await taken(world, answer)
    assert (report.channel, report.status, report.agency_id) == ("hotline", Status.ASSIGNED, COMPANY)
    assert (report.commune_code, report.address) == (AN_XUYEN, CALL["address"])
    kept = await contact(world, report)
    assert (kept["name"], kept["phone"], kept["citizen_id"]) == ("Nguyễn Thị Lan", "0912 345 678", None)
    page = await oanh.get(answer.headers["location"])
    said = words(page.text)
    assert f'<p class="big-code">{report.code}</p>' in page.text
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau" in said
    assert "Phản ánh tiếp theo" in said
    for secret in ("Nguyễn Thị Lan", "0912"):
        assert secret not in page.text


async def test_the_same_form_sent_twice_is_one_report_and_other_words_are_told(
    oanh: httpx.AsyncClient, world: World
) -> None:
    first = await taken(world, await call(oanh, **CALL, key="goi-2"))
    assert (await taken(world, await call(oanh, **CALL, key="goi-2"))).code == first.code
    other = await call(oanh, **(CALL | {"text": CALL["text"] + " Thêm lời."}), key="goi-2")
    assert (other.status_code, "đã được ghi nhận một lần với nội dung khác" in other.text) == (409, True)
    fresh = re.search(r'name="key" value="([^"]+)"', other.text)
    assert fresh
    assert fresh[1] != "goi-2"


async def test_what_is_wrong_stands_beside_its_field_and_everything_typed_is_still_there(
    oanh: httpx.AsyncClient,
) -> None:
    form = {"text": "hư", "name": "Lan", "phone": "không nhớ", "address": ""}
    answer = await call(oanh, **form, key="goi-3")
    assert answer.status_code == 422
    for field in ("text", "phone", "address", "consent"):
        assert f'id="{field}-wrong"' in answer.text, field
    assert ">hư</textarea>" in answer.text
    assert 'value="không nhớ"' in answer.text
    assert 'name="key" value="goi-3"' in answer.text


async def test_a_point_from_the_map_and_coordinates_as_an_address_are_places_too(
    oanh: httpx.AsyncClient, world: World
) -> None:
    by_map = await taken(world, await call(oanh, **(CALL | {"lat": "9.22461", "lon": "105.178", "address": ""})))
    assert (by_map.lat, by_map.lon, by_map.commune_code) == (9.22461, 105.178, AN_XUYEN)
    typed = await taken(world, await call(oanh, **(CALL | {"address": "9.22461, 105.178"})))
    assert (typed.lat, typed.lon, typed.address) == (9.22461, 105.178, "")
    wrong = await call(oanh, **(CALL | {"lat": "x", "lon": "1"}))
    assert wrong.status_code == 422


async def test_extra_questions_come_with_the_category_and_go_with_another(
    oanh: httpx.AsyncClient, world: World
) -> None:
    form = CALL | {"text": "Cây bàng ngã chắn ngang hẻm 5 Lý Bôn.", "category": "fallen-tree"}
    piece = await look(oanh, **form)
    field, value = re.search(r'type="radio" name="(answer_[\w-]+)" id="[^"]+" value="([\w-]+)"', piece).groups()  # type: ignore[union-attr]
    assert "checked" in (await look(oanh, **form, **{field: value})).split(f'name="{field}"')[1].split(">")[0]
    report = await taken(world, await call(oanh, **form, **{field: value}))
    assert report.answers == {field.removeprefix("answer_"): value}
    changed = await taken(world, await call(oanh, **(form | {"category": "street-light"}), **{field: value}))
    assert changed.answers == {}


async def test_a_caller_about_a_known_matter_gets_a_code_that_answers_for_it(
    oanh: httpx.AsyncClient, world: World
) -> None:
    known = await light(world, place=Place(lat=9.3, lon=105.1, commune_code=AN_XUYEN))
    form = CALL | {"lat": "9.3001", "lon": "105.1", "text": str(LIGHT["text"])}
    piece = await look(oanh, **form)
    assert "Có phải việc này?" in piece
    assert f"/hotline/join/{known.code}" in piece
    for _ in range(2):
        answer = await call(oanh, f"/join/{known.code}", **form, key="goi-7")
        joined = await taken(world, answer)
    assert (joined.status, joined.duplicate_of, joined.agency_id) == (Status.DUPLICATE, known.report_id, "ioc")
    assert (await contact(world, joined))["phone"] == "0912 345 678"
    async with world.parts.pool.acquire() as conn:
        kinds = [event.kind for event in await history.of_report(conn, joined.report_id)]
        others = [event.kind for event in await history.of_report(conn, known.report_id)]
    assert kinds == ["submitted", "merged"]
    assert others[-1] == "merged_in"
    page = words((await oanh.get(answer.headers["location"])).text)
    assert joined.code in page
    assert f"Đã gộp vào phản ánh {known.code}" in page
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau" in page


async def test_what_was_cut_off_between_filing_and_merging_is_ended_by_the_same_form(
    oanh: httpx.AsyncClient, world: World
) -> None:
    known = await light(world, place=Place(lat=9.35, lon=105.1, commune_code=AN_XUYEN))
    parts = world.parts
    cut_off = NewReport(
        text=CALL["text"],
        place=Place(address=CALL["address"], commune_code=AN_XUYEN),
        channel="hotline",
        lang="vi",
        consent=True,
        category="street-light",
        contact=Contact(CALL["name"], CALL["phone"]),
        key=(f"hotline:{world.people['coordinator'].staff_id}", "goi-8"),
        to_desk=True,
    )
    report = (await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, cut_off)).report
    assert (report.status, report.agency_id) == (Status.SUBMITTED, "ioc")
    ended = await taken(world, await call(oanh, f"/join/{known.code}", **CALL, key="goi-8"))
    assert (ended.code, ended.status, ended.duplicate_of) == (report.code, Status.DUPLICATE, known.report_id)


async def test_a_caller_may_say_next_to_nothing_about_a_known_matter(oanh: httpx.AsyncClient, world: World) -> None:
    known = await light(world, place=Place(lat=9.36, lon=105.1, commune_code=AN_XUYEN))
    joined = await taken(
        world, await call(oanh, f"/join/{known.code}", text="Bà Lan cũng báo việc này.", consent="1", key="goi-9")
    )
    assert (joined.lat, joined.category, joined.duplicate_of) == (9.36, "street-light", known.report_id)


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
async def test_nobody_joins_what_is_over(status: str, oanh: httpx.AsyncClient, world: World) -> None:
    over = await filed(world, place=Place(lat=9.37, lon=105.1, commune_code=AN_XUYEN))
    await world.parts.pool.execute(
        "UPDATE reports SET status = $2, ended_at = now() WHERE report_id = $1", over.report_id, status
    )
    answer = await call(oanh, f"/join/{over.code}", **CALL, key=f"goi-{status}")
    assert answer.status_code == 422
    assert await world.parts.pool.fetchval("SELECT count(*) FROM idempotency_keys WHERE key = $1", f"goi-{status}") == 0


async def test_photos_go_along_and_one_that_is_none_costs_nothing_else(oanh: httpx.AsyncClient, world: World) -> None:
    files = [
        ("photos", ("a.jpg", photo("cuộc gọi"), "image/jpeg")),
        ("photos", ("b.jpg", b"not a picture", "image/jpeg")),
    ]
    answer = await call(oanh, files=files, **CALL, key="goi-10")
    report = await taken(world, answer)
    async with world.parts.pool.acquire() as conn:
        assert len((await service.case(conn, report)).pictures) == 1
    assert "1 ảnh không dùng được" in words((await oanh.get(answer.headers["location"])).text)
    lost = await call(oanh, files=files[:1], **(CALL | {"consent": ""}))
    assert (lost.status_code, "Ảnh cần được chọn lại" in lost.text) == (422, True)


async def test_without_scripts_the_suggestions_have_a_button(oanh: httpx.AsyncClient) -> None:
    answer = await call(oanh, "/look", text=CALL["text"], address=CALL["address"])
    assert answer.status_code == 200
    assert f">{CALL['text']}</textarea>" in answer.text
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau" in words(answer.text)


async def test_pages_and_programs_share_the_callers_keys(
    oanh: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    """One verb below both: what a program filed under a key is what the page's form finds under it."""
    report = await taken(world, await call(oanh, **CALL, key="goi-chung"))
    http = await signed_in("coordinator")
    body = {
        "text": CALL["text"], "address": CALL["address"], "commune_code": AN_XUYEN, "consent": True,
        "contact_name": CALL["name"], "contact_phone": CALL["phone"],
    }  # fmt: skip
    answer = await http.post(f"{API}/staff/reports", json=body, headers={"Idempotency-Key": "goi-chung"})
    assert (answer.status_code, answer.json()["code"]) == (201, report.code)
    assert (await now(world, report)).version == report.version
