"""The page of a case: who sees it, what it says, and never who reported."""

import re
from datetime import timedelta

import httpx
import pytest

from app.db import Pool
from tests.api.conftest import SignedIn, act, send
from tests.api.conftest import contract as contract  # the JSON API's fixtures
from tests.api.conftest import signed_in as signed_in
from tests.console.conftest import PAGES, Visitor
from tests.world import HERE, LAN, LIGHT, World, photo

SEES = ("officer", "lead", "supervisor", "coordinator", "leader")


async def file(address: str, **more: object) -> str:
    """Send a report of Lan's with two photos at a point; gives its code."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        report = {k: v for k, v in LIGHT.items() if k != "commune_code"} | HERE | LAN | more
        return (await send(http, report, [photo("một"), photo("hai", colour="#775533")])).code


async def see(visitor: Visitor, key: str, code: str) -> httpx.Response:
    return await (await visitor(key)).get(f"{PAGES}/reports/{code}")


async def test_those_whose_business_it_is_see_it_and_nobody_else_learns_that_it_is_there(
    address: str, visitor: Visitor
) -> None:
    code = await file(address)
    for key in SEES:
        assert (await see(visitor, key, code)).status_code == 200, key
    elsewhere = await see(visitor, "other_officer", code)
    absent = await see(visitor, "other_officer", "PA-0000-0000")
    assert elsewhere.status_code == 404
    assert f"Không tìm thấy phản ánh {code}" in elsewhere.text
    assert "Đèn đường" not in elsewhere.text
    assert absent.status_code == 404
    assert (await see(visitor, "administrator", code)).status_code == 403


@pytest.mark.parametrize("key", SEES)
async def test_who_reported_is_never_on_the_page(key: str, address: str, visitor: Visitor) -> None:
    page = await see(visitor, key, await file(address))
    for secret in ("Nguyễn Thị Lan", "0912 345", "0912345", "lan@example.vn"):
        assert secret not in page.text


async def test_what_was_sent_stands_on_it(address: str, visitor: Visitor) -> None:
    code = await file(address)
    page = (await see(visitor, "officer", code)).text
    assert str(LIGHT["text"]) in page
    assert page.count('class="shot"') == 2
    assert "Phường An Xuyên" in page
    assert "Đã chuyển xử lý" in page
    left = re.search(r'class="left">(.+?)</p>', page, re.DOTALL)
    assert left
    assert "còn" in left[1]
    assert "hệ thống chuyển theo quy tắc" in page
    small = re.search(r'src="(/api/v1/photos/[^"]+)"', page)
    assert small
    async with httpx.AsyncClient(base_url=address) as http:
        assert (await http.get(small[1].replace("&amp;", "&"))).headers["content-type"] == "image/jpeg"


async def test_conversation_notes_and_history_stand_apart(address: str, visitor: Visitor, signed_in: SignedIn) -> None:
    code, officer = await file(address), await signed_in("officer")
    await act(officer, code, "start")
    await act(officer, code, "note", text="Gọi đội đèn số 2.")
    await act(officer, code, "ask", text="Anh cho biết trụ số mấy?")
    page = (await see(visitor, "officer", code)).text
    talk = page[page.index('id="talk"') : page.index('id="notes"')]
    notes = page[page.index('id="notes"') : page.index('id="history"')]
    assert "trụ số mấy" in talk
    assert "đội đèn" not in talk
    assert "Gọi đội đèn số 2." in notes
    assert "Trần Thị Bích" in notes
    assert "tạm dừng, còn" in page
    history = page[page.index('id="history"') :]
    assert history.index("hỏi thêm thông tin") < history.index("Ghi chú nội bộ") < history.index("Bắt đầu xử lý")


async def test_near_reports_are_linked_unless_they_are_anothers_business(
    address: str, visitor: Visitor, world: World
) -> None:
    lat = HERE["lat"] + 0.01  # away from the other tests' reports
    here, near = await file(address, lat=lat), await file(address, lat=lat + 0.001)
    theirs = await file(address, category="power-cut", lat=lat + 0.0005)
    officer, coordinator = await see(visitor, "officer", here), await see(visitor, "coordinator", here)
    assert officer.text.count(f"{PAGES}/reports/{near}") == 2  # in the list and as a dot on the map
    assert theirs not in officer.text
    assert theirs in coordinator.text
    await world.parts.pool.execute("UPDATE reports SET visibility = 'private' WHERE code = $1", near)
    assert near not in (await see(visitor, "officer", here)).text


async def test_an_overdue_case_says_by_how_much(address: str, visitor: Visitor, pool: Pool) -> None:
    code = await file(address)
    await pool.execute("UPDATE reports SET due_at = now() - $1::interval WHERE code = $2", timedelta(days=9), code)
    page = (await see(visitor, "officer", code)).text
    assert "quá hạn" in page
    assert "clock-box-over" in page


async def test_the_page_is_light_and_reads_little(
    address: str, visitor: Visitor, signed_in: SignedIn, world: World
) -> None:
    code, officer = await file(address), await signed_in("officer")
    await act(officer, code, "start")
    for number in range(12):
        await act(officer, code, "note", text=f"Ghi chú số {number}: đã đi xem, chờ vật tư.")
    await see(visitor, "officer", code)
    said: list[str] = []
    pool = world.parts.pool
    taken = [await pool.acquire() for _ in range(pool.get_size())]
    for conn in taken:
        conn.add_query_logger(lambda record: said.append(record.query))
        await pool.release(conn)
    page = await see(visitor, "officer", code)
    assert page.status_code == 200
    # What the driver asks once of a connection about a type that it has not met yet depends on which one it gets.
    ours = [query for query in said if "typeinfo_tree" not in query and "current_setting('jit')" not in query]
    assert len(ours) <= 15, ours
    assert page.num_bytes_downloaded <= 14_000
