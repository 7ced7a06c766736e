"""The published reports of one of our own systems, pulled into another one's database over HTTP."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from app.db import Pool, connect_pool
from app.embedded import EmbeddedPostgres
from app.importing import open311, service
from app.importing.model import Run, Tally
from app.importing.open311 import Wanted
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.reports.workflow import Act
from tests import small_world
from tests.console.reports import act
from tests.importing.lists import ground, report_of
from tests.world import World

COUNT = 24
SAID = {
    "source": "Tỉnh bên",
    "columns": {"commune": "address_id"},
    "values": {"agency": {"*": ""}, "category": {"*": "other"}},
}


@pytest_asyncio.fixture(scope="module")
async def province(postgres: EmbeddedPostgres, template: str) -> AsyncIterator[Pool]:
    """Another database, with the small world in it."""
    admin = await asyncpg.connect(postgres.url("postgres"))
    await admin.execute(f'CREATE DATABASE "t_pulled" TEMPLATE "{template}"')
    pool = await connect_pool(postgres.url("t_pulled"))
    await small_world.settle(pool)
    yield pool
    await pool.close()
    await admin.execute('DROP DATABASE "t_pulled" WITH (FORCE)')
    await admin.close()


@pytest_asyncio.fixture(scope="module")
async def published(world: World) -> list[str]:
    """Codes of reports from two hundred days; every third is in progress, every sixth was declined."""
    parts, codes = world.parts, []
    for n in range(COUNT):
        new = NewReport(
            text=f"Đèn đường thứ {n} trên đường Lý Bôn hỏng, hẻm tối om.", place=Place(9.22461, 105.178), channel="api",
            lang="vi", consent=True, category="street-light",
        )  # fmt: skip
        at = datetime.now(UTC) - timedelta(days=8 * n + 1)
        code = (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, at)).report.code
        await act(world, "coordinator", code, Act.PUBLISH)
        if n % 3 == 1:
            await act(world, "officer", code, Act.START)
        elif n % 6 == 2:
            await act(world, "coordinator", code, Act.REJECT, text="Trụ đèn này của khu dân cư tự quản lý.")
        codes.append(code)
    return codes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pulled")


async def taken(pool: Pool, address: str, folder: Path, **how: Any) -> tuple[Run, Tally]:
    wanted = Wanted(address=f"{address}/open311/v2", said=SAID, beside=folder, folder=folder, **how)
    known, names = await service.known(pool, small_world.RULES)
    requests = await open311.pulled(pool, small_world.LOOPBACK, wanted, known, names, lambda *_: None)
    done = await service.run(pool, await ground(pool, requests.name), requests, "lan", lambda *_: None)
    requests.forget()
    return done


async def test_all_that_is_published_comes_once_with_its_state_and_times(
    address: str, world: World, published: list[str], province: Pool, folder: Path
) -> None:
    run, tally = await taken(province, address, folder)
    assert (run.fresh, run.refused, tally.faults) == (COUNT, 0, [])
    theirs = await world.parts.pool.fetch("SELECT status, submitted_at, code, commune_code FROM reports ORDER BY code")
    ours = await province.fetch(
        """
        SELECT r.status, r.submitted_at, i.number AS code, r.commune_code
        FROM reports r JOIN imported_reports i USING (report_id) ORDER BY i.number
        """
    )
    assert len(ours) == COUNT
    for there, here in zip(theirs, ours, strict=True):
        assert (here["code"], here["status"], here["commune_code"]) == (
            there["code"], there["status"], there["commune_code"],
        )  # fmt: skip
        assert abs(here["submitted_at"] - there["submitted_at"]) < timedelta(seconds=1)
    assert Counter(row["status"] for row in ours) == {"assigned": 12, "in_progress": 8, "rejected": 4}
    assert {report.agency_id for report in [await report_of(province, code, "Tỉnh bên") for code in published[:3]]} == {
        "power"
    }


async def test_again_changes_nothing_and_later_brings_what_has_happened_since(
    address: str, world: World, published: list[str], province: Pool, folder: Path
) -> None:
    async with province.acquire() as conn:
        before = await small_world.written(conn)
    whole, _ = await taken(province, address, folder, again=True)
    assert (whole.same, whole.rows_done) == (COUNT, COUNT)
    await act(world, "coordinator", published[0], Act.REJECT, text="Không thuộc phạm vi phản ánh hiện trường.")
    later, _ = await taken(province, address, folder)
    assert (later.advanced, later.fresh, later.refused) == (1, 0, 0)
    assert (await report_of(province, published[0], "Tỉnh bên")).status == "rejected"
    async with province.acquire() as conn:
        after = await small_world.written(conn)
    assert after != before
