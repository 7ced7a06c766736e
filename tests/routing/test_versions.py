"""Which version is in force, since when and why: applying, going back, taking the file."""

import asyncio

import asyncpg
import pytest

from app.db import Pool
from app.errors import Conflict, Invalid, NotFound
from app.routing import service
from app.routing.ruleset import RuleSet, load
from app.routing.versions import CHANNEL, Activation
from tests.routing.small import SMALL, changed, emptied, facts

COMMUNES = [("32002", "Phường An Xuyên"), ("32244", "Xã Phan Ngọc Hiển")]
FIRST = load(SMALL)
SECOND = load(changed(("then: {agency: roads}", "then: {agency: police}")))
THIRD = load(changed(("then: {agency: roads}", "then: {agency: power}")))


@pytest.fixture(autouse=True)
async def _first(pool: Pool) -> None:
    await emptied(pool)
    await service.install(pool, FIRST, COMMUNES, "first start", "start")


async def apply(pool: Pool, rules: RuleSet, note: str = "thử nghiệm") -> Activation:
    return await service.apply(pool, rules, note=note, by="admin", warnings=("một cảnh báo",))


async def in_force(pool: Pool) -> str:
    return (await service.active(pool)).version


async def test_before_the_first_installation_nothing_is_in_force(pool: Pool) -> None:
    await emptied(pool)
    for ask in (service.active(pool), apply(pool, SECOND)):
        with pytest.raises(NotFound) as refused:
            await ask
        assert refused.value.key == "rules.none_in_force"


async def test_what_is_applied_is_in_force_and_on_record(pool: Pool) -> None:
    done = await apply(pool, SECOND, "giao Công an")
    assert (await service.active(pool)).decide(facts()).agency_id == "police"
    assert (done.version, done.previous, done.by, done.how) == (SECOND.version, FIRST.version, "admin", "command")
    assert (done.note, done.warnings) == ("giao Công an", ("một cảnh báo",))
    log = await service.history(pool)
    assert log[0] == done
    assert [(a.version, a.how, a.note) for a in log[1:]] == [(FIRST.version, "file", "first start")]


async def test_applying_what_is_in_force_is_refused(pool: Pool) -> None:
    with pytest.raises(Conflict) as refused:
        await apply(pool, FIRST)
    assert refused.value.key == "rules.already_in_force"
    assert len(await service.history(pool)) == 1


@pytest.mark.parametrize("note", ["", "    ", "sửa", "x" * 501])
async def test_nothing_is_applied_without_saying_why(pool: Pool, note: str) -> None:
    with pytest.raises(Invalid):
        await apply(pool, SECOND, note)
    assert await in_force(pool) == FIRST.version


async def test_another_provinces_rules_are_refused(pool: Pool) -> None:
    with pytest.raises(Conflict) as refused:
        await apply(pool, load(changed(('province: "96"', 'province: "79"'))))
    assert refused.value.key == "rules.other_province"
    assert await in_force(pool) == FIRST.version


async def test_applying_puts_the_agencies_right_and_keeps_the_offices(pool: Pool) -> None:
    centre = changed(("  ioc: {", "  ioc-1022: {"), ("agency: ioc", "agency: ioc-1022"))
    await apply(pool, load(centre))
    rows = await pool.fetch("SELECT agency_id, parent_id FROM agencies WHERE active ORDER BY 1")
    assert {row["agency_id"]: row["parent_id"] for row in rows} == {
        "ioc-1022": None, "police": "ioc-1022", "power": "roads", "roads": "ioc-1022",
        "ubnd-32002": "ioc-1022", "ubnd-32244": "ioc-1022",
    }  # fmt: skip


async def test_the_record_cannot_be_changed(pool: Pool) -> None:
    for statement in ("UPDATE rule_set_activations SET note = ''", "DELETE FROM rule_set_activations"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await pool.execute(statement)


async def test_a_rollback_goes_one_step_back_and_the_next_one_further(pool: Pool) -> None:
    await apply(pool, SECOND)
    await apply(pool, THIRD)
    for wanted in (SECOND, FIRST):
        done = await service.rollback(pool, note="làm lại sau", by="admin")
        assert (done.version, done.how) == (wanted.version, "rollback")
        assert await in_force(pool) == wanted.version
    with pytest.raises(Conflict) as refused:
        await service.rollback(pool, note="nữa đi nào", by="admin")
    assert refused.value.key == "rules.nothing_before"


async def test_after_a_rollback_a_new_version_has_the_old_one_behind_it(pool: Pool) -> None:
    await apply(pool, SECOND)
    await service.rollback(pool, note="làm lại sau", by="admin")
    await apply(pool, THIRD)
    assert (await service.rollback(pool, note="làm lại sau", by="admin")).version == FIRST.version


async def test_of_two_rollbacks_at_once_each_undoes_its_own_change(pool: Pool) -> None:
    await apply(pool, SECOND)
    await apply(pool, THIRD)
    both = await asyncio.gather(
        *(service.rollback(pool, note="làm lại sau", by="admin") for _ in range(2)), return_exceptions=True
    )
    done = [one.version for one in both if isinstance(one, Activation)]
    assert all(isinstance(one, Activation | Conflict) for one in both)
    assert done in ([SECOND.version], [SECOND.version, FIRST.version], [FIRST.version, SECOND.version])
    assert await in_force(pool) == (FIRST if len(done) == 2 else SECOND).version


async def taken(pool: Pool, rules: RuleSet) -> bool:
    async with pool.acquire() as conn:
        return await service.is_taken(conn, rules)


async def test_a_command_wins_until_the_file_changes_again(pool: Pool) -> None:
    await apply(pool, SECOND)
    assert await taken(pool, FIRST)
    assert not await taken(pool, THIRD)
    await service.install(pool, THIRD, COMMUNES, "file changed", "start")
    assert await in_force(pool) == THIRD.version


async def test_a_file_that_comes_to_say_what_was_applied_counts_as_taken(pool: Pool) -> None:
    await apply(pool, SECOND)
    assert await service.install(pool, SECOND, COMMUNES, "file changed", "start") is None
    assert await taken(pool, SECOND)
    await apply(pool, THIRD)
    assert await taken(pool, SECOND)
    assert (await service.rollback(pool, note="làm lại sau", by="admin")).version == SECOND.version
    assert (await service.rollback(pool, note="làm lại sau", by="admin")).version == FIRST.version


async def test_a_version_is_found_by_its_beginning_unless_that_is_no_ones_or_everyones(pool: Pool) -> None:
    await apply(pool, SECOND)
    assert (await service.load_version(pool, SECOND.version[:6])).version == SECOND.version
    for nobody in ("", "xyz", SECOND.version + "0"):
        with pytest.raises(NotFound):
            await service.load_version(pool, nobody)


async def test_every_listener_hears_of_it_when_it_is_committed(pool: Pool, database_url: str) -> None:
    heard: asyncio.Queue[object] = asyncio.Queue()
    conn = await asyncpg.connect(database_url)
    await conn.add_listener(CHANNEL, lambda *said: heard.put_nowait(said[-1]))
    await apply(pool, SECOND)
    async with asyncio.timeout(60):
        assert await heard.get() == SECOND.version
    await conn.close()


async def test_a_change_has_the_deadlines_recomputed_and_the_first_installation_does_not(pool: Pool) -> None:
    assert await pool.fetchval("SELECT count(*) FROM pgqueuer") == 0
    await apply(pool, SECOND)
    rows = await pool.fetch("SELECT entrypoint, convert_from(payload, 'UTF8') FROM pgqueuer")
    assert [tuple(row) for row in rows] == [("recompute_deadlines", f'{{"version":"{SECOND.version}"}}')]
