"""The first word to the reporter: by when it is due, what counts as one, and what happens to it when things change."""

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.model import Actor
from app.db import Pool
from app.history import service as history
from app.history.model import Event, Kind
from app.reports import deadlines, service
from app.reports.calling import calls_of, decided
from app.reports.intake import file_report
from app.reports.model import Form, Report, Status
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet, load
from tests import small_world as world

MONDAY = world.MONDAY
_PROVINCE = ("deadlines:\n", "deadlines:\n  first_answer: {urgent: 1 office hour, normal: 8 office hours}\n")
_LIGHTS = (
    "when: {category: street-light}, then: {agency: power}",
    (
        "when: {category: street-light}, then: "
        "{agency: power, call: [police], tags: [den], deadlines: {first_answer: 30 minutes}}"
    ),
)


def rules(*changes: tuple[str, str]) -> RuleSet:
    source = world.RULES.source
    for old, new in (_PROVINCE, _LIGHTS, *changes):
        assert old in source
        source = source.replace(old, new)
    return load(source)


RULES = rules()
CALENDAR = RULES.calendar


async def file(pool: Pool, by: RuleSet = RULES, **changes: Any) -> Report:
    return (await file_report(pool, by, world.GAZETTEER, world.KEY, world.new(**changes), MONDAY)).report


async def do(pool: Pool, actor: Actor, report: Report, act: Act, *, after: timedelta, **form: Any) -> Report:
    return await service.perform(pool, RULES, actor, report, act, Form(**form), at=MONDAY + after)


async def last(pool: Pool, report: Report) -> Event:
    async with pool.acquire() as conn:
        return (await history.of_report(conn, report.report_id))[-1]


async def recompute(pool: Pool, by: RuleSet, report: Report) -> Report:
    await deadlines.recompute(pool, by, MONDAY + timedelta(days=9))
    async with pool.acquire() as conn:
        return await service.get(conn, report.report_id)


async def events_of(pool: Pool, report: Report) -> list[Event]:
    async with pool.acquire() as conn:
        return await history.of_report(conn, report.report_id)


# ---------------------------------------------------------------- by when


async def test_the_intake_keeps_by_when_the_first_answer_is_due(settled: Pool) -> None:
    report = await file(settled)
    assert report.first_answer_due_at == CALENDAR.add_office_hours(MONDAY, 8)
    assert report.first_answered_at is None
    submitted, _ = await events_of(settled, report)
    assert submitted.data["first_answer"] == "8 office hours"
    assert submitted.data["first_answer_due"] == report.first_answer_due_at.isoformat()


async def test_a_rules_own_limit_goes_before_the_provinces(settled: Pool) -> None:
    report = await file(settled, category="street-light")
    assert report.first_answer_due_at == MONDAY + timedelta(minutes=30)


async def test_where_nothing_sets_a_limit_none_is_kept(settled: Pool) -> None:
    report = await file(settled, world.RULES)
    assert report.first_answer_due_at is None
    assert "first_answer" not in (await events_of(settled, report))[0].data


# ---------------------------------------------------------------- what counts


@pytest.mark.parametrize(
    ("actor", "act"), [(world.OFFICER, Act.ASK), (world.OFFICER, Act.PROGRESS), (world.COORDINATOR, Act.REJECT)]
)
async def test_the_first_words_that_the_reporter_can_read_are_the_first_answer(
    settled: Pool, actor: Actor, act: Act
) -> None:
    report = await do(settled, actor, await file(settled), act, after=timedelta(hours=1), text="Chào anh chị.")
    assert report.first_answered_at == MONDAY + timedelta(hours=1)
    data = (await last(settled, report)).data
    assert (data["first_answered"], data["first_answer_on_time"]) == (True, True)


async def test_a_result_is_an_answer_too_and_a_late_one_is_late(settled: Pool) -> None:
    report = await file(settled)
    shot = (await world.photo(settled),)
    late = timedelta(days=3)
    report = await do(settled, world.OFFICER, report, Act.RESOLVE, after=late, text="Đã vá xong.", photos=shot)
    assert report.first_answered_at == MONDAY + late
    assert (await last(settled, report)).data["first_answer_on_time"] is False


@pytest.mark.parametrize("act", [Act.CLAIM, Act.START, Act.NOTE, Act.RETURN])
async def test_what_the_reporter_does_not_read_is_no_answer(settled: Pool, act: Act) -> None:
    report = await file(settled)
    report = await do(settled, world.OFFICER, report, act, after=timedelta(hours=1), text="Nội bộ thôi.")
    assert report.first_answered_at is None
    assert "first_answered" not in (await last(settled, report)).data


async def test_only_the_first_word_is_the_first(settled: Pool) -> None:
    report = await file(settled)
    for hours in (1, 2):
        report = await do(settled, world.OFFICER, report, Act.PROGRESS, after=timedelta(hours=hours), text="Đang làm.")
    assert report.first_answered_at == MONDAY + timedelta(hours=1)
    assert "first_answered" not in (await last(settled, report)).data


# ---------------------------------------------------------------- when things change


async def test_a_closed_day_moves_it_and_says_so(settled: Pool) -> None:
    report = await file(settled)
    assert report.first_answer_due_at
    closed = rules(("  public_holidays: VN\n", "  public_holidays: VN\n  closures: [2026-03-03]\n"))
    after = await recompute(settled, closed, report)
    assert after.first_answer_due_at == report.first_answer_due_at + timedelta(days=1)
    data = (await last(settled, report)).data
    assert data["why"] == "calendar"
    assert data["first_answer_due_was"] == report.first_answer_due_at.isoformat()


async def test_another_limit_is_taken_over_with_its_reason_and_done_again_nothing_changes(settled: Pool) -> None:
    report = await file(settled)
    shorter = rules(("normal: 8 office hours", "normal: 2 office hours"))
    after = await recompute(settled, shorter, report)
    assert after.first_answer_due_at == CALENDAR.add_office_hours(MONDAY, 2)
    data = (await last(settled, report)).data
    assert (data["why"], data["first_answer"]) == ("limit", "2 office hours")
    assert await recompute(settled, shorter, report) == after
    assert (await recompute(settled, RULES, report)).first_answer_due_at == report.first_answer_due_at


async def test_rules_that_begin_or_cease_to_ask_for_one_are_followed(settled: Pool) -> None:
    report = await file(settled, world.RULES)
    after = await recompute(settled, RULES, report)
    assert after.first_answer_due_at == CALENDAR.add_office_hours(MONDAY, 8)
    assert (await recompute(settled, world.RULES, report)).first_answer_due_at is None


async def test_what_has_been_answered_stays_as_it_was(settled: Pool) -> None:
    report = await do(settled, world.OFFICER, await file(settled), Act.ASK, after=timedelta(hours=1), text="Ở đâu?")
    after = await recompute(settled, rules(("normal: 8 office hours", "normal: 2 office hours")), report)
    assert after.first_answer_due_at == report.first_answer_due_at


async def test_urgent_means_sooner_counted_from_when_that_became_known(settled: Pool) -> None:
    later = timedelta(hours=5)
    report = await file(settled)
    report = await do(
        settled, world.COORDINATOR, report, Act.SET_URGENCY, after=later, urgency="urgent", text="Trẻ em sắp tan học."
    )
    assert report.first_answer_due_at == CALENDAR.add_office_hours(MONDAY + later, 1)
    assert await recompute(settled, RULES, report) == report


async def test_an_urgency_with_the_same_limit_wins_the_agency_no_time(settled: Pool) -> None:
    report = await file(settled, category="street-light")
    urgency, text = "complex", "Nhiều cơ quan."
    after = await do(
        settled, world.COORDINATOR, report, Act.SET_URGENCY, after=timedelta(minutes=9), urgency=urgency, text=text
    )
    assert after.first_answer_due_at == report.first_answer_due_at


async def test_another_category_has_its_limit_counted_from_when_the_reporter_wrote(settled: Pool) -> None:
    report = await file(settled)
    after = await do(
        settled, world.COORDINATOR, report, Act.RECLASSIFY, after=timedelta(minutes=20), category="street-light"
    )
    assert after.first_answer_due_at == MONDAY + timedelta(minutes=30)
    assert (await last(settled, after)).data["first_answer"] == "30 minutes"
    assert await recompute(settled, RULES, after) == after


async def test_a_case_reopened_after_being_declined_waits_for_a_first_answer_again(settled: Pool) -> None:
    report = await file(settled)
    report = await do(settled, world.COORDINATOR, report, Act.REJECT, after=timedelta(hours=1), text="Không rõ ở đâu.")
    report = await do(settled, world.COORDINATOR, report, Act.REOPEN, after=timedelta(hours=2), text="Đã rõ địa chỉ.")
    assert (report.status, report.first_answered_at) == (Status.RECEIVED, None)
    assert report.first_answer_due_at == CALENDAR.add_office_hours(MONDAY + timedelta(hours=2), 8)
    assert await recompute(settled, RULES, report) == report


# ---------------------------------------------------------------- who is called at once


async def test_who_is_called_at_once_stands_in_the_intake(settled: Pool) -> None:
    report = await file(settled, category="street-light")
    events = await events_of(settled, report)
    assert [calls_of(event) for event in events] == [("police",), ()]
    assert decided(events) == (("police",), ("den",))


async def test_a_proposal_calls_nobody_until_it_is_accepted(settled: Pool) -> None:
    report = await file(settled)
    report = await do(
        settled, world.COORDINATOR, report, Act.RECLASSIFY, after=timedelta(hours=1), category="street-light"
    )
    assert calls_of(await last(settled, report)) == ()
    report = await do(settled, world.COORDINATOR, report, Act.ASSIGN, after=timedelta(hours=2), agency_id="power")
    assert calls_of(await last(settled, report)) == ("police",)
    assert decided(await events_of(settled, report)) == (("police",), ("den",))


async def test_correcting_the_category_on_the_way_accepts_what_the_rules_say_of_it(settled: Pool) -> None:
    report = await file(settled)
    report = await do(
        settled, world.COORDINATOR, report, Act.ASSIGN, after=timedelta(hours=1),
        agency_id="power", category="street-light",
    )  # fmt: skip
    assigned = await last(settled, report)
    assert (assigned.kind, calls_of(assigned)) == (Kind.ASSIGNED, ("police",))
    assert assigned.data["accepts"]["rule"] == "lights"


async def test_a_person_who_decides_otherwise_calls_nobody(settled: Pool) -> None:
    report = await file(settled)
    report = await do(
        settled, world.COORDINATOR, report, Act.ASSIGN, after=timedelta(hours=1),
        agency_id="roads", category="street-light",
    )  # fmt: skip
    assert calls_of(await last(settled, report)) == ()
