"""A case is given to a colleague by name, or put back for whoever takes it; by whoever may, to whoever may have it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.accounts import absence
from app.accounts import service as accounts
from app.accounts.model import Actor
from app.db import Pool
from app.errors import AppError, Conflict, Forbidden, Invalid
from app.history import service as history
from app.reports import colleagues, service
from app.reports.model import Form, Report, Status
from app.reports.workflow import Act, acts_for
from app.worklist.model import Filter
from app.worklist.service import queue
from tests import small_world as world
from tests.small_world import settled as settled  # a fixture

NOBODY = UUID(int=99)


async def limit(pool: Pool, who: Actor, *, categories: tuple[str, ...] = (), active: bool = True) -> None:
    await pool.execute(
        "UPDATE staff SET categories = $2, active = $3 WHERE staff_id = $1", who.id, list(categories), active
    )


async def last(pool: Pool, report: Report) -> tuple[str, dict[str, object]]:
    async with pool.acquire() as conn:
        event = (await history.of_report(conn, report.report_id))[-1]
    return event.kind, {name: value for name, value in event.data.items() if name in ("assignee", "was")}


async def test_a_lead_gives_it_to_one_takes_it_back_and_gives_it_to_another(settled: Pool) -> None:
    report = (await world.file(settled)).report
    given = await world.do(settled, world.LEAD, report, Act.GIVE, colleague=world.OFFICER.id, text="Anh xem giúp.")
    assert (given.assignee_id, given.status, given.due_at) == (world.OFFICER.id, Status.ASSIGNED, report.due_at)
    assert await last(settled, report) == ("given", {"assignee": str(world.OFFICER.id)})
    back = await world.do(settled, world.LEAD, given, Act.RELEASE)
    assert back.assignee_id is None
    assert await last(settled, report) == ("released", {"was": str(world.OFFICER.id)})
    assert Act.RELEASE not in acts_for(world.LEAD, back)
    again = await world.do(settled, world.LEAD, back, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert again.assignee_id == world.COLLEAGUE.id
    page = await queue(settled, world.COLLEAGUE, Filter(assignee_id=world.COLLEAGUE.id))
    assert report.code in {row.code for row in page.rows}


async def test_an_officer_gives_away_what_they_have_and_nothing_else(settled: Pool) -> None:
    report = (await world.file(settled)).report
    error = await world.refusal(settled, world.OFFICER, report, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert (type(error), error.key) == (Forbidden, "reports.not_in_your_hands")
    assert Act.GIVE not in acts_for(world.OFFICER, report)
    mine = await world.do(settled, world.OFFICER, report, Act.START)
    assert Act.GIVE in acts_for(world.OFFICER, mine)
    given = await world.do(settled, world.OFFICER, mine, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert (given.assignee_id, given.status) == (world.COLLEAGUE.id, Status.IN_PROGRESS)
    error = await world.refusal(settled, world.OFFICER, given, Act.RELEASE)
    assert error.key == "reports.not_in_your_hands"
    put_back = await world.do(settled, world.COLLEAGUE, given, Act.RELEASE, text="Tôi đi công tác.")
    assert put_back.assignee_id is None


@pytest.mark.parametrize("who", [world.COORDINATOR, world.LEADER, world.POLICE_LEAD, world.ADMINISTRATOR])
async def test_nobody_else_gives_an_agencys_work_to_its_people(settled: Pool, who: Actor) -> None:
    report = (await world.file(settled)).report
    await world.refusal(settled, who, report, Act.GIVE, colleague=world.OFFICER.id)
    await world.refusal(settled, who, report, Act.RELEASE)


async def test_a_lead_above_gives_what_an_agency_below_has_to_that_agencys_people(settled: Pool) -> None:
    light = (await world.file(settled, category="street-light")).report
    assert light.agency_id == "power"
    given = await world.do(settled, world.LEAD, light, Act.GIVE, colleague=world.ELECTRICIAN.id)
    assert given.assignee_id == world.ELECTRICIAN.id
    error = await world.refusal(settled, world.LEAD, given, Act.GIVE, colleague=world.OFFICER.id)
    assert (type(error), error.key) == (Invalid, "reports.colleague_unknown")


@pytest.mark.parametrize("to", [world.POLICE.id, world.COORDINATOR.id, world.LEADER.id, NOBODY])
async def test_it_goes_to_nobody_who_handles_no_cases_of_the_agency(settled: Pool, to: UUID) -> None:
    report = (await world.file(settled)).report
    error = await world.refusal(settled, world.LEAD, report, Act.GIVE, colleague=to)
    assert [(problem.key, problem.field) for problem in error.problems] == [("reports.colleague_unknown", "colleague")]


async def test_whom_it_goes_to_has_to_be_said_and_ended_cases_are_given_to_nobody(settled: Pool) -> None:
    report = (await world.file(settled)).report
    error = await world.refusal(settled, world.LEAD, report, Act.GIVE)
    assert error.key == "reports.needs_colleague"
    resolved = await world.reach(settled, Status.RESOLVED)
    error = await world.refusal(settled, world.LEAD, resolved, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert (type(error), error.key) == (Conflict, "reports.act_not_now")


async def test_an_account_that_was_closed_in_between_gets_nothing(settled: Pool) -> None:
    report = (await world.file(settled)).report
    async with settled.acquire() as conn:
        offered = [one.staff_id for one in await colleagues.of_report(conn, report)]
    assert world.COLLEAGUE.id in offered
    await limit(settled, world.COLLEAGUE, active=False)
    error = await world.refusal(settled, world.LEAD, report, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert error.key == "reports.colleague_disabled"
    await limit(settled, world.COLLEAGUE)


async def test_nobody_is_shut_out_while_a_case_is_being_given_to_them(settled: Pool) -> None:
    report = (await world.file(settled)).report
    assert world.COLLEAGUE.id
    async with settled.acquire() as conn, conn.transaction():
        await colleagues.check_taker(conn, report, world.COLLEAGUE.id)
        closing = asyncio.create_task(accounts.disable(settled, world.COLLEAGUE.id, world.ADMINISTRATOR))
        async with settled.acquire() as other:
            while not await other.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                await other.execute("SELECT pg_sleep(0.01)")
        assert not closing.done()
    await closing
    await limit(settled, world.COLLEAGUE)


async def test_limits_of_category_and_commune_hold_for_whoever_gets_it(settled: Pool) -> None:
    report = (await world.file(settled)).report
    await limit(settled, world.COLLEAGUE, categories=("street-light",))
    async with settled.acquire() as conn:
        offered = [one.staff_id for one in await colleagues.of_report(conn, report)]
    assert world.COLLEAGUE.id not in offered
    error = await world.refusal(settled, world.LEAD, report, Act.GIVE, colleague=world.COLLEAGUE.id)
    assert error.key == "reports.colleague_limited"
    await limit(settled, world.COLLEAGUE)


async def test_who_has_least_is_offered_first_and_who_is_away_last_with_who_stands_in(settled: Pool) -> None:
    report = (await world.file(settled)).report
    await world.do(settled, world.LEAD, (await world.file(settled)).report, Act.GIVE, colleague=world.LEAD.id)
    today = datetime.now(UTC)
    days = today.date(), today.date() + timedelta(days=3)
    officer, colleague = UUID(int=1), UUID(int=2)
    assert (officer, colleague) == (world.OFFICER.id, world.COLLEAGUE.id)
    away = await absence.enter(settled, officer, colleague, *days, world.LEAD, today.date())
    async with settled.acquire() as conn:
        found = await colleagues.of_report(conn, report, today)
    assert [one.staff_id for one in found][-1] == world.OFFICER.id
    assert (found[-1].away_until, found[-1].deputy) == (days[1], "Cán bộ 2")
    there = [one for one in found if one.away_until is None]
    assert [one.open_cases for one in there] == sorted(one.open_cases for one in there)
    assert next(one for one in found if one.staff_id == world.LEAD.id).open_cases >= 1
    given = await world.do(settled, world.LEAD, report, Act.GIVE, colleague=world.OFFICER.id)
    assert given.assignee_id == world.OFFICER.id  # away is no obstacle: the deputy sees it
    await absence.take_back(settled, away, world.LEAD)


async def test_of_two_who_give_it_at_once_the_second_hears_that_it_has_changed(settled: Pool) -> None:
    report = (await world.file(settled)).report

    async def give(to: Actor) -> Report | AppError:
        try:
            form = Form(colleague=to.id)
            return await service.perform(
                settled, world.RULES, world.LEAD, report, Act.GIVE, form, version=report.version
            )
        except AppError as error:
            return error

    results = await asyncio.gather(give(world.OFFICER), give(world.COLLEAGUE))
    won = [one for one in results if isinstance(one, Report)]
    lost = [one for one in results if isinstance(one, AppError)]
    assert [(type(one), one.key) for one in lost] == [(Conflict, "reports.changed_meanwhile")]
    assert (await service.find(settled, report.code)).assignee_id == won[0].assignee_id


async def test_given_twice_to_the_same_person_it_is_given_once(settled: Pool) -> None:
    report = (await world.file(settled)).report
    one = await world.do(settled, world.LEAD, report, Act.GIVE, colleague=world.OFFICER.id)
    same = await world.do(settled, world.LEAD, one, Act.GIVE, colleague=world.OFFICER.id)
    assert same.version == one.version
    form: dict[str, Any] = {"colleague": world.COLLEAGUE.id, "client_key": "giao-1"}
    first = await world.do(settled, world.LEAD, one, Act.GIVE, **form)
    again = await world.do(settled, world.LEAD, one, Act.GIVE, version=one.version, **form)
    assert again.version == first.version


async def test_handed_to_another_agency_nobody_there_has_it_yet(settled: Pool) -> None:
    report = (await world.file(settled)).report
    given = await world.do(settled, world.LEAD, report, Act.GIVE, colleague=world.OFFICER.id)
    moved = await world.do(settled, world.LEAD, given, Act.TRANSFER, agency_id="police", text="Việc của công an.")
    assert moved.assignee_id is None
