"""The queue: soonest deadline first, in pages that stand still, for those it is meant for, without a trace of the
reporter."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.errors import Forbidden, Invalid
from app.reports import service
from app.reports.model import Place, Report, Status
from app.reports.workflow import OPEN, Act
from app.worklist.model import Filter, QueueRow
from app.worklist.service import queue
from tests import small_world as world


async def codes(pool: Pool, actor: Actor = world.COORDINATOR, **wanted: Any) -> list[str]:
    return [row.code for row in (await queue(pool, actor, Filter(**wanted), limit=200)).rows]


async def all_pages(pool: Pool, wanted: Filter, limit: int, actor: Actor = world.COORDINATOR) -> list[QueueRow]:
    page = await queue(pool, actor, wanted, limit=limit)
    rows = page.rows
    while page.next:
        page = await queue(pool, actor, wanted, page.next, limit)
        rows += page.rows
    return rows


# ---------------------------------------------------------------- order and pages


async def test_the_soonest_deadline_comes_first_and_the_pages_together_are_the_whole(settled: Pool) -> None:
    for days in (5, 1, 3, 3, 3, 2):
        await world.file(settled, at=world.MONDAY + timedelta(days=days))
    whole = (await queue(settled, world.COORDINATOR, Filter(), limit=200)).rows
    assert [(row.due_at, row.report_id) for row in whole] == sorted((row.due_at, row.report_id) for row in whole)
    for limit in (1, 2, 3, 5, 50):
        assert await all_pages(settled, Filter(), limit) == whole


async def test_pages_neither_repeat_nor_skip_when_reports_arrive_and_leave_between_them(settled: Pool) -> None:
    far = world.MONDAY + timedelta(days=300)
    mine = [(await world.file(settled, at=far + timedelta(hours=n), category="litter")).report for n in range(8)]
    wanted = Filter(category="litter")
    first = await queue(settled, world.COORDINATOR, wanted, limit=3)
    # One arrives before the page that was read, one after it, and one that was read is done.
    await world.file(settled, at=far - timedelta(days=20), category="litter")
    late = (await world.file(settled, at=far + timedelta(days=20), category="litter")).report
    await world.do(settled, world.COORDINATOR, mine[0], Act.REJECT, text="Ngoài phạm vi.")
    rest = await queue(settled, world.COORDINATOR, wanted, first.next, limit=200)
    assert [row.code for row in (*first.rows, *rest.rows)] == [*(report.code for report in mine), late.code]


async def test_the_last_page_has_no_next_even_when_it_is_full(settled: Pool) -> None:
    await world.file(settled, text="trang cuối cùng một")
    await world.file(settled, text="trang cuối cùng hai")
    page = await queue(settled, world.COORDINATOR, Filter(text="trang cuoi cung"), limit=2)
    assert (len(page.rows), page.next) == (2, None)
    assert (await queue(settled, world.COORDINATOR, Filter(text="trang cuoi cung"), limit=1)).next is not None


async def test_a_page_costs_one_statement(settled: Pool, database_url: str) -> None:
    async with world.counting(database_url) as (pool, statements):
        for actor in (world.COORDINATOR, world.OFFICER):
            for wanted in (Filter(), Filter(statuses=("closed", "assigned")), Filter(text="ổ gà")):
                await world.counted(statements)
                await queue(pool, actor, wanted)
                assert len(await world.counted(statements)) == 1


def encoded(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "Ổ gà",
        "AAAA",
        "\x00",
        "A" * 10_000,
        encoded("[]"),
        encoded("{"),
        encoded('["2026-01-01T00:00:00","0198c0de-0000-7000-8000-000000000001"]'),
        encoded('["2026-01-01T00:00:00Z","x"]'),
    ],
)
async def test_a_broken_cursor_is_refused(settled: Pool, cursor: str) -> None:
    with pytest.raises(Invalid) as error:
        await queue(settled, world.COORDINATOR, Filter(), cursor)
    assert (error.value.key, error.value.problems[0].field) == ("worklist.cursor_wrong", "cursor")


async def test_an_empty_cursor_is_the_first_page_as_an_empty_field_is(settled: Pool) -> None:
    first = await queue(settled, world.COORDINATOR, Filter(), limit=2)
    assert await queue(settled, world.COORDINATOR, Filter(), "", limit=2) == first


@pytest.mark.parametrize("limit", [0, -1, 201])
async def test_a_page_has_one_to_two_hundred_rows(settled: Pool, limit: int) -> None:
    with pytest.raises(Invalid) as error:
        await queue(settled, world.COORDINATOR, Filter(), limit=limit)
    assert error.value.problems[0].field == "limit"


# ---------------------------------------------------------------- what is in it


async def test_without_a_wish_for_statuses_everything_open_is_in_it(settled: Pool) -> None:
    reports = {status: await world.reach(settled, status) for status in Status}
    found = set(await codes(settled))
    assert {status for status, report in reports.items() if report.code in found} == set(OPEN)


@pytest.mark.parametrize("actor", [world.COORDINATOR, world.OFFICER])
async def test_any_statuses_can_be_asked_for_open_done_or_both(settled: Pool, actor: Actor) -> None:
    reports = {status: await world.reach(settled, status) for status in Status}
    seen = {status for status, report in reports.items() if actor.may_see(report)}
    for wanted in (*([status] for status in Status), [Status.CLOSED, Status.ASSIGNED], list(Status)):
        rows = await all_pages(settled, Filter(statuses=tuple(wanted)), 3, actor)
        assert len({row.report_id for row in rows}) == len(rows)
        assert {row.status for row in rows} <= set(wanted)
        found = {row.code for row in rows}
        assert {s for s, report in reports.items() if report.code in found} == set(wanted) & seen
        assert [(row.due_at, row.report_id) for row in rows] == sorted((row.due_at, row.report_id) for row in rows)


async def test_an_unknown_status_is_refused(settled: Pool) -> None:
    with pytest.raises(Invalid) as error:
        await queue(settled, world.COORDINATOR, Filter(statuses=("assigned", "open")))
    assert error.value.problems[0].params["status"] == "open"


async def test_filters_hold_together(settled: Pool) -> None:
    litter = (await world.file(settled, category="litter", place=Place(commune_code=world.TAN_THANH))).report
    taken = await world.do(settled, world.OFFICER, (await world.file(settled)).report, Act.CLAIM)
    assert litter.code in await codes(settled, commune_code=world.TAN_THANH)
    assert litter.code in await codes(settled, agency_id=f"ubnd-{world.TAN_THANH}", category="litter")
    assert await codes(settled, commune_code=world.TAN_THANH, category="pothole") == []
    assert await codes(settled, assignee_id=world.OFFICER.id, category="pothole", statuses=("assigned",)) == [
        taken.code
    ]
    assert await codes(settled, assignee_id=UUID(int=77)) == []
    assert taken.code not in await codes(settled, agency_id="power")


async def test_what_waits_for_a_decision_on_more_time_can_be_listed(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    asked = await world.do(settled, world.OFFICER, report, Act.ASK_EXTENSION, days=2, text="Chờ vật tư.")
    assert await codes(settled, extension_wanted=True) == [asked.code]
    await world.do(settled, world.COORDINATOR, asked, Act.REFUSE_EXTENSION, text="Việc gấp.")
    assert await codes(settled, extension_wanted=True) == []


async def test_overdue_is_what_is_late_and_not_paused(settled: Pool) -> None:
    late = await world.reach(settled, Status.IN_PROGRESS)
    paused = await world.reach(settled, Status.AWAITING_INFO)
    assert late.due_at == paused.due_at
    found = await codes(settled, overdue_at=late.due_at + timedelta(seconds=1))
    assert late.code in found
    assert paused.code not in found
    assert late.code not in await codes(settled, overdue_at=late.due_at)


@pytest.mark.parametrize("actor", [world.COORDINATOR, world.OFFICER])
async def test_words_are_found_with_or_without_accents_wherever_they_stand(settled: Pool, actor: Actor) -> None:
    report = (
        await world.file(settled, text="Nắp CỐNG vỡ trước chợ Tắc Vân", place=Place(*world.HERE, "5 Quang Trung"))
    ).report
    for typed in (
        "nắp cống",
        "nap cong",
        "NAP  CONG",
        "Na\u0306\u0301p",
        "tac van",
        "quang trung",
        "an xuyen",
        report.code[3:],
    ):
        assert report.code in await codes(settled, actor, text=typed), typed
    assert await codes(settled, actor, text="nắp cống không có ở đây") == []


async def test_signs_that_mean_something_to_the_database_mean_themselves(settled: Pool) -> None:
    percent = (await world.file(settled, text="Nước ngập 100% mặt đường")).report.code
    under = (await world.file(settled, text="Cột số B_12 nghiêng")).report.code
    back = (await world.file(settled, text=r"Biển ghi C:\duong bị đổ")).report.code
    quote = (await world.file(settled, text="Quán 'Hai Lúa' lấn chiếm")).report.code
    assert await codes(settled, text="100% mat") == [percent]
    assert await codes(settled, text="0%m") == []
    assert await codes(settled, text="b_12") == [under]
    assert await codes(settled, text="b_1_") == []
    assert await codes(settled, text=r"c:\duong") == [back]
    assert await codes(settled, text=r"b\_12") == []
    assert await codes(settled, text="'hai lua'") == [quote]
    assert await codes(settled, text="{0} {}") == []
    assert await codes(settled, text="x'; DROP TABLE reports; --") == []
    assert percent in await codes(settled, text="\x00 100% \x07")


# ---------------------------------------------------------------- for whom


async def test_an_officer_sees_the_own_agency_and_those_below_it(settled: Pool) -> None:
    own = (await world.file(settled)).report.code
    below = (await world.file(settled, category="street-light")).report.code
    other = (await world.file(settled, category="noise")).report.code
    for actor, sees in ((world.OFFICER, {own, below}), (world.ELECTRICIAN, {below}), (world.POLICE, {other})):
        assert set(await codes(settled, actor)) & {own, below, other} == sees
    for actor in (world.COORDINATOR, world.LEADER, SYSTEM):
        assert {own, below, other} <= set(await codes(settled, actor))


async def test_asking_for_another_agencys_queue_gives_nothing(settled: Pool) -> None:
    await world.file(settled, category="noise")
    assert await codes(settled, world.OFFICER, agency_id="police") == []


async def test_a_supervised_report_is_in_the_supervisors_queue_once_and_wherever_it_goes(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED, category="street-light")
    report = await world.do(settled, world.CITIZEN, report, Act.DISPUTE, text="Vẫn tối.")
    assert report.supervisor_id == "roads"
    assert (await codes(settled, world.OFFICER)).count(report.code) == 1
    report = await world.do(settled, world.COORDINATOR, report, Act.ASSIGN, agency_id="police")
    assert (await codes(settled, world.OFFICER)).count(report.code) == 1
    assert (await codes(settled, world.POLICE)).count(report.code) == 1
    assert report.code not in await codes(settled, world.ELECTRICIAN)
    rows = (await queue(settled, world.OFFICER, Filter(), limit=200)).rows
    assert [(row.due_at, row.report_id) for row in rows] == sorted((row.due_at, row.report_id) for row in rows)


@pytest.mark.parametrize("actor", [world.ADMINISTRATOR, world.CITIZEN, Actor("staff")])
async def test_who_has_no_queue_is_refused(settled: Pool, actor: Actor) -> None:
    with pytest.raises(Forbidden):
        await queue(settled, actor, Filter())


async def test_a_row_shows_the_report_and_nothing_of_the_reporter(settled: Pool) -> None:
    shots = tuple([await world.photo(settled, number) for number in (1, 2)])
    person = await world.chat(settled, "4711")
    report = (await world.file(settled, citizen_id=person, photos=shots, text="Hố ga mất nắp, ảnh kèm theo.")).report
    report = await world.do(settled, world.OFFICER, report, Act.START)
    (row,) = (await queue(settled, world.OFFICER, Filter(text="mat nap, anh kem theo"))).rows
    assert row == QueueRow(
        report.report_id, report.code, 2, "in_progress", "pothole", report.body, "Phường An Xuyên", "12 Lý Bôn",
        "roads", world.OFFICER.id, "normal", report.submitted_at, report.due_at, None, 1, row.photo, None, None,
        report.handling, "api", None, report.tags, None, None, None, row.agency, row.agency_en, "Cán bộ 1",
        report.due_at,
    )  # fmt: skip
    assert row.photo in {shot.sha256 for shot in shots}
    said = msgspec.json.encode(row).decode()
    for private in (world.NAME, world.PHONE, world.MAIL, "4711", str(person)):
        assert private not in said


async def test_the_queue_follows_the_case(settled: Pool) -> None:
    report: Report = (await world.file(settled)).report
    assert report.code in await codes(settled, world.OFFICER)
    await world.do(settled, world.OFFICER, report, Act.RETURN, text="Không thuộc thẩm quyền.")
    assert report.code not in await codes(settled, world.OFFICER)
    assert (await service.find(settled, report.code)).agency_id == "ioc"


# ---------------------------------------------------------------- deputies


async def test_my_cases_are_also_those_of_whoever_i_stand_in_for(settled: Pool) -> None:
    report = await world.do(settled, world.OFFICER, (await world.file(settled)).report, Act.CLAIM)
    mine = {"assignee_id": world.COLLEAGUE.id}
    assert report.code not in await codes(settled, world.COLLEAGUE, **mine)
    away = "INSERT INTO staff_absences VALUES (gen_random_uuid(), $1, $2, current_date - 2, current_date + 2)"
    await settled.execute(away, world.OFFICER.id, world.LEAD.id)
    await settled.execute(away, world.LEAD.id, world.COLLEAGUE.id)
    try:
        assert report.code in await codes(settled, world.COLLEAGUE, **mine)
        assert report.code in await codes(settled, world.OFFICER, assignee_id=world.OFFICER.id)
        # Whoever asks for somebody else's cases gets that person's alone.
        assert report.code not in await codes(settled, world.COORDINATOR, **mine)
        assert report.code not in await codes(settled, world.POLICE, assignee_id=world.POLICE.id)
    finally:
        await settled.execute("DELETE FROM staff_absences")
    assert report.code not in await codes(settled, world.COLLEAGUE, **mine)
