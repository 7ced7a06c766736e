"""Which rules send wrongly, counted from the history of real reports."""

from datetime import timedelta

import pytest

from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.errors import Forbidden
from app.reports.model import Status
from app.reports.workflow import Act
from app.stats import projection
from app.stats.misrouted import misrouted
from app.stats.model import EndedUp, Misrouting
from tests import small_world as world

REASON = "Không thuộc thẩm quyền."


@pytest.fixture(scope="module")
async def past(settled: Pool) -> Pool:
    """Seven potholes and a noise by rule; one for the coordinators, whom no rule sent anywhere."""
    pool = settled
    potholes = [(await world.file(pool)).report for _ in range(7)]
    await world.file(pool, category="noise")
    await world.reach(pool, Status.SUBMITTED)
    await world.file(pool, world.MONDAY - timedelta(days=30))
    returned, returned_twice, back, transferred, reassigned, waiting, _ = potholes
    returned = await world.do(pool, world.OFFICER, returned, Act.RETURN, text=REASON)
    await world.do(pool, world.COORDINATOR, returned, Act.ASSIGN, agency_id="police")
    for _ in range(2):
        returned_twice = await world.do(pool, world.OFFICER, returned_twice, Act.RETURN, text=REASON)
        returned_twice = await world.do(pool, world.COORDINATOR, returned_twice, Act.ASSIGN, agency_id="power")
    back = await world.do(pool, world.OFFICER, back, Act.RETURN, text=REASON)
    await world.do(pool, world.COORDINATOR, back, Act.ASSIGN, agency_id="roads")
    await world.do(pool, world.LEAD, transferred, Act.TRANSFER, agency_id="police", text=REASON)
    reassigned = await world.do(pool, world.COORDINATOR, reassigned, Act.RECLASSIFY, category="noise")
    await world.do(pool, world.COORDINATOR, reassigned, Act.ASSIGN, agency_id="police")
    await world.do(pool, world.OFFICER, waiting, Act.RETURN, text=REASON)
    await projection.catch_up(pool)
    return pool


async def test_each_rule_has_its_share_and_where_its_reports_went_in_the_end(past: Pool) -> None:
    streets, noise = await misrouted(past, SYSTEM, "ioc", world.MONDAY - timedelta(days=1))
    assert streets == Misrouting(
        "streets", 7, 4, 1, 6, 1, 6 / 7,
        (EndedUp("police", 3), EndedUp("ioc", 1), EndedUp("power", 1), EndedUp("roads", 1)),
    )  # fmt: skip
    assert noise == Misrouting("noise", 1, 0, 0, 0, 0, 0.0, ())


async def test_older_reports_count_when_they_are_asked_for(past: Pool) -> None:
    streets, _ = await misrouted(past, SYSTEM, "ioc", world.MONDAY - timedelta(days=60))
    assert (streets.decided, streets.wrong) == (8, 6)
    assert await misrouted(past, SYSTEM, "ioc", world.MONDAY + timedelta(days=60)) == []


@pytest.mark.parametrize(
    ("actor", "allowed"),
    [
        (world.ADMINISTRATOR, True),
        (world.COORDINATOR, True),
        (world.LEADER, True),
        (world.LEAD, False),
        (world.OFFICER, False),
        (world.CITIZEN, False),
    ],
)
async def test_it_is_for_those_who_look_after_rules_or_the_whole_province(
    past: Pool, actor: Actor, allowed: bool
) -> None:
    if allowed:
        assert await misrouted(past, actor, "ioc", world.MONDAY)
        return
    with pytest.raises(Forbidden):
        await misrouted(past, actor, "ioc", world.MONDAY)
