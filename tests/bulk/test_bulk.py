"""One act on many reports: each row is done once by the ordinary verb, or refused with its own reason."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from app.accounts.model import Actor, Role
from app.bulk import service as bulk
from app.bulk import store
from app.bulk.model import ROWS_MOST, Row, Wanted, acts_of
from app.db import Pool, transaction
from app.errors import AppError, Forbidden, Invalid, NotFound
from app.reports import service as reports
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import take_jobs

_WAITS = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%bulk_rows%'"


async def reached(pool: Pool, count: int, status: Status = Status.ASSIGNED) -> list[Report]:
    return [await world.reach(pool, status) for _ in range(count)]


async def started(
    pool: Pool, who: Actor, act: Act, codes: Sequence[str], leave_out: Sequence[int] = (), **wanted: Any
) -> UUID:
    run = await bulk.prepare(pool, who, act, codes)
    places = set(range(1, len(codes) + 1)) - set(leave_out)
    await bulk.start(pool, world.RULES, who, run, Wanted(**wanted), places)
    return run


async def run_of(pool: Pool, who: Actor, act: Act, codes: Sequence[str], **wanted: Any) -> list[Row]:
    """Choose, start and do; gives the rows."""
    run = await started(pool, who, act, codes, **wanted)
    await bulk.work(pool, world.RULES, run)
    return await rows(pool, run)


async def rows(pool: Pool, run: UUID) -> list[Row]:
    async with pool.acquire() as conn:
        return await store.rows(conn, run)


def outcome(found: Sequence[Row]) -> list[tuple[str, list[str]]]:
    return [(row.state, [problem.key for problem in row.problems]) for row in found]


async def test_each_row_is_done_by_the_ordinary_verb(settled: Pool) -> None:
    cases = await reached(settled, 5)
    found = await run_of(settled, world.OFFICER, Act.START, [case.code for case in cases])
    assert outcome(found) == [("done", [])] * 5
    for case in cases:
        now = await reports.find(settled, case.code)
        assert (now.status, now.assignee_id) == (Status.IN_PROGRESS, world.OFFICER.id)
        assert await world.kinds(settled, case) == ["submitted", "assigned", "started"]


async def test_what_cannot_be_done_is_refused_row_by_row_with_its_reason(settled: Pool) -> None:
    good, late = await reached(settled, 2)
    closed = await world.reach(settled, Status.CLOSED)
    theirs = (await world.file(settled, category="noise")).report
    codes = [good.code, late.code, closed.code, theirs.code, "PA-0000-0000", "không phải mã"]
    run = await started(settled, world.OFFICER, Act.START, codes)
    await world.do(settled, world.LEAD, late, Act.NOTE, text="Vừa gọi cho dân.")
    await bulk.work(settled, world.RULES, run)
    assert outcome(await rows(settled, run)) == [
        ("done", []),
        ("refused", ["reports.changed_meanwhile"]),
        ("refused", ["reports.act_not_now"]),
        ("refused", ["reports.code_unknown"]),
        ("refused", ["reports.code_unknown"]),
        ("refused", ["reports.code_unknown"]),
    ]
    assert await world.kinds(settled, theirs) == ["submitted", "assigned"]


async def test_a_report_of_others_looks_exactly_like_none(settled: Pool) -> None:
    theirs = (await world.file(settled, category="noise")).report
    absent = theirs.code[:-4] + "0000"
    run_id = await bulk.prepare(settled, world.OFFICER, Act.NOTE, [theirs.code, absent])
    run = await bulk.get(settled, world.OFFICER, run_id)
    one, other = await bulk.look(settled, world.OFFICER, run)
    assert (one.report, other.report) == (None, None)
    assert (one.row.report_id, one.row.version, one.row.state) == (other.row.report_id, other.row.version, "refused")
    assert [p.key for p in one.problems] == [p.key for p in other.problems] == ["reports.code_unknown"]


async def test_the_preview_says_what_could_be_done_and_writes_nothing(settled: Pool) -> None:
    assigned, resolved = await world.reach(settled, Status.ASSIGNED), await world.reach(settled, Status.RESOLVED)
    run_id = await bulk.prepare(settled, world.OFFICER, Act.CLAIM, [assigned.code, resolved.code, assigned.code])
    run = await bulk.get(settled, world.OFFICER, run_id)
    seen = await bulk.look(settled, world.OFFICER, run)
    assert [[p.key for p in one.problems] for one in seen] == [[], ["reports.act_not_now"]]
    assert (await reports.find(settled, assigned.code)).version == assigned.version
    await bulk.choose_act(settled, world.OFFICER, run_id, Act.NOTE)
    run = await bulk.get(settled, world.OFFICER, run_id)
    assert [one.problems for one in await bulk.look(settled, world.OFFICER, run)] == [(), ()]


async def test_rows_that_are_not_chosen_are_left_alone(settled: Pool) -> None:
    cases = await reached(settled, 3)
    run = await started(settled, world.OFFICER, Act.START, [case.code for case in cases], leave_out=[2])
    await bulk.work(settled, world.RULES, run)
    assert [row.state for row in await rows(settled, run)] == ["done", "left_out", "done"]
    assert (await reports.find(settled, cases[1].code)).version == cases[1].version


@pytest.mark.parametrize(
    ("who", "act", "form", "key"),
    [
        (world.COORDINATOR, Act.ASSIGN, {}, "reports.needs_agency"),
        (world.COORDINATOR, Act.ASSIGN, {"agency": "khong-co"}, "reports.agency_unknown"),
        (world.COORDINATOR, Act.MERGE, {"target": "PA-0000-0000"}, "reports.target_unknown"),
        (world.LEAD, Act.TRANSFER, {"agency": "police"}, "reports.needs_text"),
        (world.OFFICER, Act.ASK_EXTENSION, {"text": "Mưa.", "days": 99}, "reports.extension_days"),
        (world.LEADER, Act.DIRECT, {"text": "Gấp."}, "reports.needs_by"),
        (world.LEADER, Act.DIRECT, {"text": "Gấp.", "due": world.MONDAY}, "reports.direction_due"),
    ],
)
async def test_what_is_wrong_for_every_row_is_said_before_any_is_begun(
    settled: Pool, who: Actor, act: Act, form: dict[str, Any], key: str
) -> None:
    (case,) = await reached(settled, 1)
    with pytest.raises(Invalid) as refused:
        await started(settled, who, act, [case.code], **form)
    assert refused.value.key == key
    assert (await reports.find(settled, case.code)).version == case.version


async def test_several_are_merged_into_one_of_them(settled: Pool) -> None:
    cases = await reached(settled, 5)
    target = cases[2]
    found = await run_of(settled, world.COORDINATOR, Act.MERGE, [c.code for c in cases], target=target.code)
    assert [row.state for row in found] == ["done", "done", "left_out", "done", "done"]
    assert (await world.kinds(settled, target)).count("merged_in") == 4
    assert (await reports.find(settled, target.code)).status is Status.ASSIGNED


@pytest.mark.parametrize(
    ("who", "act", "status", "form"),
    [
        (world.COORDINATOR, Act.ACCEPT, Status.SUBMITTED, {}),
        (world.COORDINATOR, Act.ASSIGN, Status.RECEIVED, {"agency": "police"}),
        (world.LEAD, Act.TRANSFER, Status.ASSIGNED, {"agency": "police", "text": "Không thuộc thẩm quyền."}),
        (world.OFFICER, Act.RETURN, Status.ASSIGNED, {"text": "Không thuộc thẩm quyền."}),
        (world.OFFICER, Act.PROGRESS, Status.IN_PROGRESS, {"text": "Đang làm."}),
        (world.OFFICER, Act.ASK_EXTENSION, Status.IN_PROGRESS, {"text": "Mưa.", "days": 3}),
        (world.COORDINATOR, Act.SET_URGENCY, Status.ASSIGNED, {"urgency": "urgent", "text": "Bão."}),
        (world.COORDINATOR, Act.RECLASSIFY, Status.ASSIGNED, {"category": "litter"}),
        (world.COORDINATOR, Act.PUBLISH, Status.RESOLVED, {}),
        (world.COORDINATOR, Act.REJECT, Status.SUBMITTED, {"text": "Tin rác."}),
        (world.LEADER, Act.DIRECT, Status.ASSIGNED, {"text": "Làm ngay.", "days": 2}),
    ],
)
async def test_every_kind_of_act_goes_through(
    settled: Pool, who: Actor, act: Act, status: Status, form: dict[str, Any]
) -> None:
    cases = await reached(settled, 2, status)
    found = await run_of(settled, who, act, [case.code for case in cases], **form)
    assert outcome(found) == [("done", [])] * 2


async def test_tags_are_added_to_those_that_each_report_has(settled: Pool) -> None:
    one, other = await reached(settled, 2)
    one = await world.do(settled, world.OFFICER, one, Act.TAG, tags=("trường học",))
    await run_of(settled, world.OFFICER, Act.TAG, [one.code, other.code], tags=("Mùa mưa", " gấp "))
    assert (await reports.find(settled, one.code)).tags == ("trường học", "mùa mưa", "gấp")
    assert (await reports.find(settled, other.code)).tags == ("mùa mưa", "gấp")


async def test_without_an_act_the_one_that_most_of_them_allow_is_shown(settled: Pool) -> None:
    codes = [case.code for case in await reached(settled, 2)]
    fresh = [case.code for case in await reached(settled, 3, Status.SUBMITTED)]
    for who, chosen, act in (
        (world.OFFICER, codes, Act.CLAIM),
        (world.COORDINATOR, [*codes, *fresh], Act.ASSIGN),
        (world.COORDINATOR, fresh, Act.ACCEPT),
        (world.LEADER, codes, Act.DIRECT),
    ):
        run = await bulk.get(settled, who, await bulk.prepare(settled, who, None, chosen))
        assert run.act is act
    with pytest.raises(Forbidden):
        await bulk.prepare(settled, world.ADMINISTRATOR, None, codes)


async def test_publishing_again_is_no_failure(settled: Pool) -> None:
    codes = [case.code for case in await reached(settled, 2)]
    assert [outcome(await run_of(settled, world.COORDINATOR, Act.PUBLISH, codes)) for _ in range(2)] == [
        [("done", [])] * 2
    ] * 2


async def test_what_was_asked_for_is_granted_to_all_in_one_go(settled: Pool) -> None:
    asked = [
        await world.do(settled, world.OFFICER, case, Act.ASK_EXTENSION, days=days, text="Mưa.")
        for case, days in zip(await reached(settled, 2, Status.IN_PROGRESS), (2, 5), strict=True)
    ]
    await run_of(settled, world.COORDINATOR, Act.GRANT_EXTENSION, [case.code for case in asked], text="Mưa bão.")
    for case in asked:
        assert (await reports.find(settled, case.code)).due_at == case.extension_wanted


# ---------------------------------------------------------------- who


async def test_each_role_is_offered_its_own_acts_and_gets_no_other(settled: Pool) -> None:
    (case,) = await reached(settled, 1)
    for who in (world.OFFICER, world.LEAD, world.COORDINATOR, world.LEADER, world.ADMINISTRATOR):
        for act in Act:
            if act in acts_of(who):
                await bulk.prepare(settled, who, act, [case.code])
            else:
                with pytest.raises(Forbidden):
                    await bulk.prepare(settled, who, act, [case.code])
    assert acts_of(world.LEADER) == [Act.DIRECT]
    assert acts_of(world.ADMINISTRATOR) == []
    assert Act.TRANSFER not in acts_of(world.OFFICER)


async def test_a_run_is_its_owners_alone(settled: Pool) -> None:
    (case,) = await reached(settled, 1)
    run = await started(settled, world.OFFICER, Act.START, [case.code])
    nobody_elses = (
        bulk.get(settled, world.LEAD, run),
        bulk.progress(settled, world.LEAD, run),
        bulk.cancel(settled, world.LEAD, run),
        bulk.again(settled, world.LEAD, run),
        bulk.choose_act(settled, world.LEAD, run, Act.NOTE),
        bulk.start(settled, world.RULES, world.LEAD, run, Wanted(), {1}),
    )
    for tried in nobody_elses:
        with pytest.raises(NotFound):
            await tried
    assert run not in [tally.run.run_id for tally in await bulk.recent(settled, world.LEAD)]
    assert run in [tally.run.run_id for tally in await bulk.recent(settled, world.OFFICER)]


async def test_the_rights_are_those_when_a_rows_turn_comes(settled: Pool) -> None:
    cases = await reached(settled, 2)
    for change, key in (
        ("role = 'administrator'", "reports.code_unknown"),
        ("active = false", "bulk.account_closed"),
        ("categories = '{noise}'", "reports.code_unknown"),
        ("agency_id = 'police'", "reports.code_unknown"),
    ):
        run = await started(settled, world.OFFICER, Act.NOTE, [case.code for case in cases], text="Ghi chú.")
        await settled.execute(f"UPDATE staff SET {change} WHERE staff_id = $1", world.OFFICER.id)
        await bulk.work(settled, world.RULES, run)
        await settled.execute(
            "UPDATE staff SET role = $2, active = true, categories = '{}', agency_id = $3 WHERE staff_id = $1",
            world.OFFICER.id,
            Role.OFFICER,
            "roads",
        )
        assert outcome(await rows(settled, run)) == [("refused", [key])] * 2, change


@pytest.mark.parametrize(("count", "key"), [(0, "bulk.nothing_chosen"), (ROWS_MOST + 1, "bulk.too_many")])
async def test_neither_none_nor_too_many(settled: Pool, count: int, key: str) -> None:
    with pytest.raises(Invalid) as refused:
        await bulk.prepare(settled, world.OFFICER, Act.NOTE, [f"mã {number}" for number in range(count)])
    assert refused.value.key == key


# ---------------------------------------------------------------- once, stopped, again


async def test_starting_twice_is_one_run_and_one_job(settled: Pool) -> None:
    await take_jobs(settled, "bulk")
    cases = await reached(settled, 2)
    run = await bulk.prepare(settled, world.OFFICER, Act.NOTE, [case.code for case in cases])
    await asyncio.gather(
        *(bulk.start(settled, world.RULES, world.OFFICER, run, Wanted(text=f"Lần {n}."), {1, 2}) for n in range(3))
    )
    (job,) = await take_jobs(settled, "bulk")
    assert msgspec.json.decode(job) == {"run_id": str(run)}
    await asyncio.gather(*(bulk.work(settled, world.RULES, run) for _ in range(3)))
    for case in cases:
        assert (await world.kinds(settled, case)).count("noted") == 1
    assert outcome(await rows(settled, run)) == [("done", [])] * 2


@pytest.mark.parametrize("act", [Act.CLAIM, Act.NOTE])
async def test_a_row_that_was_done_before_the_crash_is_not_done_again(settled: Pool, act: Act) -> None:
    """The process dies when the rows have been done and nothing says so yet: words or none, they stand once."""
    cases = await reached(settled, 6)
    run = await started(settled, world.OFFICER, act, [case.code for case in cases], text="Ghi chú." * (act == "note"))
    async with transaction(settled) as conn:
        await conn.execute("LOCK TABLE bulk_rows IN SHARE MODE")  # read it is; what is written there has to wait
        working = asyncio.create_task(bulk.work(settled, world.RULES, run))
        while not await settled.fetchval(_WAITS):  # noqa: ASYNC110  # it happens in the database
            await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert {row.state for row in await rows(settled, run)} == {"waiting"}
    await bulk.work(settled, world.RULES, run)
    assert outcome(await rows(settled, run)) == [("done", [])] * 6
    for case in cases:
        assert len(await world.kinds(settled, case)) == 3


async def test_stopping_leaves_the_rest_undone_and_the_done_done(settled: Pool) -> None:
    cases = await reached(settled, 3)
    run = await started(settled, world.OFFICER, Act.START, [case.code for case in cases])
    await bulk.cancel(settled, world.OFFICER, run)
    await bulk.work(settled, world.RULES, run)
    assert [row.state for row in await rows(settled, run)] == ["cancelled"] * 3
    assert (await bulk.get(settled, world.OFFICER, run)).state == "cancelled"
    async with settled.acquire() as conn:
        await store.settle(conn, run, [(1, "done", ())])  # what was under way when somebody said stop
    assert [row.state for row in await rows(settled, run)] == ["done", "cancelled", "cancelled"]


async def test_undone_rows_are_tried_again_as_they_are_now(settled: Pool) -> None:
    good, late = await reached(settled, 2)
    run = await started(settled, world.OFFICER, Act.PROGRESS, [good.code, late.code], text="Đang làm.")
    await world.do(settled, world.LEAD, late, Act.NOTE, text="Vừa gọi.")
    await bulk.work(settled, world.RULES, run)
    new = await bulk.again(settled, world.OFFICER, run)
    seen = await bulk.get(settled, world.OFFICER, new)
    assert (seen.act, seen.wanted.text, seen.state) == (Act.PROGRESS, "Đang làm.", "preview")
    await bulk.start(settled, world.RULES, world.OFFICER, new, seen.wanted, {1})
    await bulk.work(settled, world.RULES, new)
    assert [(row.code, row.state) for row in await rows(settled, new)] == [(late.code, "done")]


@asynccontextmanager
async def whenever_written(pool: Pool, report: Report, function: str) -> AsyncIterator[None]:
    """The database calls this trigger function before it writes the report."""
    await pool.execute(
        f"""
        CREATE TRIGGER written BEFORE UPDATE ON reports FOR EACH ROW
        WHEN (NEW.report_id = '{report.report_id}') EXECUTE FUNCTION {function}()
        """
    )
    yield
    await pool.execute("DROP TRIGGER written ON reports")


async def test_one_broken_row_keeps_no_other_from_being_done(settled: Pool) -> None:
    cases = await reached(settled, 6)
    run = await started(settled, world.OFFICER, Act.START, [case.code for case in cases])
    async with whenever_written(settled, cases[1], "refuse_change"):
        await bulk.work(settled, world.RULES, run)
    broken = ("refused", ["bulk.row_broken"])
    assert outcome(await rows(settled, run)) == [broken if place == 1 else ("done", []) for place in range(6)]


async def test_when_the_database_is_away_the_job_is_tried_again_and_no_row_is_refused(settled: Pool) -> None:
    cases = await reached(settled, 3)
    run = await started(settled, world.OFFICER, Act.START, [case.code for case in cases])
    await settled.execute(
        """
        CREATE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$
        """
    )
    async with whenever_written(settled, cases[1], "cut_off"):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await bulk.work(settled, world.RULES, run)
    assert [row.state for row in await rows(settled, run)] == ["done", "waiting", "done"]
    await bulk.work(settled, world.RULES, run)
    assert outcome(await rows(settled, run)) == [("done", [])] * 3


async def test_what_is_old_is_forgotten(settled: Pool) -> None:
    (case,) = await reached(settled, 1)
    looked = await bulk.prepare(settled, world.OFFICER, Act.NOTE, [case.code])
    done = await started(settled, world.OFFICER, Act.START, [case.code])
    await bulk.work(settled, world.RULES, done)
    now = datetime.now(UTC)
    await bulk.sweep(settled, now + timedelta(days=2))
    await bulk.get(settled, world.OFFICER, done)
    with pytest.raises(AppError):
        await bulk.get(settled, world.OFFICER, looked)
    assert await bulk.sweep(settled, now + timedelta(days=31)) >= 1
    with pytest.raises(AppError):
        await bulk.get(settled, world.OFFICER, done)
