"""Deadlines reckoned again when the rules change: every open report, pauses respected, with the reason on record."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import Pool
from app.history import service as history
from app.history.model import NO_HASH, Event, Fact, Kind, chain
from app.notify import service as notify
from app.reports import deadlines, service
from app.reports.clock import Clock, clock_of, proposal_of
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.routing.calendar import Calendar, Week
from app.routing.limits import Limit
from app.routing.ruleset import RuleSet, load
from tests import small_world as world
from tests.routing import same_examples

RULES = world.RULES
MONDAY = world.MONDAY
NIGHT = MONDAY + timedelta(hours=12)


def changed(*changes: tuple[str, str]) -> RuleSet:
    source = RULES.source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return load(source)


CLOSED_ON_WEDNESDAY = changed(("  public_holidays: VN\n", "  public_holidays: VN\n  closures: [2026-03-04]\n"))
SEVEN_DAYS = changed(("handling: {normal: 3 working days}", "handling: {normal: 7 working days}"))


async def read(pool: Pool, report: Report) -> Report:
    async with pool.acquire() as conn:
        return await service.get(conn, report.report_id)


async def events_of(pool: Pool, report: Report) -> list[Event]:
    async with pool.acquire() as conn:
        return await history.of_report(conn, report.report_id)


async def recompute(pool: Pool, rules: RuleSet, *reports: Report) -> list[Report]:
    """All reports by these rules; gives those asked for as they are then."""
    await deadlines.recompute(pool, rules, NIGHT)
    return [await read(pool, report) for report in reports]


# ---------------------------------------------------------------- every open report


async def test_a_day_closed_moves_every_deadline_behind_it_and_says_why(settled: Pool) -> None:
    filed = (await world.file(settled)).report
    (after,) = await recompute(settled, CLOSED_ON_WEDNESDAY, filed)
    assert filed.due_at == RULES.calendar.add_working_days(MONDAY, 3)
    assert after.due_at == filed.due_at + timedelta(days=1)
    assert (after.status, after.agency_id, after.handling) == (filed.status, filed.agency_id, filed.handling)
    last = (await events_of(settled, filed))[-1]
    assert (last.kind, last.actor_kind, last.at) == (Kind.DEADLINE_RECOMPUTED, "system", NIGHT)
    assert last.data == {
        "why": "calendar",
        "rule_set": CLOSED_ON_WEDNESDAY.version,
        "due": after.due_at.isoformat(),
        "due_was": filed.due_at.isoformat(),
    }


async def test_another_limit_is_taken_over_with_its_reason(settled: Pool) -> None:
    filed = (await world.file(settled)).report
    (after,) = await recompute(settled, SEVEN_DAYS, filed)
    assert (after.handling, after.due_at) == ("7 working days", RULES.calendar.add_working_days(MONDAY, 7))
    data = (await events_of(settled, filed))[-1].data
    assert (data["why"], data["handling"], data["handling_was"]) == ("limit", "7 working days", "3 working days")


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.RECEIVED])
async def test_on_the_coordinators_desk_the_intake_deadline_moves_too(settled: Pool, status: Status) -> None:
    filed = await world.reach(settled, status)
    (after,) = await recompute(
        settled, changed(("working_days: 2 office hours", "working_days: 4 office hours")), filed
    )
    assert after.intake_due_at == RULES.calendar.add_office_hours(MONDAY, 4)
    assert "intake_due" in (await events_of(settled, filed))[-1].data


@pytest.mark.parametrize(
    "status", [Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN]
)
async def test_what_is_over_stays_as_it_was(settled: Pool, status: Status) -> None:
    over = await world.reach(settled, status)
    assert await recompute(settled, SEVEN_DAYS, over) == [over]


async def test_pauses_are_respected_and_a_running_one_goes_on(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    asked = await world.do(settled, world.OFFICER, report, Act.ASK, text="Ở đâu?")
    back = await world.do(settled, world.OFFICER, asked, Act.RESUME, at=asked.updated_at + timedelta(hours=2))
    again = await world.do(settled, world.OFFICER, back, Act.ASK, text="Chỗ nào?")
    (after,) = await recompute(settled, CLOSED_ON_WEDNESDAY, again)
    calendar, limit = CLOSED_ON_WEDNESDAY.calendar, Limit(3, "working days")
    assert asked.paused_at
    assert after.due_at == calendar.postpone(calendar.due(MONDAY, limit), limit, asked.paused_at, back.updated_at)
    assert (after.status, after.paused_at) == (Status.AWAITING_INFO, again.paused_at)


async def test_done_again_it_changes_nothing_and_back_again_everything(settled: Pool) -> None:
    filed = (await world.file(settled)).report
    (first,) = await recompute(settled, SEVEN_DAYS, filed)
    assert await deadlines.recompute(settled, SEVEN_DAYS) == 0
    assert await recompute(settled, SEVEN_DAYS, filed) == [first]
    (back,) = await recompute(settled, RULES, filed)
    assert (back.due_at, back.handling) == (filed.due_at, filed.handling)


async def test_a_report_whose_rule_is_gone_gets_the_limit_of_the_rule_that_would_decide_it(settled: Pool) -> None:
    filed = (await world.file(settled)).report
    other = changed(
        ("id: streets, when: {group: streets}, then: {agency: roads}",
         "id: roads, when: {group: streets}, then: {agency: police, deadlines: {handling: 2 working days}}"),
    )  # fmt: skip
    (after,) = await recompute(settled, other, filed)
    assert (after.handling, after.agency_id) == ("2 working days", "roads")


async def test_a_report_whose_category_is_gone_keeps_its_limit_in_the_new_calendar(settled: Pool) -> None:
    filed = (await world.file(settled, category="noise")).report
    noise = RULES.source[RULES.source.index("      noise:") : RULES.source.index("      litter:")]
    rule = RULES.source[RULES.source.index("  - {id: noise") : RULES.source.index("  - {id: litter")]
    closed = ("  public_holidays: VN\n", "  public_holidays: VN\n  closures: [2026-03-04]\n")
    (after,) = await recompute(settled, changed((noise, ""), (rule, ""), closed), filed)
    assert (after.handling, after.due_at) == (filed.handling, filed.due_at + timedelta(days=1))


async def test_an_urgency_that_a_coordinator_set_stands(settled: Pool) -> None:
    filed = (await world.file(settled)).report
    urgent = await world.do(settled, world.COORDINATOR, filed, Act.SET_URGENCY, urgency="urgent", text="Rất gấp.")
    (after,) = await recompute(settled, SEVEN_DAYS, urgent)
    assert (after.urgency, after.due_at) == ("urgent", RULES.calendar.add_working_days(urgent.updated_at, 1))


async def test_nobody_is_told(settled: Pool) -> None:
    citizen = await world.chat(settled, "deadline-1")
    filed = (await world.file(settled, citizen_id=citizen)).report
    jobs = await settled.fetchval("SELECT count(*) FROM pgqueuer")
    (after,) = await recompute(settled, SEVEN_DAYS, filed)
    assert await settled.fetchval("SELECT count(*) FROM pgqueuer") == jobs
    assert await notify.tell(settled, filed.report_id, after.last_seq, after.last_seq) == 0


async def test_officers_at_work_meanwhile_lose_nothing(settled: Pool) -> None:
    reports = [await world.reach(settled, Status.IN_PROGRESS) for _ in range(8)]

    async def work(report: Report) -> None:
        for _ in range(3):
            report = await world.do(settled, world.OFFICER, report, Act.NOTE, text="Đang làm.")

    await asyncio.gather(deadlines.recompute(settled, SEVEN_DAYS, NIGHT), *(work(report) for report in reports))
    await deadlines.recompute(settled, SEVEN_DAYS, NIGHT)
    for report in reports:
        kinds = [event.kind for event in await events_of(settled, report)]
        assert kinds.count(Kind.NOTED) == 3
        assert kinds.count(Kind.DEADLINE_RECOMPUTED) == 1
    async for damage in history.verify(settled):
        pytest.fail(f"{damage}")


# ---------------------------------------------------------------- the clock, from the history

_DAY = ((7 * 60, 11 * 60), (13 * 60, 17 * 60))
CALENDARS = (RULES.calendar, Calendar(Week(hours=(_DAY,) * 5 + (((7 * 60, 11 * 60),), ()))))
limits = st.sampled_from([Limit(3, "working days"), Limit(16, "office hours"), Limit(30, "hours"), Limit(2, "days")])
moments = st.timedeltas(timedelta(0), timedelta(days=300)).map(lambda after: MONDAY + after)
gaps = st.lists(st.timedeltas(timedelta(0), timedelta(days=6)), max_size=6)
calendars = st.sampled_from(CALENDARS)


def told(*facts: tuple[Kind, datetime, Mapping[str, Any]]) -> list[Event]:
    events: list[Event] = []
    for kind, at, data in facts:
        last = (events[-1].seq, events[-1].hash) if events else (0, NO_HASH)
        events += chain(world.bare().report_id, last, [Fact(kind, dict(data))], at=at, actor=("system", None))
    return events


def paused(start: datetime, lengths: Sequence[timedelta]) -> tuple[list[Event], Clock]:
    """Work and pauses in turn, as a history and as the clock that should be read from it."""
    facts: list[tuple[Kind, datetime, Mapping[str, Any]]] = [(Kind.SUBMITTED, start, {"intake_due": ""})]
    at, pauses = start, []
    for work, pause in zip(lengths[::2], lengths[1::2], strict=False):
        pauses.append((at + work, at + work + pause))
        facts += [(Kind.ASKED, pauses[-1][0], {}), (Kind.RESUMED, pauses[-1][1], {"due": ""})]
        at = pauses[-1][1]
    return told(*facts), Clock(start, start, tuple(pauses))


@same_examples
@given(moments, gaps)
def test_the_clock_is_read_from_the_history(start: datetime, lengths: list[timedelta]) -> None:
    events, clock = paused(start, lengths)
    assert clock_of(events) == clock


@same_examples
@given(calendars, moments, gaps, limits)
def test_pauses_add_exactly_the_time_they_took(
    calendar: Calendar, start: datetime, lengths: list[timedelta], limit: Limit
) -> None:
    clock = paused(start, lengths)[1]
    without, due = calendar.due(start, limit), clock.due(calendar, limit)
    if limit.unit in ("working days", "office hours"):
        took = sum((calendar.office_hours_between(*pause) for pause in clock.pauses), timedelta(0))
        assert calendar.office_hours_between(without, due) == took
    else:
        assert due - without == sum((end - begin for begin, end in clock.pauses), timedelta(0))


@same_examples
@given(calendars, moments, gaps, st.sampled_from([Limit(3, "working days"), Limit(16, "office hours")]))
def test_a_deadline_in_office_time_is_never_inside_a_closed_interval(
    calendar: Calendar, start: datetime, lengths: list[timedelta], limit: Limit
) -> None:
    due = paused(start, lengths)[1].due(calendar, limit)
    # An office may close at the deadline itself; the moment before, it is open.
    assert calendar.is_open(due - timedelta(microseconds=1))


@same_examples
@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=9)), gaps, limits)
def test_who_starts_later_is_due_later(
    calendar: Calendar, start: datetime, later: timedelta, lengths: list[timedelta], limit: Limit
) -> None:
    assert Clock(start, start).due(calendar, limit) <= Clock(start + later, start).due(calendar, limit)
    longer = Limit(limit.amount + 1, limit.unit)
    clock = paused(start, lengths)[1]
    assert clock.due(calendar, limit) <= clock.due(calendar, longer)
    more = Clock(start, start, (*clock.pauses, (start + timedelta(days=60), start + timedelta(days=60) + later)))
    assert clock.due(calendar, limit) <= more.due(calendar, limit)


def test_only_what_starts_the_clock_starts_it() -> None:
    later = MONDAY + timedelta(days=1)
    begun = (Kind.SUBMITTED, MONDAY, {"intake_due": ""})
    for kind, data, starts in (
        (Kind.ASSIGNED, {"due": ""}, True),
        (Kind.ASSIGNED, {}, False),
        (Kind.TRANSFERRED, {}, False),
        (Kind.REOPENED, {"due": ""}, True),
        (Kind.DISPUTED, {"due": ""}, True),
        (Kind.URGENCY_SET, {"due": ""}, True),
        (Kind.RECLASSIFIED, {"due": "", "restarted": True}, True),
        (Kind.RECLASSIFIED, {"due": "", "restarted": False}, False),
        (Kind.DEADLINE_RECOMPUTED, {"due": "", "intake_due": ""}, False),
        (Kind.RESOLVED, {"due": ""}, False),
        (Kind.RESUMED, {"due": ""}, False),
    ):
        clock = clock_of(told(begun, (kind, later, data)))
        assert clock == Clock(later if starts else MONDAY, MONDAY), kind
    restarted = clock_of(told(begun, (Kind.UNMERGED, later, {"due": "", "intake_due": ""})))
    assert restarted == Clock(later, later)


def test_a_proposal_stands_until_the_report_is_handed_on() -> None:
    proposal = (Kind.RECLASSIFIED, MONDAY, {"proposal": {"agency": "police"}})
    begun: tuple[Kind, datetime, Mapping[str, Any]] = (Kind.SUBMITTED, MONDAY, {})
    assert proposal_of(told(begun)) is None
    assert proposal_of(told(begun, proposal, (Kind.NOTED, MONDAY, {}))) == {"agency": "police"}
    for handed in (Kind.ASSIGNED, Kind.TRANSFERRED):
        assert proposal_of(told(begun, proposal, (handed, MONDAY, {}))) is None
