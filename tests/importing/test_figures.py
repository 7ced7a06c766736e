"""Figures that were given out stay what they were, whatever is taken over afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.db import Pool
from app.importing import service
from app.reports.model import Status
from app.routing.calendar import VIETNAM
from app.stats import projection
from app.stats import service as stats
from app.stats.measures import FIGURES
from app.stats.model import Question, value
from app.stats.verify import verify
from tests import small_world as world
from tests.importing.lists import NOW, a_list, many, taken

MARCH = datetime(2026, 2, 28, 17, 0, tzinfo=UTC), datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
APRIL = MARCH[1], datetime(2026, 4, 30, 17, 0, tzinfo=UTC)


def day(year: int, month: int, number: int, hour: int = 0) -> datetime:
    """By Vietnam's clocks."""
    return datetime(year, month, number, hour, tzinfo=VIETNAM)


async def figures(
    pool: Pool, period: tuple[datetime, datetime], as_of: datetime | None = None
) -> dict[str, float | None]:
    async with pool.acquire() as conn:
        answer = await stats.ask(conn, Question(start=period[0], end=period[1], as_of=as_of or period[1]))
    names = ("received", "handled", "on_time_rate", "open", "overdue", "satisfied_rate", "hours_to_assign")
    return {name: value(FIGURES[name], answer.groups.get("", {})) for name in names}


async def test_the_past_before_our_own_first_report_is_known_as_of_its_own_time(settled: Pool, tmp_path: Path) -> None:
    assert await service.known_before(settled, NOW) == NOW
    await taken(settled, a_list(tmp_path / "a.csv", *many(30)))
    await projection.catch_up(settled)
    found = await figures(settled, MARCH)
    assert (found["received"], found["handled"], found["satisfied_rate"]) == (30, 20, 100.0)
    assert (found["open"], found["overdue"]) == (10, 0)
    assert [each async for each in verify(settled)] == []


async def test_months_that_we_had_reports_in_keep_their_figures_and_whoever_asks_now_sees_all(
    settled: Pool, tmp_path: Path
) -> None:
    await world.reach(settled, Status.CLOSED)
    await projection.catch_up(settled)
    before = {period: await figures(settled, period) for period in (MARCH, APRIL)}
    fresh = [row | {"Mã": f"N-{n}"} for n, row in enumerate(many(30))]
    await taken(settled, a_list(tmp_path / "b.csv", *fresh))
    await projection.catch_up(settled)
    assert {period: await figures(settled, period) for period in (MARCH, APRIL)} == before
    now = datetime.now(UTC)
    live = await figures(settled, MARCH, now)
    assert live["received"] == (before[MARCH]["received"] or 0) + 30
    assert live["handled"] == (before[MARCH]["handled"] or 0) + 20
    assert [each async for each in verify(settled)] == []


@pytest.mark.parametrize(
    ("first", "now", "before"),
    [
        # Only the day is over: nothing of January to March was ever counted here.
        (day(2026, 4, 15, 10), day(2026, 4, 17, 7), day(2026, 4, 15)),
        # April is over, and so is the field's month that began on 25 March.
        (day(2026, 4, 15, 10), day(2026, 5, 4, 7), day(2026, 3, 25, 12)),
        # So is the quarter.
        (day(2026, 5, 15, 10), day(2026, 7, 1, 7), day(2026, 4, 1)),
        # So is the year.
        (day(2026, 5, 15, 10), day(2027, 2, 1, 7), day(2026, 1, 1)),
    ],
)
def test_what_was_over_with_a_report_of_ours_in_it_may_have_been_given_out(
    first: datetime, now: datetime, before: datetime
) -> None:
    assert service.first_counted(first, now) == before
    assert service.first_counted(first, first + timedelta(minutes=1)) == first
