"""A leader's direction: its own deadline, open until the agency reports back or a leader takes it back."""

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid, NotFound
from app.history import service as history
from app.history.model import Event, Kind
from app.reports import directions, service
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world

CALENDAR = world.RULES.calendar
WORDS = "Rà soát cả tuyến, báo cáo trước giờ họp."


async def directed(pool: Pool, status: Status = Status.IN_PROGRESS, days: int = 3) -> Report:
    return await world.do(pool, world.LEADER, await world.reach(pool, status), Act.DIRECT, text=WORDS, days=days)


async def events(pool: Pool, report: Report) -> list[Event]:
    async with pool.acquire() as conn:
        return await history.of_report(conn, report.report_id)


async def test_a_direction_has_its_own_deadline_and_leaves_that_of_the_case(settled: Pool) -> None:
    before = await world.reach(settled, Status.IN_PROGRESS)
    after = await world.do(settled, world.LEADER, before, Act.DIRECT, text=WORDS, days=3)
    assert after.directed_due_at == CALENDAR.add_working_days(after.updated_at, 3)
    assert (after.due_at, after.status, after.agency_id) == (before.due_at, before.status, before.agency_id)
    last = (await events(settled, after))[-1]
    assert (last.kind, last.data["due"], last.data["ended"]) == (
        Kind.DIRECTED,
        after.directed_due_at.isoformat(),
        False,
    )
    (one,) = directions.open_of(await events(settled, after))
    assert (one.due, one.by) == (after.directed_due_at, world.LEADER.id)
    until = after.updated_at + timedelta(days=30)
    later = await world.do(settled, world.LEADER, before, Act.DIRECT, at=after.updated_at, text=WORDS, due=until)
    assert {one.due for one in directions.open_of(await events(settled, later))} == {after.directed_due_at, until}


@pytest.mark.parametrize("actor", [world.OFFICER, world.LEAD, world.COORDINATOR])
async def test_the_agency_or_the_centre_reports_back_in_words(settled: Pool, actor: Actor) -> None:
    report = await directed(settled)
    assert isinstance(await world.refusal(settled, actor, report, Act.REPORT_BACK), Invalid)
    after = await world.do(settled, actor, report, Act.REPORT_BACK, text="Đã thay 12 bóng trên cả tuyến.")
    assert (after.directed_due_at, after.status) == (None, report.status)
    given, answered = (await events(settled, after))[-2:]
    assert answered.kind == Kind.DIRECTION_ANSWERED
    assert (answered.data["direction"], answered.data["by"]) == (given.data["direction"], str(world.LEADER.id))
    assert answered.data["on_time"] is True
    assert [damage async for damage in history.verify(settled, report.code)] == []


async def test_what_is_reported_late_says_so(settled: Pool) -> None:
    report = await directed(settled)
    assert report.directed_due_at
    late = report.directed_due_at + timedelta(seconds=1)
    after = await world.do(settled, world.OFFICER, report, Act.REPORT_BACK, at=late, text="Xin báo cáo.")
    assert (await events(settled, after))[-1].data["on_time"] is False


async def test_a_leader_takes_it_back_and_nobody_else_does(settled: Pool) -> None:
    report = await directed(settled)
    for actor in (world.OFFICER, world.LEAD, world.COORDINATOR):
        assert isinstance(await world.refusal(settled, actor, report, Act.LIFT_DIRECTION, text="Thôi."), Forbidden)
    assert isinstance(await world.refusal(settled, world.LEADER, report, Act.REPORT_BACK, text="Xong."), Forbidden)
    after = await world.do(settled, world.LEADER, report, Act.LIFT_DIRECTION, text="Đã xử lý ở cuộc họp.")
    assert after.directed_due_at is None
    assert (await events(settled, after))[-1].kind == Kind.DIRECTION_LIFTED


async def test_of_several_the_earliest_deadline_shows_and_each_is_ended_by_its_name(settled: Pool) -> None:
    report = await directed(settled, days=5)
    later = report.directed_due_at
    report = await world.do(settled, world.LEADER, report, Act.DIRECT, text="Làm ngay đoạn trước trường.", days=1)
    first, second = directions.open_of(await events(settled, report))
    assert (report.directed_due_at, second.due) == (first.due, later)
    refused = await world.refusal(settled, world.OFFICER, report, Act.REPORT_BACK, text="Xong.")
    assert (refused.key, refused.problems[0].field) == ("reports.needs_direction", "direction")
    strange: dict[str, Any] = {"text": "Xong.", "direction": report.report_id}
    assert (await world.refusal(settled, world.OFFICER, report, Act.REPORT_BACK, **strange)).key == (
        "reports.direction_unknown"
    )
    done: dict[str, Any] = {"text": "Xong đoạn trường.", "direction": first.direction_id}
    report = await world.do(settled, world.OFFICER, report, Act.REPORT_BACK, **done)
    assert report.directed_due_at == second.due
    assert (await world.refusal(settled, world.OFFICER, report, Act.REPORT_BACK, **done)).key == (
        "reports.direction_unknown"
    )
    report = await world.do(settled, world.OFFICER, report, Act.REPORT_BACK, text="Xong cả tuyến.")
    assert report.directed_due_at is None
    assert isinstance(await world.refusal(settled, world.OFFICER, report, Act.REPORT_BACK, text="Nữa."), Conflict)


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({}, "reports.needs_by"),
        ({"days": 0}, "reports.direction_days"),
        ({"days": 61}, "reports.direction_days"),
        ({"due": world.MONDAY}, "reports.direction_due"),
        ({"due": world.MONDAY + timedelta(days=800)}, "reports.direction_due"),
    ],
)
async def test_its_deadline_lies_ahead_and_not_too_far(settled: Pool, form: dict[str, Any], key: str) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    assert (await world.refusal(settled, world.LEADER, report, Act.DIRECT, text=WORDS, **form)).key == key


async def test_it_goes_along_with_the_case_to_another_agency(settled: Pool) -> None:
    report = await directed(settled)
    moved = await world.do(settled, world.LEAD, report, Act.TRANSFER, agency_id="police", text="Của công an.")
    assert moved.directed_due_at == report.directed_due_at
    assert isinstance(await world.refusal(settled, world.OFFICER, moved, Act.REPORT_BACK, text="Xong."), NotFound)
    after = await world.do(settled, world.POLICE, moved, Act.REPORT_BACK, text="Đã làm.")
    assert after.directed_due_at is None


async def test_a_case_that_a_leader_waits_for_is_the_one_that_others_are_merged_into(settled: Pool) -> None:
    report, other = await directed(settled), await world.reach(settled, Status.ASSIGNED)
    refused = await world.refusal(settled, world.COORDINATOR, report, Act.MERGE, target=other.code)
    assert refused.key == "reports.direction_open"
    await world.do(settled, world.COORDINATOR, other, Act.MERGE, at=report.updated_at, target=report.code)
    assert (await service.find(settled, report.code)).directed_due_at == report.directed_due_at


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE])
async def test_an_ended_case_stays_ended_and_can_be_reported_on(settled: Pool, status: Status) -> None:
    report = await directed(settled, status)
    assert report.status is status
    assert (await events(settled, report))[-1].data["ended"] is True
    after = await world.do(settled, world.OFFICER, report, Act.REPORT_BACK, text="Đã kiểm tra lại, vẫn tốt.")
    assert (after.status, after.directed_due_at) == (status, None)


async def test_a_result_does_not_answer_the_leader_by_itself(settled: Pool) -> None:
    report = await world.resolve(settled, await directed(settled))
    assert report.directed_due_at is not None


async def test_two_answers_at_once_end_it_once(settled: Pool) -> None:
    report = await directed(settled)
    at = report.updated_at + timedelta(hours=1)
    await world.do(settled, world.OFFICER, report, Act.REPORT_BACK, at=at, text="Xong.")
    with pytest.raises(Conflict):
        await world.do(settled, world.COLLEAGUE, report, Act.REPORT_BACK, at=at, text="Cũng xong.")
    assert (await world.kinds(settled, report)).count("direction_answered") == 1
