"""The demo: lives that the real verbs made, none of it in the future, all of it provable."""

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio

from app import demo, settings
from app.db import Pool
from app.history import service as history
from app.reports.model import Status
from app.screens import links
from app.settings import Settings
from app.wiring import prepare

WANTED = 120
Seeded = tuple[Settings, demo.Seeded, list[tuple[int, int]]]


@pytest_asyncio.fixture(scope="module")
async def seeded(database_url: str) -> AsyncIterator[Seeded]:
    with tempfile.TemporaryDirectory(prefix="phananh-demo-") as home:
        given = settings.load(
            {"PHANANH_HOME": home, "PHANANH_DATABASE_URL": database_url, "PHANANH_NETWORKS": "127.0.0.1/32"}
        )
        await prepare(given)
        steps: list[tuple[int, int]] = []
        sown = await demo.seed_when_empty(given, lambda n, of: steps.append((n, of)), count=WANTED)
        yield given, sown, steps


async def test_every_role_gets_an_account_that_is_shown(seeded: Seeded, pool: Pool) -> None:
    roles = {row["role"] for row in await pool.fetch("SELECT DISTINCT role FROM staff")}
    assert roles == {"officer", "lead", "coordinator", "leader", "administrator"}
    accounts = seeded[1].accounts
    assert {who.split(" – ")[0].split(" / ")[1] for who, _, _ in accounts} == roles
    assert len({password for _, _, password in accounts}) == len(accounts)


async def test_a_wall_display_hangs_there_for_whoever_has_its_address(seeded: Seeded, pool: Pool) -> None:
    given, sown, _ = seeded
    token = sown.wall.removeprefix(f"{given.public_url}/wall/")
    async with pool.acquire() as conn:
        assert await links.check(conn, given.secret_key, token)


async def test_open_data_is_switched_on_and_lan_follows_her_ward_by_mail(seeded: Seeded, pool: Pool) -> None:
    assert await pool.fetchval("SELECT enabled FROM opendata_settings")
    assert await pool.fetchval("SELECT count(*) FROM followed_areas JOIN area_followers USING (follower_id)") == 2
    assert await pool.fetchval("SELECT count(*) FROM follow_requests") == 0, "confirmed"


async def test_reports_are_many_varied_and_have_photos(seeded: Seeded, pool: Pool) -> None:
    assert await pool.fetchval("SELECT count(*) FROM reports") == WANTED
    statuses = {row["status"] for row in await pool.fetch("SELECT DISTINCT status FROM reports")}
    assert statuses >= {Status.ASSIGNED, Status.IN_PROGRESS, Status.CLOSED}
    assert len(statuses) >= 5
    assert await pool.fetchval("SELECT count(DISTINCT commune_code) FROM reports") > 30
    assert await pool.fetchval("SELECT count(DISTINCT category) FROM reports") > 30
    stages = {row["stage"] for row in await pool.fetch("SELECT DISTINCT stage FROM report_photos")}
    assert {"before", "after"} <= stages


async def test_a_power_company_and_a_receiver_that_the_simulator_plays_are_connected(
    seeded: Seeded, pool: Pool
) -> None:
    row = await pool.fetchrow("SELECT url, active, api_key IS NOT NULL AS has_key FROM partners")
    assert row is not None
    assert (row["url"], row["active"], row["has_key"]) == (f"{seeded[0].simulator_url}/partner/v2", True, True)
    assert await pool.fetchval("SELECT state FROM webhooks") == "active"


async def test_neighbours_join_some_of_them_and_are_not_written_to(seeded: Seeded, pool: Pool) -> None:
    joined = await pool.fetchval("SELECT count(DISTINCT report_id) FROM report_messages WHERE kind = 'voice'")
    assert 1 <= joined < WANTED / 2
    assert await pool.fetchval("SELECT count(*) FROM channel_identities WHERE unreachable_since IS NULL") == 0


async def test_nothing_lies_in_the_future(seeded: Seeded, pool: Pool) -> None:
    assert await pool.fetchval("SELECT max(at) FROM report_events") <= datetime.now(UTC)


async def test_the_history_of_every_report_verifies(seeded: Seeded, pool: Pool) -> None:
    assert [damage async for damage in history.verify(pool)] == []


async def test_progress_is_told_to_the_last(seeded: Seeded) -> None:
    _, _, steps = seeded
    assert steps[0] == (0, WANTED)
    assert steps[-1] == (WANTED, WANTED)


async def test_a_second_time_nothing_is_sown(seeded: Seeded, pool: Pool) -> None:
    given, _, _ = seeded
    assert await demo.seed_when_empty(given, lambda *_: None) == demo.Seeded()
    assert await pool.fetchval("SELECT count(*) FROM reports") == WANTED
    await demo.seed(given, 5, lambda *_: None)
    assert await pool.fetchval("SELECT count(*) FROM reports") == WANTED + 5
