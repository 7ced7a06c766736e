"""Who is warned, by which ways, when; deputies; nobody of what they did or may not see."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import Actor
from app.escalation import service, store
from app.escalation.model import STEPS, USUAL, Policy, Step
from app.history.model import Fact, Kind, chain
from app.reports import store as report_store
from app.reports.intake import tell_job
from app.reports.model import Report, Status
from app.reports.warning import LEVELS
from app.reports.workflow import Act
from tests.escalation.scene import Office
from tests.small_world import (
    COLLEAGUE,
    COORDINATOR,
    ELECTRICIAN,
    LEAD,
    LEADER,
    MONDAY,
    OFFICER,
    POLICE,
    do,
    file,
    reach,
    resolve,
)

HOUR = timedelta(hours=1)
HALF = MONDAY + timedelta(days=2)
"""An hour after half of the roads' three working days is used up."""


async def working(office: Office, at: datetime = MONDAY) -> Report:
    return await do(office.pool, OFFICER, (await file(office.pool, at)).report, Act.START, at=at + HOUR)


async def note(office: Office, report: Report, data: dict[str, Any], by: Actor = COLLEAGUE) -> Report:
    """A note with this data, as the page of a case writes it."""
    fact, last = Fact(Kind.NOTED, data), (report.last_seq, report.last_hash)
    events = chain(report.report_id, last, [fact], at=report.updated_at + HOUR, actor=("staff", by.id))
    jobs = [tell_job(report.report_id, events[0].seq, events[-1].seq)]
    async with office.pool.acquire() as conn:
        assert await report_store.update(
            conn, report_store.Rewrite(seen=report, report=report, events=events, jobs=jobs)
        )
    return report


def ids(*people: Actor) -> list[str]:
    return [str(person.id) for person in people]


# ---------------------------------------------------------------- levels


async def test_first_the_officer_then_the_lead_and_at_last_the_coordinators_hear(office: Office) -> None:
    report = await working(office)
    half = HALF
    await office.look(half)
    assert await office.notices() == {"officer": ["warned_handling_50"]}
    await office.look(report.due_at - HOUR)
    assert await office.notices(LEAD) == {"lead": ["warned_handling_80"]}
    assert await office.notices(COORDINATOR) == {}
    await office.look(report.due_at)
    assert await office.notices() == {
        "officer": ["warned_handling_50", "warned_handling_80", "warned_handling_100"],
        "lead": ["warned_handling_80", "warned_handling_100"],
        "coordinator": ["warned_handling_100"],
    }


async def test_of_a_case_that_nobody_has_taken_the_agencys_leads_hear(office: Office) -> None:
    await file(office.pool)
    await office.look(HALF)
    assert await office.notices() == {"lead": ["warned_handling_50"]}


async def test_on_the_coordinators_desk_the_coordinators_hear(office: Office) -> None:
    report = await reach(office.pool, Status.SUBMITTED)
    await office.look(report.intake_due_at)
    assert await office.notices() == {"coordinator": ["warned_intake_100"]}


async def test_above_an_agency_without_leads_the_next_one_up_hears(office: Office) -> None:
    """The power company has no lead; the roads' department is the one above it."""
    report = (await file(office.pool, category="street-light")).report
    await office.look(report.due_at)
    assert await office.notices() == {"lead": ["warned_handling_100"], "coordinator": ["warned_handling_100"]}


async def test_a_direction_is_told_of_and_warned_of(office: Office) -> None:
    report = await working(office)
    await do(office.pool, LEADER, report, Act.DIRECT, at=MONDAY + HOUR, text="Làm ngay.", due=MONDAY + 2 * HOUR)
    await office.tell(MONDAY + HOUR)
    assert await office.notices() == {"officer": ["directed"], "lead": ["directed"]}
    await office.look(MONDAY + 2 * HOUR)
    assert await office.notices(OFFICER) == {"officer": ["directed", "warned_direction_100"]}


async def test_what_was_resolved_before_it_could_be_told_is_not_told(office: Office) -> None:
    report = await working(office)
    await office.watch.look(office.pool, office.ways.rules, report.due_at)
    async with office.pool.acquire() as conn:
        report = await report_store.by_id(conn, report.report_id) or report
    await resolve(office.pool, report)
    await office.tell(report.due_at)
    assert await office.notices() == {}


# ---------------------------------------------------------------- what concerns a person


async def test_whoever_a_note_mentions_hears_and_nobody_else(office: Office) -> None:
    report = await working(office)
    await office.tell(MONDAY)
    await note(office, report, {"mentions": ids(LEAD, COLLEAGUE, COORDINATOR)}, by=COLLEAGUE)
    await office.tell(MONDAY)
    assert await office.notices() == {"lead": ["mentioned"], "coordinator": ["mentioned"]}


@pytest.mark.parametrize("stranger", [POLICE, ELECTRICIAN, Actor("staff", UUID(int=999))])
async def test_a_mention_of_somebody_who_may_not_see_the_case_tells_them_nothing(
    office: Office, stranger: Actor
) -> None:
    report = await working(office)
    await office.tell(MONDAY)
    await note(office, report, {"mentions": ids(stranger)})
    assert await office.tell(MONDAY) == 0
    assert await office.pool.fetchval("SELECT count(*) FROM notices") == 0
    assert await office.ledger(report) == []


async def test_limits_of_categories_and_communes_hold_for_notices(office: Office) -> None:
    report = await working(office)
    await office.tell(MONDAY)
    await office.pool.execute("UPDATE staff SET categories = '{litter}' WHERE staff_id = $1", LEAD.id)
    try:
        await note(office, report, {"mentions": ids(LEAD)})
        assert await office.tell(MONDAY) == 0
    finally:
        await office.pool.execute("UPDATE staff SET categories = '{}' WHERE staff_id = $1", LEAD.id)


async def test_whoever_is_given_a_case_hears_of_it_by_all_their_ways(office: Office) -> None:
    report = await do(office.pool, LEAD, await working(office), Act.GIVE, colleague=COLLEAGUE.id)
    await office.tell(MONDAY)
    assert await office.notices() == {"colleague": ["assigned"]}
    assert [row[:2] for row in await office.ledger(report)] == [(f"staff:{COLLEAGUE.id}", "mail")]
    await do(office.pool, COLLEAGUE, report, Act.GIVE, colleague=COLLEAGUE.id, text="Tôi đang làm.")
    await do(office.pool, LEAD, (await file(office.pool)).report, Act.GIVE, colleague=LEAD.id)
    await office.tell(MONDAY)
    assert await office.notices() == {"colleague": ["assigned"]}, "nobody hears of what they did themselves"


async def test_a_dispute_and_a_return_are_told_on_the_pages_alone(office: Office) -> None:
    other = (await file(office.pool)).report
    await do(office.pool, OFFICER, other, Act.RETURN, text="Không phải đường tỉnh.")
    await office.tell(MONDAY)
    assert await office.notices(COORDINATOR) == {"coordinator": ["returned"]}
    third = await resolve(office.pool, await working(office))
    await do(office.pool, Actor("citizen"), third, Act.DISPUTE, text="Vẫn còn ổ gà.")
    await office.tell(MONDAY)
    assert await office.notices(LEAD) == {"lead": ["disputed"]}
    assert await office.waits() == []


async def test_telling_twice_adds_nothing(office: Office) -> None:
    report = await working(office)
    await office.look(report.due_at)
    before = await office.notices()
    jobs = await office.waits()
    async with office.pool.acquire() as conn:
        last = await conn.fetchval("SELECT max(seq) FROM report_events WHERE report_id = $1", report.report_id)
    assert await service.tell(office.pool, office.ways.rules, report.report_id, 1, last, report.due_at) == 0
    assert await office.notices() == before
    assert len(await office.waits()) == len(jobs)


# ---------------------------------------------------------------- when, and by which ways


async def test_a_warning_of_the_night_waits_for_the_office_and_an_urgent_one_does_not(office: Office) -> None:
    report = await working(office)
    night = report.due_at + 5 * HOUR
    await office.look(night)
    opens = datetime(report.due_at.year, report.due_at.month, report.due_at.day + 1, 0, 0, tzinfo=UTC)
    assert all(abs(wait - (opens - night)) < timedelta(minutes=1) for wait in await office.waits())
    assert await office.notices(COORDINATOR) == {"coordinator": ["warned_handling_100"]}, "the pages wake nobody"
    await office.pool.execute("DELETE FROM pgqueuer")
    urgent = (await file(office.pool, category="street-light")).report
    await office.look(night + timedelta(days=1))
    assert urgent.urgency == "urgent"
    assert all(wait < timedelta(seconds=5) for wait in await office.waits())


async def test_an_agencys_own_rules_hold_for_it_and_those_below_it(office: Office) -> None:
    rules = Policy(
        steps=tuple(
            Step(clock, level, ("coordinators",), ()) for clock, level in STEPS if (clock, level) != ("handling", 50)
        ),
        people=(OFFICER.id,) if OFFICER.id else (),
        people_from=100,
    )
    async with office.pool.acquire() as conn:
        await store.set_policy(conn, "roads", msgspec.to_builtins(rules), MONDAY, None)
    report = (await file(office.pool)).report
    light = (await file(office.pool, category="street-light")).report
    await office.look(HALF - timedelta(minutes=1))
    assert await office.notices(LEAD, OFFICER) == {}
    await office.look(max(report.due_at, light.due_at))
    assert await office.notices(LEAD) == {}
    assert await office.notices(OFFICER) == {"officer": ["warned_handling_100"] * 2}, "named besides, for both"
    assert await office.waits() == [], "on the pages alone"


async def test_what_somebody_switched_off_does_not_come_unless_their_agency_wants_it_to(office: Office) -> None:
    assert OFFICER.id
    async with office.pool.acquire() as conn:
        await store.set_off(conn, OFFICER.id, ["mail", "in_app"])
    report = await working(office)
    await office.look(HALF)
    assert await office.notices(OFFICER) == {"officer": ["warned_handling_50"]}, "the pages are required"
    assert await office.ledger(report) == [(f"staff:{OFFICER.id}", "telegram", "queued")]
    strict = msgspec.structs.replace(USUAL, required=("mail",))
    async with office.pool.acquire() as conn:
        await store.set_policy(conn, "roads", msgspec.to_builtins(strict), MONDAY, None)
    await office.look(report.due_at - HOUR)
    assert await office.notices(OFFICER) == {"officer": ["warned_handling_50"]}
    mine = [row for row in await office.ledger(report) if row[0] == f"staff:{OFFICER.id}"]
    assert [channel for _, channel, _ in mine] == ["telegram", "mail", "telegram"]


async def test_where_there_is_no_e_mail_nothing_is_entered_for_it(office: Office) -> None:
    report = await working(office)
    await office.watch.look(office.pool, office.ways.rules, report.due_at)
    await office.tell(report.due_at, by_mail=False)
    assert {channel for _, channel, _ in await office.ledger(report)} == {"telegram"}


# ---------------------------------------------------------------- deputies


async def test_a_deputy_hears_too_and_sees_for_whom(office: Office) -> None:
    report = await working(office)
    await office.tell(MONDAY)
    days = (MONDAY.date(), MONDAY.date() + timedelta(days=9))
    await office.pool.execute(
        "INSERT INTO staff_absences VALUES (gen_random_uuid(), $1, $2, $3, $4)", OFFICER.id, COLLEAGUE.id, *days
    )
    await office.look(HALF)
    assert await office.notices() == {"officer": ["warned_handling_50"], "colleague": ["warned_handling_50"]}
    (notice,) = await office.unread(COLLEAGUE)
    assert notice.stands_for == "Cán bộ 1"
    async with office.pool.acquire() as conn:
        warned = await report_store.by_id(conn, report.report_id)
    assert warned
    await note(office, warned, {"mentions": ids(OFFICER)}, by=LEAD)
    await office.tell(HALF)
    assert await office.notices(COLLEAGUE) == {"colleague": ["warned_handling_50", "mentioned"]}
    assert ("staff:" + str(COLLEAGUE.id), "mail", "queued") in await office.ledger(report)


def test_the_usual_rules_speak_of_every_level() -> None:
    assert {(step.clock, step.level) for step in USUAL.steps} == {
        (clock, level) for clock, levels in LEVELS.items() for level in levels
    }
