"""Colleagues on one case: they see each other, they see that it moved on, and they call each other into it."""

import re

import pytest

from app.casefile import presence
from app.history import service as history
from app.reports import service as reports
from app.reports.mentions import names_in
from tests.api.conftest import SignedIn, act
from tests.api.conftest import contract as contract  # the JSON API's fixtures
from tests.api.conftest import signed_in as signed_in
from tests.console.conftest import PAGES, Visitor
from tests.console.test_case_acts import file, fill
from tests.world import World


async def beat(visitor: Visitor, key: str, code: str, **more: str) -> dict[str, object]:
    browser = await visitor(key)
    form = {"csrf": browser.headers["x-token"], "version": "1", "writing": "", **more}
    answer = await browser.post(f"{PAGES}/reports/{code}/presence", data=form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_two_people_on_one_case_see_each_other(address: str, visitor: Visitor, world: World) -> None:
    code = await file(address)
    assert (await beat(visitor, "officer", code))["others"] == []
    bich = {"name": "Trần Thị Bích", "writing": False}
    assert (await beat(visitor, "lead", code))["others"] == [bich]
    await beat(visitor, "officer", code, writing="yes")
    assert (await beat(visitor, "lead", code))["others"] == [bich | {"writing": True}]
    await beat(visitor, "officer", code, gone="yes")
    assert (await beat(visitor, "lead", code))["others"] == []


async def test_who_says_nothing_any_more_has_left_and_is_swept_away(
    address: str, visitor: Visitor, world: World
) -> None:
    code, pool = await file(address), world.parts.pool
    await beat(visitor, "officer", code)
    await pool.execute("UPDATE case_presence SET seen_at = seen_at - interval '46 seconds'")
    assert (await beat(visitor, "lead", code))["others"] == []
    await pool.execute("UPDATE case_presence SET seen_at = seen_at - interval '46 seconds'")
    await presence.sweep(pool)
    assert await pool.fetchval("SELECT count(*) FROM case_presence") == 0


async def test_an_open_page_learns_that_the_case_has_moved_on(
    address: str, visitor: Visitor, signed_in: SignedIn
) -> None:
    code = await file(address)
    assert (await beat(visitor, "officer", code))["changed"] is False
    await act(await signed_in("lead"), code, "start")
    assert (await beat(visitor, "officer", code))["changed"] is True


async def test_those_who_may_see_the_case_can_be_called_and_nobody_else(address: str, visitor: Visitor) -> None:
    code = await file(address)
    found = await (await visitor("officer")).get(f"{PAGES}/reports/{code}/people")
    names = {one["username"] for one in found.json()}
    assert {"tran.thi.bich", "le.van.phuoc", "quach.ngoc.tuan", "nguyen.hoang.oanh", "huynh.quoc.viet"} <= names
    assert not names & {"pham.minh.khang", "dang.ngoc.han"}


async def test_a_note_calls_colleagues_and_marks_their_names(address: str, visitor: Visitor, world: World) -> None:
    code, officer = await file(address), await visitor("officer")
    done = await fill(officer, code, "note", text="@le.van.phuoc xem giúp, gọi lan@example.vn sau.")
    assert done.status_code == 303, done.text
    report = await reports.find(world.parts.pool, code)
    async with world.parts.pool.acquire() as conn:
        noted = (await history.of_report(conn, report.report_id))[-1]
    assert noted.data["mentions"] == [str(world.people["lead"].staff_id)]
    page = await officer.get(f"{PAGES}/reports/{code}")
    assert re.findall(r'<mark class="mention">([^<]+)</mark>', page.text) == ["@le.van.phuoc"]


async def test_a_name_that_nobody_here_has_is_said(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    answer = await fill(officer, code, "note", text="@pham.minh.khang xem giúp.")
    assert answer.status_code == 422
    assert "Không có ai tên @pham.minh.khang" in answer.text
    assert "@pham.minh.khang xem giúp.</textarea>" in answer.text


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Le.Van.Phuoc ơi.", ["le.van.phuoc"]),
        ("nhờ (@oanh), @oanh và @bich.", ["oanh", "bich"]),
        ("thư: lan@example.vn", []),
        ("@ không ai", []),
    ],
)
def test_names_are_found_as_people_write_them(text: str, names: list[str]) -> None:
    assert names_in(text) == names
