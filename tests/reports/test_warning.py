"""A report's clocks: when half, four fifths and all of the time is used up, and each level warned of once."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from app.db import Pool
from app.history import service as history
from app.history.model import Fact, Kind, chain
from app.reports import service, store
from app.reports.model import Report, Status
from app.reports.warning import CLOCKS, LEVELS, reached_of
from app.reports.watching import Watch
from app.reports.workflow import Act
from tests.small_world import COORDINATOR, LEADER, MONDAY, OFFICER, RULES, do, file, reach, resolve
from tests.small_world import settled as settled

HOUR = timedelta(hours=1)
CALENDAR = RULES.calendar


@pytest_asyncio.fixture
async def alone(settled: Pool) -> Pool:
    """Nothing else is open: what others left behind has been dealt with."""
    await settled.execute("UPDATE reports SET status = 'closed', resolved_at = now(), ended_at = now(), "
                          "paused_at = NULL, duplicate_of = NULL WHERE status <> 'duplicate'")  # fmt: skip
    await settled.execute("DELETE FROM report_watches")
    return settled


async def warned(pool: Pool, report: Report) -> list[tuple[str, int]]:
    async with pool.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    return [(one.clock, one.level) for event in events if (one := reached_of(event))]


async def look_at(pool: Pool, report: Report, *moments: datetime, watch: Watch | None = None) -> list[tuple[str, int]]:
    """What is warned of when the watch looks at these moments, one after the other."""
    watch = watch or Watch()
    for at in moments:
        await watch.look(pool, RULES, at)
    return await warned(pool, report)


def minutes(first: datetime, last: datetime, every: timedelta = timedelta(minutes=30)) -> Sequence[datetime]:
    return [first + every * step for step in range(int((last - first) / every) + 1)]


async def working(pool: Pool, at: datetime = MONDAY) -> Report:
    """In the hands of the roads' officer: three working days from Monday nine o'clock, until Thursday 17:00."""
    return await do(pool, OFFICER, (await file(pool, at)).report, Act.START, at=at + HOUR)


async def test_each_level_comes_when_that_share_of_the_office_time_is_used_up(alone: Pool) -> None:
    report = await working(alone)
    hours = CALENDAR.office_hours_between(MONDAY, report.due_at)
    watch = Watch()
    for share, level in ((0.5, 50), (0.8, 80)):
        moment = CALENDAR.add_office_hours(MONDAY, hours * share)
        before = await look_at(alone, report, moment - timedelta(seconds=1), watch=watch)
        assert ("handling", level) not in before
        assert (await look_at(alone, report, moment, watch=watch))[-1] == ("handling", level)
    assert (await look_at(alone, report, report.due_at - timedelta(seconds=1), watch=watch))[-1] == ("handling", 80)
    assert await look_at(alone, report, report.due_at, watch=watch) == [
        ("handling", 50), ("handling", 80), ("handling", 100),
    ]  # fmt: skip


async def test_a_warning_leaves_the_version_alone_and_stands_in_the_chain(alone: Pool) -> None:
    report = await working(alone)
    await look_at(alone, report, report.due_at + HOUR)
    async with alone.acquire() as conn:
        now = await service.get(conn, report.report_id)
        events = await history.of_report(conn, report.report_id)
    assert (now.version, now.last_seq, now.updated_at) == (report.version, report.last_seq + 1, report.updated_at)
    assert (events[-1].kind, events[-1].actor_kind) == (Kind.WARNED, "system")
    assert [damage async for damage in history.verify(alone, report.code)] == []
    after = await do(alone, OFFICER, report, Act.PROGRESS, text="Đang vá.", version=report.version)
    assert after.version == report.version + 1


async def test_looking_often_or_from_several_workers_warns_once(alone: Pool) -> None:
    report = await working(alone)
    for watch in (Watch(), Watch(), Watch()):
        await look_at(alone, report, *minutes(report.due_at - HOUR, report.due_at + HOUR), watch=watch)
    assert (await warned(alone, report)).count(("handling", 100)) == 1


async def test_what_was_missed_is_made_up_for_by_the_highest_level_alone(alone: Pool) -> None:
    report = await working(alone)
    assert await look_at(alone, report, report.due_at + 9 * HOUR) == [("handling", 100)]


async def test_while_the_clock_stands_still_nothing_comes_and_afterwards_later(alone: Pool) -> None:
    report = await working(alone)
    hours = CALENDAR.office_hours_between(MONDAY, report.due_at)
    half = CALENDAR.add_office_hours(MONDAY, hours / 2)
    asked = await do(alone, OFFICER, report, Act.ASK, at=MONDAY + 2 * HOUR, text="Chỗ nào?")
    watch = Watch()
    assert await look_at(alone, report, half, half + 24 * HOUR, watch=watch) == []
    resumed_at = half + 24 * HOUR
    resumed = await do(alone, OFFICER, asked, Act.RESUME, at=resumed_at)
    paused = CALENDAR.office_hours_between(MONDAY + 2 * HOUR, resumed_at)
    later = CALENDAR.add_office_hours(half, paused)
    assert await look_at(alone, report, later - timedelta(seconds=1), watch=watch) == []
    assert await look_at(alone, report, later, watch=watch) == [("handling", 50)]
    assert await look_at(alone, report, resumed.due_at, watch=watch) == [("handling", 50), ("handling", 100)]


async def test_more_time_moves_what_is_still_to_come_and_repeats_nothing(alone: Pool) -> None:
    report = await working(alone)
    hours = CALENDAR.office_hours_between(MONDAY, report.due_at)
    at = CALENDAR.add_office_hours(MONDAY, hours * 0.6)
    watch = Watch()
    assert await look_at(alone, report, at, watch=watch) == [("handling", 50)]
    report = await do(alone, OFFICER, report, Act.ASK_EXTENSION, at=at, text="Chờ vật tư.", days=5)
    report = await do(alone, COORDINATOR, report, Act.GRANT_EXTENSION, at=at, text="Đồng ý.")
    old_80, whole = CALENDAR.add_office_hours(MONDAY, hours * 0.8), report.due_at
    new_80 = CALENDAR.add_office_hours(MONDAY, CALENDAR.office_hours_between(MONDAY, whole) * 0.8)
    assert await look_at(alone, report, old_80, new_80 - timedelta(seconds=1), watch=watch) == [("handling", 50)]
    expected = [("handling", 50), ("handling", 80)]
    assert await look_at(alone, report, new_80, watch=watch) == expected
    assert await look_at(alone, report, whole, watch=watch) == [*expected, ("handling", 100)]


async def test_a_clock_that_starts_anew_is_warned_of_anew(alone: Pool) -> None:
    report = await working(alone)
    watch = Watch()
    await look_at(alone, report, report.due_at, watch=watch)
    again = await do(alone, COORDINATOR, report, Act.SET_URGENCY, at=report.due_at, urgency="urgent", text="Nguy hiểm.")
    await look_at(alone, report, again.due_at, watch=watch)
    assert await warned(alone, report) == [("handling", 100), ("handling", 100)]


async def test_on_the_desk_the_intake_clock_is_the_one_that_is_warned_of(alone: Pool) -> None:
    report = await reach(alone, Status.SUBMITTED)
    assert report.intake_due_at == MONDAY + 2 * HOUR, "two office hours"
    watch = Watch()
    due = report.intake_due_at
    assert await look_at(alone, report, due - timedelta(minutes=25), watch=watch) == []
    assert await look_at(alone, report, due - timedelta(minutes=24), watch=watch) == [("intake", 80)]
    assert await look_at(alone, report, due, watch=watch) == [("intake", 80), ("intake", 100)]
    given = await do(alone, COORDINATOR, report, Act.ASSIGN, at=due, agency_id="roads")
    await look_at(alone, given, due + HOUR, watch=watch)
    assert await warned(alone, given) == [("intake", 80), ("intake", 100)]


async def test_on_a_day_off_an_intake_limit_of_the_clock_is_counted_by_the_clock(alone: Pool) -> None:
    sunday = MONDAY - timedelta(days=1)
    report = (await file(alone, sunday, category="other")).report
    assert report.intake_due_at == sunday + 12 * HOUR
    eighty = sunday + 12 * HOUR * 0.8
    watch = Watch()
    assert await look_at(alone, report, eighty - timedelta(seconds=1), watch=watch) == []
    assert await look_at(alone, report, eighty, watch=watch) == [("intake", 80)]


async def test_a_leaders_direction_has_a_clock_of_its_own_until_it_is_answered(alone: Pool) -> None:
    report = await working(alone)
    report = await do(alone, LEADER, report, Act.DIRECT, at=MONDAY + HOUR, text="Làm ngay.", due=MONDAY + 2 * HOUR)
    watch = Watch()
    assert await look_at(alone, report, MONDAY + HOUR + 0.8 * HOUR, watch=watch) == [("direction", 80)]
    answered = await do(alone, OFFICER, report, Act.REPORT_BACK, at=MONDAY + HOUR + 0.9 * HOUR, text="Đã làm.")
    assert await look_at(alone, answered, MONDAY + 3 * HOUR, watch=watch) == [("direction", 80)]


async def test_the_first_answer_is_warned_of_until_something_was_said(alone: Pool) -> None:
    report = await working(alone)
    due = MONDAY + 2 * HOUR
    await alone.execute("UPDATE reports SET first_answer_due_at = $2 WHERE report_id = $1", report.report_id, due)
    assert await look_at(alone, report, MONDAY + 1.6 * HOUR) == [("first_answer", 80)]
    async with alone.acquire() as conn:
        now = await service.get(conn, report.report_id)
    await do(alone, OFFICER, now, Act.PROGRESS, at=MONDAY + 1.7 * HOUR, text="Đã đến xem.")
    assert await look_at(alone, report, due) == [("first_answer", 80)]


@pytest.mark.parametrize("ends", ["resolved", "withdrawn"])
async def test_what_is_over_is_not_warned_of_and_no_longer_watched(alone: Pool, ends: str) -> None:
    report = (await file(alone)).report
    watch = Watch()
    await watch.look(alone, RULES, MONDAY)
    assert await alone.fetchval("SELECT count(*) FROM report_watches") == 1
    if ends == "resolved":
        report = await resolve(alone, await do(alone, OFFICER, report, Act.START, at=MONDAY))
    else:
        report = await do(alone, COORDINATOR, report, Act.REJECT, text="Không thuộc phạm vi.", at=MONDAY)
    assert await look_at(alone, report, report.due_at + HOUR, watch=watch) == []
    assert await alone.fetchval("SELECT count(*) FROM report_watches") == 0


async def test_a_report_that_changes_between_reading_and_writing_is_left_for_the_next_look(alone: Pool) -> None:
    report = await working(alone)
    watch, due = Watch(), report.due_at
    async with alone.acquire() as conn, conn.transaction():
        await conn.execute("SELECT FROM reports WHERE report_id = $1 FOR UPDATE", report.report_id)
        looking = asyncio.create_task(watch.look(alone, RULES, due))
        while not await alone.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110  # the server's business
            await asyncio.sleep(0.01)
        # It has read the report and waits to write; somebody else is faster.
        note = Fact(Kind.NOTED, {"somebody": "else"})
        events = chain(report.report_id, (report.last_seq, report.last_hash), [note], at=due, actor=("system", None))
        assert await store.update(conn, store.Rewrite(seen=report, report=report, events=events, quiet=True))
    assert await looking == 0
    assert await look_at(alone, report, due, watch=watch) == [("handling", 100)]
    assert [damage async for damage in history.verify(alone, report.code)] == []


async def test_after_a_restore_into_a_younger_server_nothing_is_overlooked(alone: Pool) -> None:
    report = await working(alone)
    watch = Watch()
    await watch.look(alone, RULES, MONDAY)
    watch._read_to = 1 << 60  # what it had read by the numbers of the old server
    await alone.execute("DELETE FROM report_watches")
    assert await look_at(alone, report, report.due_at, watch=watch) == [("handling", 100)]


def test_every_clock_ends_with_its_deadline() -> None:
    assert set(LEVELS) == set(CLOCKS)
    assert all(levels[-1] == 100 and list(levels) == sorted(levels) for levels in LEVELS.values())
