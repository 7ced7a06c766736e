"""How many reports a person may send: enough for an honest walk, with an end to a flood, and nothing lost."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.db import Pool
from app.errors import TooMany
from app.reports.limits import A_DAY, A_SPOT_AN_HOUR, AN_HOUR, check_pace, check_spot
from app.reports.model import Place
from tests import small_world as world

HOUR = timedelta(hours=1)
SPOT = (9.31, 105.31)


async def check(pool: Pool, person: UUID, at: timedelta, key: str = "") -> None:
    async with pool.acquire() as conn:
        await check_pace(conn, person, ("telegram", key or str(uuid4())), world.MONDAY + at)


async def test_ten_an_hour_are_taken_and_the_next_is_told_when(settled: Pool) -> None:
    person = await world.chat(settled, "l1")
    for number in range(AN_HOUR):
        await check(settled, person, number * timedelta(minutes=1))
        await world.file(settled, world.MONDAY + number * timedelta(minutes=1), citizen_id=person)
    with pytest.raises(TooMany) as refused:
        await check(settled, person, timedelta(minutes=30))
    params = refused.value.problems[0].params
    assert (params["again"], params["retry_after"]) == ("10:00, 02/03", 1801)
    await check(settled, person, HOUR + timedelta(seconds=1))


async def test_thirty_a_day_are_taken(settled: Pool) -> None:
    person = await world.chat(settled, "l2")
    for number in range(A_DAY):
        await world.file(settled, world.MONDAY + number * timedelta(minutes=15), citizen_id=person)
    with pytest.raises(TooMany):
        await check(settled, person, timedelta(hours=10))
    await check(settled, person, timedelta(hours=24, minutes=1))


async def test_a_report_sent_again_by_its_key_is_no_further_one(settled: Pool) -> None:
    person = await world.chat(settled, "l3")
    for number in range(AN_HOUR):
        await world.file(settled, citizen_id=person, key=("telegram", f"l3-{number}"))
    await check(settled, person, timedelta(minutes=1), key=f"l3-{AN_HOUR - 1}")
    with pytest.raises(TooMany):
        await check(settled, person, timedelta(minutes=1))


async def test_other_people_s_reports_do_not_count(settled: Pool) -> None:
    busy, calm = await world.chat(settled, "l4"), await world.chat(settled, "l5")
    for _ in range(AN_HOUR):
        await world.file(settled, citizen_id=busy)
    await check(settled, calm, timedelta(minutes=1))


async def check_at(
    pool: Pool, spot: tuple[float, float], at: timedelta, category: str = "pothole", key: str = ""
) -> None:
    async with pool.acquire() as conn:
        await check_spot(conn, category, spot, ("telegram", key or str(uuid4())), world.MONDAY + at)


async def test_a_spot_that_many_have_reported_waits_an_hour_and_other_spots_do_not(settled: Pool) -> None:
    for number in range(A_SPOT_AN_HOUR):
        filed = await world.file(
            settled,
            world.MONDAY + number * timedelta(minutes=1),
            place=Place(*SPOT),
            key=("telegram", f"spot-{number}"),
        )
    category = filed.report.category
    soon = timedelta(minutes=30)
    with pytest.raises(TooMany) as refused:
        await check_at(settled, SPOT, soon, category)
    assert refused.value.problems[0].params["again"] == "10:00, 02/03"
    await check_at(settled, (SPOT[0] + 0.001, SPOT[1]), soon, category)
    await check_at(settled, SPOT, soon, "another-matter")
    await check_at(settled, SPOT, HOUR + timedelta(seconds=1), category)
    await check_at(settled, SPOT, soon, category, key="spot-3")
