"""The lists of leaders' directions: each sees those on reports that are their business, in order, with the answer."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from app.accounts.model import Actor, Role
from app.db import Pool
from app.errors import Forbidden
from app.reports.model import Report, Status
from app.reports.workflow import Act
from app.worklist import directions as worklist
from tests import small_world as world

NOW = world.MONDAY + timedelta(days=2)
DEPUTY = Actor("staff", UUID(int=30), Role.LEADER, "ioc", frozenset({"ioc"}))


async def directed(pool: Pool, words: str, days: int, by: Actor = world.LEADER, **changes: Any) -> Report:
    report = (await world.file(pool, **changes)).report
    return await world.do(pool, by, report, Act.DIRECT, text=words, days=days)


async def listed(pool: Pool, who: Actor, state: worklist.State, by: UUID | None = None) -> list[str]:
    return [one.words for one in await worklist.directions(pool, who, state, NOW, by=by)]


async def test_open_ones_come_by_deadline_and_late_ones_are_told_apart(settled: Pool) -> None:
    await directed(settled, "Ba ngày", 3)
    report = await directed(settled, "Một ngày", 1)
    done = await directed(settled, "Xong rồi", 2)
    await world.do(settled, world.OFFICER, done, Act.REPORT_BACK, text="Đã làm.")
    lifted = await directed(settled, "Thôi", 2)
    await world.do(settled, world.LEADER, lifted, Act.LIFT_DIRECTION, text="Không cần nữa.")
    await directed(settled, "Của phó chủ tịch", 4, DEPUTY)
    await directed(settled, "Của công an", 5, category="noise")

    everything = ["Một ngày", "Ba ngày", "Của phó chủ tịch", "Của công an"]
    assert await listed(settled, world.LEADER, "open") == everything
    assert await listed(settled, world.COORDINATOR, "open") == everything
    assert await listed(settled, world.OFFICER, "open") == everything[:3]
    assert await listed(settled, world.POLICE, "open") == everything[3:]
    assert await listed(settled, world.LEADER, "open", DEPUTY.id) == ["Của phó chủ tịch"]
    assert await listed(settled, world.LEADER, "late") == ["Một ngày"]
    assert await listed(settled, world.POLICE, "late") == []
    for limits in ({"categories": frozenset({"noise"})}, {"communes": frozenset({world.TAN_THANH})}):
        narrow = msgspec.structs.replace(world.LEADER, **limits)
        assert await listed(settled, narrow, "open") == (everything[3:] if "categories" in limits else [])

    (one,) = await worklist.directions(settled, world.LEADER, "done", NOW)
    assert (one.words, one.answer, one.on_time, one.ended_by) == ("Xong rồi", "Đã làm.", True, world.OFFICER.id)
    (other,) = await worklist.directions(settled, world.LEADER, "lifted", NOW)
    assert (other.words, other.answer, other.state(NOW)) == ("Thôi", "Không cần nữa.", "lifted")
    async with settled.acquire() as conn:
        (own,) = await worklist.of_report(conn, report.report_id)
    assert (own.words, own.state(NOW), own.status) == ("Một ngày", "late", Status.ASSIGNED)


async def test_who_has_no_queue_has_no_such_list(settled: Pool) -> None:
    with pytest.raises(Forbidden):
        await listed(settled, world.ADMINISTRATOR, "open")
