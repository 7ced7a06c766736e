"""A split report is received once and handled part by part."""

from collections import Counter
from datetime import timedelta

from app.db import Pool
from app.history import service as history
from app.reports import service
from app.reports.model import NewPart, Report, Status
from app.reports.workflow import Act
from app.stats.life import occurrences
from app.stats.measures import FIGURES, Measure
from tests import small_world as world

FIVE = timedelta(hours=5)


async def counts(pool: Pool, *reports: Report) -> Counter[tuple[Measure, str]]:
    """What holds today of these reports together, by measure and agency."""
    async with pool.acquire() as conn:
        lives = [occurrences(await history.of_report(conn, report.report_id)) for report in reports]
    return Counter((o.measure, o.agency) for life in lives for o in life if o.known_until is None)


def open_at(counted: Counter[tuple[Measure, str]]) -> dict[str, int]:
    agencies = {agency for _, agency in counted}
    left = {a: counted[Measure.OPEN_IN, a] - counted[Measure.OPEN_OUT, a] for a in agencies}
    return {agency: n for agency, n in left.items() if n}


async def split(pool: Pool) -> tuple[Report, list[Report]]:
    whole = await world.reach(pool, Status.SUBMITTED)
    parts = (NewPart("pothole"), NewPart("street-light"))
    whole = await world.do(pool, world.COORDINATOR, whole, Act.SPLIT, parts=parts, text="Hai việc.")
    rows = await pool.fetch("SELECT report_id FROM reports WHERE part_of = $1 ORDER BY agency_id", whole.report_id)
    async with pool.acquire() as conn:
        return whole, [await service.get(conn, row["report_id"]) for row in rows]


async def test_its_parts_are_open_and_handled_each_for_its_agency_and_it_was_received_once(settled: Pool) -> None:
    whole, (lights, road) = await split(settled)
    assert (lights.agency_id, road.agency_id) == ("power", "roads")
    counted = await counts(settled, whole, lights, road)
    assert open_at(counted) == {"power": 1, "roads": 1}
    assert sum(n for (measure, _), n in counted.items() if measure is Measure.RECEIVED) == 1
    await world.resolve(settled, lights, world.ELECTRICIAN)
    await world.resolve(settled, road)
    async with settled.acquire() as conn:
        assert (await service.get(conn, whole.report_id)).status is Status.RESOLVED
    counted = await counts(settled, whole, lights, road)
    assert open_at(counted) == {}
    handled = {a: n for (measure, a), n in counted.items() if measure in FIGURES["handled"].of}
    assert handled == {"power": 1, "roads": 1}


async def test_without_any_result_it_is_back_on_the_desk(settled: Pool) -> None:
    whole, parts = await split(settled)
    for part in parts:
        await world.do(settled, world.COORDINATOR, part, Act.REJECT, text="Không phải việc của tỉnh.")
    async with settled.acquire() as conn:
        assert (await service.get(conn, whole.report_id)).status is Status.RETURNED
    assert open_at(await counts(settled, whole, *parts)) == {"": 1}
