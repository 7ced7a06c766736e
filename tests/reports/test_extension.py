"""More time: an agency asks and says why, a coordinator decides, and a granted deadline survives every reckoning."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid
from app.history import service as history
from app.history.model import Event, Kind
from app.reports import deadlines, service
from app.reports.clock import Clock
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.routing.calendar import Calendar
from app.routing.limits import Limit
from app.routing.ruleset import RuleSet
from tests import small_world as world
from tests.reports.test_deadlines import CLOSED_ON_WEDNESDAY, NIGHT, SEVEN_DAYS, calendars, changed, moments, paused
from tests.routing import same_examples

CALENDAR = world.RULES.calendar
ONE_DAY = changed(("handling: {normal: 3 working days}", "handling: {normal: 1 working day}"))


async def asking(pool: Pool, days: int = 4) -> Report:
    report = await world.reach(pool, Status.IN_PROGRESS)
    return await world.do(pool, world.OFFICER, report, Act.ASK_EXTENSION, days=days, text="Chờ vật tư.")


async def granted(pool: Pool, days: int = 4) -> Report:
    report = await asking(pool, days)
    return await world.do(pool, world.COORDINATOR, report, Act.GRANT_EXTENSION, text="Vật tư về chậm vì mưa bão.")


async def last_event(pool: Pool, report: Report) -> Event:
    async with pool.acquire() as conn:
        return (await history.of_report(conn, report.report_id))[-1]


async def test_asking_moves_nothing_until_a_coordinator_has_decided(settled: Pool) -> None:
    before = await world.reach(settled, Status.IN_PROGRESS)
    after = await world.do(settled, world.OFFICER, before, Act.ASK_EXTENSION, days=4, text="Chờ vật tư.")
    assert after.due_at == before.due_at
    assert after.extension_wanted == CALENDAR.add_working_days(before.due_at, 4)
    assert (await last_event(settled, after)).kind == Kind.EXTENSION_ASKED


async def test_what_is_granted_is_the_deadline_and_stays_with_the_report(settled: Pool) -> None:
    asked = await asking(settled)
    after = await world.do(settled, world.COORDINATOR, asked, Act.GRANT_EXTENSION, text="Mưa bão.")
    assert after.due_at == after.extended_to == asked.extension_wanted
    assert after.extension_wanted is None
    event = await last_event(settled, after)
    assert (event.data["due"], event.data["due_was"]) == (after.due_at.isoformat(), asked.due_at.isoformat())


async def test_a_coordinator_may_grant_another_deadline_than_the_one_asked_for(settled: Pool) -> None:
    asked = await asking(settled, days=20)
    until = asked.due_at + timedelta(days=2)
    after = await world.do(settled, world.COORDINATOR, asked, Act.GRANT_EXTENSION, due=until, text="Hai ngày thôi.")
    assert after.due_at == after.extended_to == until


async def test_what_is_refused_leaves_the_deadline(settled: Pool) -> None:
    asked = await asking(settled)
    after = await world.do(settled, world.COORDINATOR, asked, Act.REFUSE_EXTENSION, text="Việc gấp.")
    assert (after.due_at, after.extension_wanted, after.extended_to) == (asked.due_at, None, None)


async def test_nobody_decides_on_what_was_not_asked_and_only_coordinators_decide(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    for act in (Act.GRANT_EXTENSION, Act.REFUSE_EXTENSION):
        with pytest.raises(Conflict, match=r"reports\.no_extension_asked"):
            await world.do(settled, world.COORDINATOR, report, act, text="Được.")
    asked = await asking(settled)
    for actor in (world.OFFICER, world.LEAD):
        with pytest.raises(Forbidden):
            await world.do(settled, actor, asked, Act.GRANT_EXTENSION, text="Tự gia hạn.")


@pytest.mark.parametrize(
    ("form", "key"),
    [
        ({}, "reports.needs_later"),
        ({"days": 0}, "reports.extension_days"),
        ({"days": 61}, "reports.extension_days"),
        ({"due": world.MONDAY}, "reports.extension_early"),
    ],
)
async def test_more_time_must_be_more_and_not_endless(settled: Pool, form: dict[str, Any], key: str) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    with pytest.raises(Invalid) as refused:
        await world.do(settled, world.OFFICER, report, Act.ASK_EXTENSION, text="Chờ vật tư.", **form)
    assert refused.value.key == key


async def test_whoever_asks_late_gets_the_days_from_now_on(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    late = report.due_at + timedelta(days=10)
    asked = await world.do(settled, world.LEAD, report, Act.ASK_EXTENSION, at=late, days=2, text="Trễ.")
    assert asked.extension_wanted == CALENDAR.add_working_days(late, 2)


async def test_the_result_says_that_the_time_was_extended(settled: Pool) -> None:
    report = await granted(settled)
    at = CALENDAR.add_working_days(world.MONDAY, 5)
    shot = (await world.photo(settled),)
    after = await world.do(settled, world.OFFICER, report, Act.RESOLVE, at=at, text="Xong.", photos=shot)
    data = (await last_event(settled, after)).data
    assert (data["on_time"], data["extended"]) == (True, True)
    assert after.extended_to is not None


@pytest.mark.parametrize("rules", [CLOSED_ON_WEDNESDAY, ONE_DAY, world.RULES])
async def test_a_granted_deadline_survives_other_rules(settled: Pool, rules: RuleSet) -> None:
    report = await granted(settled)
    await deadlines.recompute(settled, rules, NIGHT)
    async with settled.acquire() as conn:
        after = await service.get(conn, report.report_id)
    assert after.extended_to == report.extended_to
    assert after.due_at == report.due_at
    assert await deadlines.recompute(settled, rules, NIGHT) == 0
    await deadlines.recompute(settled, world.RULES, NIGHT)


async def test_a_longer_limit_than_what_was_granted_counts(settled: Pool) -> None:
    report = await granted(settled, days=1)
    await deadlines.recompute(settled, SEVEN_DAYS, NIGHT)
    async with settled.acquire() as conn:
        after = await service.get(conn, report.report_id)
    assert after.due_at == SEVEN_DAYS.calendar.add_working_days(world.MONDAY, 7)
    await deadlines.recompute(settled, world.RULES, NIGHT)


async def test_a_pause_after_it_puts_it_off_and_reckoning_finds_the_same(settled: Pool) -> None:
    report = await granted(settled)
    asked = await world.do(settled, world.OFFICER, report, Act.ASK, text="Ở đâu?")
    assert asked.paused_at is not None
    back = await world.do(settled, world.OFFICER, asked, Act.RESUME, at=asked.updated_at + timedelta(hours=3))
    limit = Limit(3, "working days")
    assert back.due_at == CALENDAR.postpone(report.due_at, limit, asked.paused_at, back.updated_at)
    assert await deadlines.recompute(settled, world.RULES, NIGHT) == 0


async def test_another_clock_forgets_what_was_granted_to_the_old_one(settled: Pool) -> None:
    report = await granted(settled)
    urgent = await world.do(settled, world.COORDINATOR, report, Act.SET_URGENCY, urgency="urgent", text="Rất gấp.")
    assert urgent.extended_to is None
    assert urgent.due_at < report.due_at
    assert await deadlines.recompute(settled, world.RULES, NIGHT) == 0


async def test_handing_on_keeps_what_was_granted_and_drops_what_was_only_asked(settled: Pool) -> None:
    report = await granted(settled)
    asked = await world.do(settled, world.OFFICER, report, Act.ASK_EXTENSION, days=2, text="Thêm nữa.")
    moved = await world.do(settled, world.LEAD, asked, Act.TRANSFER, agency_id="police", text="Không phải việc tôi.")
    assert (moved.extension_wanted, moved.extended_to, moved.due_at) == (None, report.extended_to, report.due_at)


@same_examples
@given(calendars, moments, st.lists(st.timedeltas(timedelta(0), timedelta(days=6)), max_size=6),
       st.timedeltas(timedelta(0), timedelta(days=40)), st.integers(0, 3))  # fmt: skip
def test_no_reckoning_ends_before_what_was_granted(
    calendar: Calendar, start: datetime, lengths: Sequence[timedelta], more: timedelta, before: int
) -> None:
    clock = paused(start, lengths)[1]
    limit = Limit(3, "working days")
    to = clock.due(calendar, limit) + more - timedelta(days=10)
    granted = ((min(before, len(clock.pauses)), to),)
    with_it = Clock(clock.start, clock.intake, clock.pauses, extensions=granted)
    assert with_it.due(calendar, limit) >= max(to, clock.due(calendar, limit))
