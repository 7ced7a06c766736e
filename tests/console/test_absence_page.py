"""The page of absences: one's own days, a lead's for the agency, what is wrong beside its field."""

from datetime import datetime, timedelta

import pytest_asyncio

from app.accounts.model import Actor
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.reports.workflow import Act
from app.routing.calendar import VIETNAM
from tests.console.conftest import PAGES, Visitor, send
from tests.world import AN_XUYEN, World


def day(ahead: int) -> str:
    return (datetime.now(VIETNAM) + timedelta(days=ahead)).date().isoformat()


@pytest_asyncio.fixture(autouse=True)
async def nobody_away(world: World) -> None:
    await world.parts.pool.execute("DELETE FROM staff_absences")


async def test_an_officer_enters_their_days_and_the_deputy_is_told_so(visitor: Visitor, world: World) -> None:
    officer, lead = await visitor("officer"), await visitor("lead")
    deputy = str(world.people["lead"].staff_id)
    page = await send(officer, "/absence", deputy=deputy, first_day=day(0), last_day=day(2))
    assert "Đã ghi nhận ngày nghỉ." in page.text
    assert "Lê Văn Phước xử lý thay" in page.text
    assert "Anh/chị đang xử lý thay cho Trần Thị Bích." in (await lead.get(f"{PAGES}/absence")).text
    (row,) = await world.parts.pool.fetch("SELECT absence_id FROM staff_absences")
    gone = await send(lead, "/absence/take-back", absence=str(row["absence_id"]))
    assert "Đã bỏ ngày nghỉ." in gone.text
    assert "Không ai trong cơ quan đang nghỉ" in gone.text


async def test_a_case_says_who_stands_in_for_whoever_has_it(visitor: Visitor, world: World) -> None:
    officer, lead, parts = await visitor("officer"), await visitor("lead"), world.parts
    new = NewReport(
        text="Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay.",
        place=Place(commune_code=AN_XUYEN),
        channel="web",
        lang="vi",
        consent=True,
        category="street-light",
    )
    report = (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new)).report
    me = world.people["officer"]
    by = Actor("staff", me.staff_id, me.role, me.agency_id, frozenset({me.agency_id}))
    await reports.perform(parts.pool, parts.rules, by, report, Act.CLAIM)
    await send(officer, "/absence", deputy=str(world.people["lead"].staff_id), first_day=day(0), last_day=day(2))
    page = (await lead.get(f"{PAGES}/reports/{report.code}")).text
    assert "<strong>Trần Thị Bích</strong> (đang nghỉ, Lê Văn Phước xử lý thay)" in page
    mine = (await lead.get(f"{PAGES}/queue?tab=mine")).text
    assert report.code in mine


async def test_what_is_wrong_is_said_beside_each_field_and_what_was_typed_stays(visitor: Visitor, world: World) -> None:
    officer = await visitor("officer")
    page = await send(officer, "/absence", deputy="", first_day="31/02", last_day=day(1))
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 2
    assert "Hãy chọn một ngày." in page.text
    assert f'value="{day(1)}"' in page.text
    twice = {"deputy": str(world.people["lead"].staff_id), "first_day": day(0), "last_day": day(2)}
    await send(officer, "/absence", **twice)
    again = await send(officer, "/absence", **twice)
    assert again.status_code == 409
    assert "đã có ngày nghỉ" in again.text


async def test_another_agencys_lead_sees_and_enters_nothing_here(visitor: Visitor, world: World) -> None:
    officer, other = await visitor("officer"), await visitor("other_lead")
    await send(officer, "/absence", deputy=str(world.people["lead"].staff_id), first_day=day(0), last_day=day(2))
    assert "Trần Thị Bích" not in (await other.get(f"{PAGES}/absence")).text
    staff, deputy = str(world.people["officer"].staff_id), str(world.people["lead"].staff_id)
    refused = await send(other, "/absence", staff=staff, deputy=deputy, first_day=day(5), last_day=day(6))
    assert refused.status_code == 403
    (row,) = await world.parts.pool.fetch("SELECT absence_id FROM staff_absences")
    assert (await send(other, "/absence/take-back", absence=str(row["absence_id"]))).status_code == 403
