"""Importing into the database and loading from it."""

import asyncio
from pathlib import Path

import pytest
from uuid_utils.compat import uuid7

from app.db import Pool, transaction
from app.errors import Invalid
from app.places import service, store
from app.places.dataset import Commune
from tests.places.files import commune, feature, square, write

ĐẤT_MŨI = commune("Xã Đất Mũi")
NĂM_CĂN = commune("Xã Năm Căn")
TÂN_THÀNH = commune("Phường Tân Thành")


@pytest.fixture(autouse=True)
async def _no_set(pool: Pool) -> None:
    await pool.execute("DELETE FROM place_sets")


async def sets(pool: Pool) -> list[tuple[str, int, bool]]:
    rows = await pool.fetch("SELECT source, commune_count, active FROM place_sets ORDER BY set_id")
    return [tuple(row) for row in rows]


def file(folder: Path, *communes: Commune, name: str = "communes.geojson") -> Path:
    return write(folder / name, [feature(one) for one in communes])


async def test_without_an_import_the_embedded_default_is_used(pool: Pool) -> None:
    gazetteer = await service.load(pool)
    assert gazetteer is service.embedded_default()
    assert (gazetteer.set_id, gazetteer.boundary_count, len(gazetteer.communes)) == (None, 0, 3321)


async def test_after_an_import_points_inside_a_boundary_are_certain(pool: Pool, tmp_path: Path) -> None:
    report = await service.import_file(pool, file(tmp_path, ĐẤT_MŨI, NĂM_CĂN, name="biên.geojson.gz"))
    assert report.taken == 2
    assert await sets(pool) == [("biên.geojson.gz", 2, True)]
    gazetteer = await service.load(pool)
    assert (gazetteer.boundary_count, len(gazetteer.communes)) == (2, 3321)
    found = gazetteer.locate(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon)
    assert (found.commune, found.approximate) == (ĐẤT_MŨI, False)
    assert gazetteer.locate(TÂN_THÀNH.lat, TÂN_THÀNH.lon).approximate
    assert gazetteer.search("xã Đất Mũi, Cà Mau")[0].commune == ĐẤT_MŨI


async def test_what_is_read_back_is_what_was_imported(pool: Pool, tmp_path: Path) -> None:
    renamed = feature(ĐẤT_MŨI, square(8.62, 104.75, 0.03), fullName="Đặc khu Đất Mũi")
    await service.import_file(pool, write(tmp_path / "communes.geojson", [renamed, feature(NĂM_CĂN)]))
    found = (await service.load(pool)).locate(8.62, 104.75).commune
    assert found == Commune(
        ĐẤT_MŨI.code, "Đất Mũi", "Đặc khu Đất Mũi", "đặc khu", "96", "Tỉnh Cà Mau", 8.62, 104.75
    )  # fmt: skip


async def test_the_next_import_replaces_the_one_before(pool: Pool, tmp_path: Path) -> None:
    await service.import_file(pool, file(tmp_path, ĐẤT_MŨI, name="first.geojson"))
    first = await service.load(pool)
    assert await service.refreshed(pool, first) is first
    await service.import_file(pool, file(tmp_path, NĂM_CĂN, name="second.geojson"))
    second = await service.refreshed(pool, first)
    assert await sets(pool) == [("second.geojson", 1, True)]
    assert second.locate(NĂM_CĂN.lat, NĂM_CĂN.lon).approximate is False
    assert second.locate(ĐẤT_MŨI.lat, ĐẤT_MŨI.lon).approximate is True
    assert await pool.fetchval("SELECT count(*) FROM communes") == 1


async def test_a_file_that_is_refused_changes_nothing(pool: Pool, tmp_path: Path) -> None:
    await service.import_file(pool, file(tmp_path, ĐẤT_MŨI, name="good.geojson"))
    held = await service.load(pool)
    bad = tmp_path / "bad.geojson"
    bad.write_bytes(b"{")
    with pytest.raises(Invalid):
        await service.import_file(pool, bad)
    assert await sets(pool) == [("good.geojson", 1, True)]
    assert await service.refreshed(pool, held) is held


async def test_an_import_waits_for_another_and_then_replaces_it(pool: Pool, tmp_path: Path) -> None:
    async with transaction(pool) as conn:
        await store.lock_sets(conn)
        await store.insert_set(conn, uuid7(), "slow.geojson", b"", 1)
        waiting = asyncio.create_task(service.import_file(pool, file(tmp_path, ĐẤT_MŨI, name="later.geojson")))
        async with asyncio.timeout(60):
            while not await conn.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
                pass
        assert not waiting.done()
    await waiting
    assert await sets(pool) == [("later.geojson", 1, True)]


async def test_back_on_the_default_when_the_set_is_gone(pool: Pool, tmp_path: Path) -> None:
    await service.import_file(pool, file(tmp_path, ĐẤT_MŨI))
    held = await service.load(pool)
    await pool.execute("DELETE FROM place_sets")
    assert await service.refreshed(pool, held) is service.embedded_default()
    assert await service.refreshed(pool, service.embedded_default()) is service.embedded_default()
