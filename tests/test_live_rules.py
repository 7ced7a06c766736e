"""New rules reach processes that run, without a restart and without disturbing what is being worked on."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from pgqueuer import PgQueuer
from pgqueuer.types import QueueExecutionMode

from app import settings as configuration
from app.accounts.model import SYSTEM
from app.db import Pool, wakeups
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.routing import service as routing
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet, load
from app.settings import Settings
from app.watchwords import service as watchwords
from app.wiring import Parts, open_parts, prepare
from app.worker.reports import register
from app.worker.taking import Means
from tests.routing.small import SMALL, changed, emptied, facts

AT_ONCE = 1.0
"""Seconds within which every process decides by the new version."""
TO_POLICE = load(changed(("then: {agency: roads}", "then: {agency: police}")))
TO_POWER = load(changed(("then: {agency: roads}", "then: {agency: power}")))

_PROCESS = """
import asyncio, time
from app import settings
from app.wiring import open_parts
from tests.routing.small import facts

async def main():
    async with open_parts(settings.load()) as parts:
        said = ""
        while True:
            if (agency := parts.rules.decide(facts()).agency_id) != said:
                said = agency
                print('decides:', agency, time.time(), flush=True)
            await asyncio.sleep(0.01)

asyncio.run(main())
"""


@pytest.fixture
def env(database_url: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "rules.yaml").write_text(SMALL, encoding="utf-8")
    return {
        "PHANANH_DATABASE_URL": database_url,
        "PHANANH_DATABASE_POOL": "2",
        "PHANANH_HOME": str(tmp_path),
        "PHANANH_RULES": str(tmp_path / "rules.yaml"),
        "PHANANH_SECRET_KEY": "k" * 40,
    }


@pytest_asyncio.fixture
async def settings(pool: Pool, env: dict[str, str]) -> Settings:
    """A prepared database in which the small rules are in force."""
    await emptied(pool)
    settings = configuration.load(env)
    await prepare(settings)
    return settings


@pytest_asyncio.fixture
async def two(settings: Settings) -> AsyncIterator[list[Parts]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_parts(settings)) for _ in range(2)]


async def until(parts: Parts, rules: RuleSet, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while parts.rules.version != rules.version:  # noqa: ASYNC110  # nobody tells when a field is replaced
            await asyncio.sleep(0.005)


async def test_two_processes_decide_by_what_was_applied_within_a_second(
    settings: Settings, env: dict[str, str], pool: Pool
) -> None:
    async with AsyncExitStack() as stack:
        processes: list[Process] = []
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _PROCESS, env=env | {"PATH": os.environ.get("PATH", "")}, stdout=PIPE
            )
            stack.push_async_callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)

        async def said(process: Process) -> tuple[str, float]:
            assert process.stdout
            line = b""
            async with asyncio.timeout(60):
                while not line.startswith(b"decides:"):  # not a line of the log
                    line = await process.stdout.readline()
                    assert line
            _, agency, at = line.decode().split()
            return agency, float(at)

        assert [(await said(process))[0] for process in processes] == ["roads", "roads"]
        for rules, agency in ((TO_POLICE, "police"), (TO_POWER, "power")):
            began = time.time()
            await routing.apply(pool, rules, note="đổi cơ quan", by="admin")
            heard = [await said(process) for process in processes]
            assert [name for name, _ in heard] == [agency, agency]
            assert max(at for _, at in heard) - began < AT_ONCE
        began = time.time()
        await routing.rollback(pool, note="quay lại", by="admin")
        heard = [await said(process) for process in processes]
        assert [name for name, _ in heard] == ["police", "police"]
        assert max(at for _, at in heard) - began < AT_ONCE


async def test_what_is_being_worked_on_finishes_by_the_rules_it_began_with(two: list[Parts], pool: Pool) -> None:
    begun = [parts.rules for parts in two]
    await routing.apply(pool, TO_POLICE, note="đổi cơ quan", by="admin")
    await asyncio.gather(*(until(parts, TO_POLICE) for parts in two))
    assert {rules.decide(facts()).agency_id for rules in begun} == {"roads"}
    assert {parts.rules.decide(facts()).agency_id for parts in two} == {"police"}


_LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"


async def listening(pool: Pool, number: int) -> None:
    async with asyncio.timeout(60):
        while await pool.fetchval(f"SELECT count(*) {_LISTENING}") != number:  # noqa: ASYNC110  # the server's business
            await asyncio.sleep(0.01)


async def test_a_lost_connection_is_made_again_and_nothing_is_missed_meanwhile(two: list[Parts], pool: Pool) -> None:
    await listening(pool, 2)
    await pool.fetch(f"SELECT pg_terminate_backend(pid) {_LISTENING}")
    await routing.apply(pool, TO_POLICE, note="đổi cơ quan", by="admin")
    await asyncio.gather(*(until(parts, TO_POLICE) for parts in two))
    await listening(pool, 2)
    await routing.apply(pool, TO_POWER, note="đổi cơ quan", by="admin")
    await asyncio.gather(*(until(parts, TO_POWER, AT_ONCE) for parts in two))


async def test_without_a_connection_to_listen_on_the_beat_goes_on() -> None:
    async with asyncio.timeout(60), aclosing(wakeups("postgresql://127.0.0.1:1/nobody", "x", 60)) as beats:
        await anext(beats)
        await anext(beats)


async def test_rules_that_cannot_be_read_here_change_nothing(two: list[Parts], pool: Pool) -> None:
    async def put(source: str, version: str) -> None:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("UPDATE rule_sets SET active = false")
            await conn.execute("INSERT INTO rule_sets (version, source, active) VALUES ($1, $2, true)", version, source)
            await conn.execute("NOTIFY phananh_rules")

    before = [parts.rules for parts in two]
    await put("province: [", "from-the-future")
    with pytest.raises(RulesError):
        await routing.active(pool)
    await put(TO_POLICE.source, TO_POLICE.version)
    await asyncio.gather(*(until(parts, TO_POLICE) for parts in two))
    assert all(rules.version == load(SMALL).version for rules in before)


async def test_the_worker_reckons_deadlines_again_after_each_change(
    two: list[Parts], pool: Pool, tmp_path: Path
) -> None:
    parts = two[0]
    place = Place(9.22461, 105.178)
    new = NewReport(
        text="Mặt đường nhiều ổ gà.", place=place, channel="api", lang="vi", consent=True, category="pothole"
    )
    filed = (await file_report(pool, parts.rules, parts.gazetteer, b"k" * 40, new)).report
    slower = load(changed(("normal: 5 working days", "normal: 9 working days")))
    await routing.apply(pool, slower, note="thêm thời hạn", by="admin")
    await pool.execute("UPDATE pgqueuer SET execute_after = now()")
    assert parts.settings.database_url
    async with asyncpg.create_pool(parts.settings.database_url, min_size=2, max_size=4) as plain:
        queue = PgQueuer.from_asyncpg_pool(plain)
        register(queue, Means(parts, {}, {}))
        often = timedelta(milliseconds=100)
        await queue.qm.run(often, mode=QueueExecutionMode.drain, log_aggregation_interval=timedelta(0))
    async with pool.acquire() as conn:
        report = await reports.get(conn, filed.report_id)
    assert report.handling == "9 working days"
    assert report.due_at == slower.calendar.add_working_days(filed.submitted_at, 9)


async def version_after_start(settings: Settings, pool: Pool, *, take_file: bool) -> str:
    await prepare(settings, take_file=take_file)
    return (await routing.active(pool)).version


async def test_a_changed_file_comes_into_force_only_where_it_is_asked_for(settings: Settings, pool: Pool) -> None:
    settings.rules.write_text(TO_POLICE.source, encoding="utf-8")
    assert await version_after_start(settings, pool, take_file=False) == load(SMALL).version
    assert await version_after_start(settings, pool, take_file=True) == TO_POLICE.version
    assert [(a.how, a.note) for a in await routing.history(pool)] == [("file", "file changed"), ("file", "first start")]


async def test_what_was_applied_survives_a_start_with_the_old_file(settings: Settings, pool: Pool) -> None:
    await routing.apply(pool, TO_POWER, note="đổi cơ quan", by="admin")
    assert await version_after_start(settings, pool, take_file=True) == TO_POWER.version


async def test_a_broken_file_stops_whoever_would_take_it_and_nobody_else(settings: Settings, pool: Pool) -> None:
    settings.rules.write_text("province: [", encoding="utf-8")
    assert await version_after_start(settings, pool, take_file=False) == load(SMALL).version
    with pytest.raises(RulesError):
        await prepare(settings, take_file=True)


async def test_nobody_listens_any_more_once_the_parts_are_closed(settings: Settings, pool: Pool) -> None:
    async with open_parts(settings):
        await listening(pool, 1)
    await listening(pool, 0)


async def test_a_new_word_to_look_at_reaches_every_process(two: list[Parts], pool: Pool) -> None:
    await watchwords.add(pool, SYSTEM, "khùng", "Xúc phạm người khác.", "test")
    async with asyncio.timeout(60):
        while any(parts.words.words != ("khùng",) for parts in two):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.005)
