"""Reminding a reporter once, when there is still time, and nobody who has answered."""

import asyncio
from datetime import datetime, timedelta

import pytest_asyncio

from app.db import Pool
from app.history import service as history
from app.history.model import Kind
from app.reports import service
from app.reports.model import Rating, Report, Status
from app.reports.reminders import remind
from app.reports.workflow import Act
from tests import small_world as world

RULES, MONDAY = world.RULES, world.MONDAY
THURSDAY = RULES.calendar.add_working_days(MONDAY, 3)


@pytest_asyncio.fixture(autouse=True)
async def clean(settled: Pool) -> None:
    async with settled.acquire() as conn:
        await conn.execute("UPDATE report_contacts SET citizen_id = NULL")


async def reached(pool: Pool, status: Status) -> Report:
    citizen = await world.chat(pool, "lan")
    report = (await world.file(pool, citizen_id=citizen)).report
    minute = MONDAY + timedelta(minutes=1)
    if status is Status.AWAITING_INFO:
        return await world.do(pool, world.OFFICER, report, Act.ASK, at=minute, text="Trước hay sau nhà?")
    shot = (await world.photo(pool),)
    return await world.do(pool, world.OFFICER, report, Act.RESOLVE, at=minute, text="Đã vá.", photos=shot)


async def reminders(pool: Pool, report: Report) -> int:
    async with pool.acquire() as conn:
        return [e.kind for e in await history.of_report(conn, report.report_id)].count(Kind.REMINDED)


async def again(pool: Pool, at: datetime) -> int:
    return await remind(pool, RULES, at)


async def test_a_question_is_reminded_of_once_after_three_working_days(settled: Pool) -> None:
    report = await reached(settled, Status.AWAITING_INFO)
    assert await again(settled, THURSDAY - timedelta(minutes=1)) == 0
    assert await again(settled, THURSDAY) == 1
    assert await again(settled, THURSDAY + timedelta(days=1)) == 0
    assert await reminders(settled, report) == 1
    async with settled.acquire() as conn:
        after = await service.get(conn, report.report_id)
    assert (after.status, after.paused_at) == (Status.AWAITING_INFO, report.paused_at)


async def test_another_question_is_reminded_of_by_itself(settled: Pool) -> None:
    report = await reached(settled, Status.AWAITING_INFO)
    await again(settled, THURSDAY)
    async with settled.acquire() as conn:
        report = await service.get(conn, report.report_id)
    back = await world.do(settled, world.OFFICER, report, Act.RESUME)
    asked = await world.do(settled, world.OFFICER, back, Act.ASK, text="Chỗ nào?")
    assert await again(settled, RULES.calendar.add_working_days(asked.updated_at, 3)) == 1


async def test_a_result_is_reminded_of_once_after_three_days(settled: Pool) -> None:
    report = await reached(settled, Status.RESOLVED)
    assert report.resolved_at is not None
    assert await again(settled, report.resolved_at + timedelta(days=2, hours=23)) == 0
    assert await again(settled, report.resolved_at + timedelta(days=3, hours=1)) == 1
    assert await again(settled, report.resolved_at + timedelta(days=5)) == 0


async def test_whoever_has_rated_or_has_no_chat_is_left_in_peace(settled: Pool) -> None:
    rated = await reached(settled, Status.RESOLVED)
    lan = await service.reporter(settled, rated, citizen_id=await world.chat(settled, "lan"))
    await world.do(settled, lan, rated, Act.RATE, rating=Rating.DISSATISFIED)
    nobody = await world.reach(settled, Status.AWAITING_INFO)
    assert await again(settled, MONDAY + timedelta(days=6)) == 0
    assert await reminders(settled, rated) == await reminders(settled, nobody) == 0


async def test_several_workers_at_once_remind_once(settled: Pool) -> None:
    report = await reached(settled, Status.AWAITING_INFO)
    await asyncio.gather(*(again(settled, THURSDAY) for _ in range(4)))
    assert await reminders(settled, report) == 1
