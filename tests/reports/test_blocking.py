"""Blocking whoever is behind a report: by coordinators, by a report, with a reason, on record, and undone again."""

import pytest

from app.accounts import citizens
from app.accounts.model import Actor
from app.db import Pool
from app.errors import Conflict, Forbidden, Invalid
from app.reports import blocking, service
from app.reports.model import Report
from tests import small_world as world

REASON = "Nhiều lần gửi phản ánh không có thật."


async def chatted(pool: Pool, user_id: str) -> Report:
    person = await world.chat(pool, user_id)
    return (await world.file(pool, citizen_id=person)).report


async def test_a_coordinator_blocks_and_unblocks_and_both_are_on_record(settled: Pool) -> None:
    report = await chatted(settled, "b1")
    await blocking.block(settled, world.RULES, world.COORDINATOR, report, REASON)
    state = await blocking.state(settled, world.COORDINATOR, report)
    assert (state.in_chat, state.reason) == (True, REASON)
    async with settled.acquire() as conn:
        assert (await citizens.citizen(conn, "telegram", "b1", "Lan", "vi")).blocked == REASON

    await blocking.unblock(settled, world.RULES, world.COORDINATOR, report, "Đã xin lỗi và hứa không tái phạm.")
    assert (await blocking.state(settled, world.COORDINATOR, report)).since is None
    assert (await world.kinds(settled, report))[-2:] == ["reporter_blocked", "reporter_unblocked"]
    async with settled.acquire() as conn:
        said = [m for m in (await service.case(conn, report)).messages if m.kind == "note"]
        recorded = await conn.fetch("SELECT kind, actor FROM account_events WHERE data ->> 'report' = $1", report.code)
    assert said[0].body == REASON
    assert {m.visibility for m in said} == {"staff"}
    assert [row["kind"] for row in recorded] == ["citizen_blocked", "citizen_unblocked"]
    assert {row["actor"] for row in recorded} == {f"staff:{world.COORDINATOR.id}"}


async def test_a_block_concerns_the_person_in_every_report_of_theirs(settled: Pool) -> None:
    person = await world.chat(settled, "b2")
    one, other = [(await world.file(settled, citizen_id=person)).report for _ in range(2)]
    await blocking.block(settled, world.RULES, world.COORDINATOR, one, REASON)
    with pytest.raises(Conflict, match=r"reports\.blocked_already"):
        await blocking.block(settled, world.RULES, world.COORDINATOR, other, REASON)
    await blocking.unblock(settled, world.RULES, world.COORDINATOR, other, "Nhầm người.")
    with pytest.raises(Conflict, match=r"reports\.not_blocked"):
        await blocking.unblock(settled, world.RULES, world.COORDINATOR, one, "Nhầm người.")
    assert (await world.kinds(settled, other))[-1] == "reporter_unblocked"


@pytest.mark.parametrize("wrong", [world.OFFICER, world.LEAD, world.LEADER, world.ADMINISTRATOR, world.CITIZEN])
async def test_nobody_but_a_coordinator_blocks_or_even_asks(settled: Pool, wrong: Actor) -> None:
    report = await chatted(settled, f"b3{wrong.role}")
    for verb in (blocking.block, blocking.unblock):
        with pytest.raises(Forbidden):
            await verb(settled, world.RULES, wrong, report, REASON)
    with pytest.raises(Forbidden):
        await blocking.state(settled, wrong, report)
    assert "reporter_blocked" not in await world.kinds(settled, report)


async def test_a_reason_is_needed(settled: Pool) -> None:
    report = await chatted(settled, "b4")
    for reason in ("", "vì", "x" * 301):
        with pytest.raises(Invalid):
            await blocking.block(settled, world.RULES, world.COORDINATOR, report, reason)
    assert (await blocking.state(settled, world.COORDINATOR, report)).since is None


async def test_whoever_reported_on_the_web_cannot_be_blocked_and_nothing_is_written(settled: Pool) -> None:
    report = (await world.file(settled)).report
    with pytest.raises(Conflict, match=r"reports\.no_chat"):
        await blocking.block(settled, world.RULES, world.COORDINATOR, report, REASON)
    assert not (await blocking.state(settled, world.COORDINATOR, report)).in_chat
    assert await world.kinds(settled, report) == ["submitted", "assigned"]
