"""What happens to a report by itself when time passes."""

from datetime import timedelta

from app.accounts.model import SYSTEM
from app.db import Pool
from app.errors import Forbidden
from app.history import service as history
from app.history.model import Kind
from app.reports import by_date, service
from app.reports.model import Status
from app.reports.workflow import Act
from tests import small_world as world


async def test_what_nobody_objected_to_for_seven_days_closes(settled: Pool) -> None:
    report = await world.reach(settled, Status.RESOLVED)
    assert report.resolved_at is not None
    week = report.resolved_at + timedelta(days=7)
    await by_date.close_silent(settled, world.RULES, week)
    assert (await service.find(settled, report.code)).status is Status.RESOLVED
    moment = week + timedelta(seconds=1)
    assert await by_date.close_silent(settled, world.RULES, moment) >= 1
    closed = await service.find(settled, report.code)
    assert (closed.status, closed.ended_at) == (Status.CLOSED, moment)
    async with settled.acquire() as conn:
        last = (await history.of_report(conn, report.report_id))[-1]
    assert (last.kind, last.actor_kind, last.actor_id, last.data) == (Kind.CLOSED, "system", None, {"why": "silence"})
    assert await by_date.close_silent(settled, world.RULES, moment) == 0


async def test_a_question_that_nobody_answers_for_five_working_days_pauses_no_longer(settled: Pool) -> None:
    report = await world.reach(settled, Status.AWAITING_INFO)
    assert report.paused_at is not None
    end = world.RULES.calendar.add_working_days(report.paused_at, 5)
    await by_date.resume_unanswered(settled, world.RULES, end - timedelta(seconds=1))
    assert (await service.find(settled, report.code)).status is Status.AWAITING_INFO
    assert await by_date.resume_unanswered(settled, world.RULES, end) >= 1
    resumed = await service.find(settled, report.code)
    assert (resumed.status, resumed.paused_at) == (Status.IN_PROGRESS, None)
    assert resumed.due_at > report.due_at
    assert await by_date.resume_unanswered(settled, world.RULES, end) == 0


async def test_by_date_the_oldest_come_first_and_no_more_than_asked_for(settled: Pool) -> None:
    far = world.MONDAY - timedelta(days=400)
    for _ in range(3):
        report = (await world.file(settled, at=far)).report
        await world.resolve(settled, report)
    moment = far + timedelta(days=30)
    assert [await by_date.close_silent(settled, world.RULES, moment, limit=2) for _ in range(3)] == [2, 1, 0]


async def test_the_system_does_what_it_does_only_where_it_may(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    assert isinstance(
        await world.refusal(settled, SYSTEM, report, Act.RETURN, text="Không phải việc của đơn vị."), Forbidden
    )
