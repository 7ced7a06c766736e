"""What the wall shows."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.db import Pool
from app.photos import store as photo_store
from app.places.geo import distance_m
from app.reports.model import Place, Status
from app.reports.workflow import Act
from app.screens import board
from app.screens.board import GRID_M
from app.stats.projection import catch_up
from tests.small_world import AN_XUYEN, COORDINATOR, HERE, OFFICER, do, file, photo, reach

AT = (9.22713, 105.17655)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


async def test_today_is_counted_and_held_against_yesterday(settled: Pool, now: datetime) -> None:
    async with settled.acquire() as conn:
        before, _ = await board.today(conn, now)
        report = (await file(settled, at=now)).report
        await file(settled, at=now - timedelta(days=1, minutes=5))
        await catch_up(settled)
        later = datetime.now(UTC)
        after, read_at = await board.today(conn, later)
    assert report.submitted_at == now
    assert (after.received, after.open) == (before.received + 1, before.open + 2)
    assert read_at > now


async def test_a_dot_is_the_middle_of_a_square_and_not_the_place(settled: Pool, now: datetime) -> None:
    await file(settled, at=now, place=Place(*AT, "12 Lý Bôn"))
    await file(settled, at=now, place=Place(AT[0] + 0.0001, AT[1] + 0.0001, "14 Lý Bôn"))
    async with settled.acquire() as conn:
        one, other, *_ = await board.pins(conn, now)
    assert one.lat is not None
    assert one.lon is not None
    assert (one.lat, one.lon) == (other.lat, other.lon) != AT
    assert distance_m(one.lat, one.lon, *AT) <= GRID_M * 0.75
    assert one.commune == AN_XUYEN


async def test_private_reports_have_no_dot(settled: Pool, now: datetime) -> None:
    before = datetime.now(UTC)
    await file(settled, at=before, category="noise", place=Place(*HERE))
    async with settled.acquire() as conn:
        assert "noise" not in {pin.category for pin in await board.pins(conn, now)}


async def test_few_results_say_nothing_about_an_agency(settled: Pool) -> None:
    report = await reach(settled, Status.RESOLVED)
    await catch_up(settled)
    async with settled.acquire() as conn:
        assert await board.late(conn, report.updated_at + timedelta(days=1)) == ()


async def test_only_what_was_published_is_shown_and_of_it_the_public_copies(settled: Pool) -> None:
    report = await reach(settled, Status.IN_PROGRESS)
    before, after = await photo(settled, 71), await photo(settled, 72)
    async with settled.acquire() as conn:
        await conn.execute(
            """
            INSERT INTO report_photos (report_id, photo_id, sha256, stage, at, added_by)
            VALUES ($1, $2, $3, 'before', $4, 'citizen')
            """,
            report.report_id,
            UUID(int=71),
            bytes.fromhex(before.sha256),
            report.submitted_at,
        )
        report = await do(settled, OFFICER, report, Act.RESOLVE, text="Đã vá.", photos=(after,))
        at = report.updated_at + timedelta(hours=2)
        assert await board.shown(conn, at) == ()
        report = await do(settled, COORDINATOR, report, Act.PUBLISH)
        [shown] = await board.shown(conn, at + timedelta(hours=2))
        assert (shown.before, shown.after, shown.agency) == (before.sha256, after.sha256, "roads")
        covered = await photo(settled, 73)
        await photo_store.touch_blob(conn, covered)
        await conn.execute(
            "INSERT INTO public_photos VALUES ($1, $2, $3, '[]', $4, now())",
            report.report_id,
            UUID(int=71),
            bytes.fromhex(covered.sha256),
            COORDINATOR.id,
        )
        [shown] = await board.shown(conn, at + timedelta(hours=2))
        assert shown.before == covered.sha256
        await conn.execute("UPDATE public_photos SET sha256 = NULL WHERE report_id = $1", report.report_id)
        assert await board.shown(conn, at + timedelta(hours=2)) == ()


async def test_the_trend_has_fourteen_days_and_ends_today(settled: Pool, now: datetime) -> None:
    await file(settled, at=now - timedelta(days=3))
    await catch_up(settled)
    async with settled.acquire() as conn:
        days = await board.days(conn, now)
    assert len(days) == board.DAYS
    assert days[-4].received == 1
    assert (days[-1].day - days[0].day).days == 13


async def test_midnight_sharp_is_a_time_like_any_other(settled: Pool) -> None:
    midnight = datetime(2026, 3, 3, 17, tzinfo=UTC)
    async with settled.acquire() as conn:
        today, _ = await board.today(conn, midnight)
        assert (today.received, today.on_time) == (0, None)
        assert len(await board.days(conn, midnight)) == board.DAYS
