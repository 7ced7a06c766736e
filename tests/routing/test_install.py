"""Rule sets and their agencies in a real database."""

import asyncio

import asyncpg
import pytest

from app.db import Conn, Pool
from app.errors import NotFound
from app.routing import service
from app.routing.ruleset import load
from tests.routing.small import SMALL, changed, emptied, facts

COMMUNES = [("32002", "Phường An Xuyên"), ("32244", "Xã Phan Ngọc Hiển")]


async def agencies(conn: Conn) -> dict[str, asyncpg.Record]:
    rows = await conn.fetch("SELECT * FROM agencies")
    return {row["agency_id"]: row for row in rows}


@pytest.fixture(autouse=True)
async def _empty(pool: Pool) -> None:
    await emptied(pool)


async def test_installing_makes_agencies_and_an_office_for_each_commune(pool: Pool) -> None:
    await service.install(pool, load(SMALL), COMMUNES, "first", "admin")
    async with pool.acquire() as conn:
        found = await agencies(conn)
    assert set(found) == {"ioc", "roads", "power", "police", "ubnd-32002", "ubnd-32244"}
    assert found["ioc"]["parent_id"] is None
    assert found["power"]["parent_id"] == "roads"
    assert found["police"]["parent_id"] == "ioc"
    office = found["ubnd-32002"]
    assert (office["kind"], office["parent_id"], office["commune_code"]) == ("commune_office", "ioc", "32002")
    assert (office["name"], office["name_en"]) == ("UBND phường An Xuyên", "People's Committee of Phường An Xuyên")
    assert all(row["active"] for row in found.values())


async def test_the_version_is_kept_with_who_and_why_and_found_again(pool: Pool) -> None:
    rules = load(SMALL)
    await service.install(pool, rules, COMMUNES, "first", "admin")
    row = await pool.fetchrow("SELECT * FROM rule_sets")
    assert row is not None
    assert (row["version"], row["source"], row["note"], row["applied_by"]) == (rules.version, SMALL, "first", "admin")
    again = await service.load_version(pool, rules.version)
    assert again.version == rules.version
    assert again.decide(facts()).agency_id == rules.decide(facts()).agency_id


async def test_a_version_that_was_never_installed_is_not_found(pool: Pool) -> None:
    with pytest.raises(NotFound):
        await service.load_version(pool, "0123456789abcdef")


async def test_installing_twice_changes_nothing(pool: Pool) -> None:
    rules = load(SMALL)
    await service.install(pool, rules, COMMUNES, "first", "admin")
    before = await pool.fetch("SELECT xmin::text, * FROM agencies ORDER BY agency_id")
    await service.install(pool, rules, COMMUNES, "second", "somebody")
    assert await pool.fetch("SELECT xmin::text, * FROM agencies ORDER BY agency_id") == before
    assert await pool.fetchval("SELECT string_agg(note, ',') FROM rule_sets") == "first"


async def test_an_agency_that_left_the_file_becomes_inactive_and_comes_back(pool: Pool) -> None:
    without_police = changed(("  police: {kind: security, name: Công an tỉnh, name_en: Police}\n", ""))
    await service.install(pool, load(SMALL), COMMUNES, "", "")
    await service.install(pool, load(without_police), COMMUNES[:1], "", "")
    async with pool.acquire() as conn:
        found = await agencies(conn)
    assert {agency_id for agency_id, row in found.items() if not row["active"]} == {"police", "ubnd-32244"}
    await service.install(pool, load(SMALL), COMMUNES, "", "")
    assert await pool.fetchval("SELECT count(*) FROM agencies WHERE active") == 6


async def test_a_changed_agency_is_changed_in_place(pool: Pool) -> None:
    await service.install(pool, load(SMALL), COMMUNES, "", "")
    renamed = changed(("parent: roads, name: Điện lực,", "name: Công ty Điện lực,"))
    await service.install(pool, load(renamed), COMMUNES, "", "")
    row = await pool.fetchrow("SELECT name, parent_id FROM agencies WHERE agency_id = 'power'")
    assert row is not None
    assert tuple(row) == ("Công ty Điện lực", "ioc")
    assert await pool.fetchval("SELECT count(*) FROM rule_sets") == 2


async def test_processes_that_start_together_do_not_disturb_each_other(pool: Pool) -> None:
    one, other = load(SMALL), load(changed(("name: Sở Xây dựng", "name: Sở Giao thông")))
    await asyncio.gather(*(service.install(pool, rules, COMMUNES, "", "") for rules in (one, other) * 4))
    assert await pool.fetchval("SELECT count(*) FROM agencies") == 6
    assert await pool.fetchval("SELECT count(*) FROM rule_sets") == 2
