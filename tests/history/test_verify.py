"""``audit verify`` on a real database: whole histories pass, and whatever is done to one behind our back is found."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from app.db import Conn, Pool
from app.errors import Conflict
from app.history import service as history
from app.history import store
from app.history.model import NO_HASH, Event, Fact, Kind, chain, link
from app.reports import service
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world


@pytest_asyncio.fixture
async def meddler(settled: Pool) -> AsyncIterator[Conn]:
    """A database administrator with bad intentions: the triggers are off."""
    async with settled.acquire() as conn:
        await conn.execute("ALTER TABLE report_events DISABLE TRIGGER ALL")
        yield conn
        await conn.execute("ALTER TABLE report_events ENABLE TRIGGER ALL")


async def told(pool: Pool) -> Report:
    """A report with five events and words in two of them."""
    report = await world.reach(pool, Status.AWAITING_INFO)
    return await world.do(pool, world.CITIZEN, report, Act.ADD_INFO, text="Trước nhà số 12.")


async def damage(pool: Pool, report: Report) -> list[tuple[int, str]]:
    found = [each async for each in history.verify(pool, report.code)]
    assert {each.code for each in found} <= {report.code}
    return [(each.seq, each.problem) for each in found]


# ---------------------------------------------------------------- append-only


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_events SET kind = 'noted'",
        "UPDATE report_events SET data = '{}' WHERE seq = 1",
        "DELETE FROM report_events",
        "DELETE FROM report_events WHERE seq > 1",
        "TRUNCATE report_events",
        "TRUNCATE report_events CASCADE",
        "TRUNCATE reports CASCADE",
    ],
)
async def test_the_database_refuses_to_change_or_remove_what_has_happened(settled: Pool, statement: str) -> None:
    await world.file(settled)
    async with settled.acquire() as conn:
        before = await world.written(conn)
        with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="append-only"):
            await conn.execute(statement)
        assert await world.written(conn) == before


async def test_no_two_events_have_one_place_and_none_stands_without_its_report(settled: Pool) -> None:
    report = (await world.file(settled)).report
    copy = "INSERT INTO report_events SELECT {}, seq, kind, at, actor_kind, actor_id, data, hash FROM report_events"
    async with settled.acquire() as conn:
        with pytest.raises(asyncpg.UniqueViolationError):
            await conn.execute(copy.format("report_id") + " WHERE report_id = $1", report.report_id)
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await conn.execute(copy.format("gen_random_uuid()") + " WHERE report_id = $1 AND seq = 1", report.report_id)


# ---------------------------------------------------------------- what is whole


async def test_histories_in_every_status_verify(settled: Pool) -> None:
    reports = [await world.reach(settled, status) for status in Status]
    for report in reports:
        assert await damage(settled, report) == []


async def test_all_reports_are_verified_in_batches_with_their_number_told(settled: Pool) -> None:
    async with settled.acquire() as conn:
        count = await conn.fetchval("SELECT count(*) FROM reports")
    assert count > 7
    told: list[int] = []
    assert [each async for each in history.verify(settled, None, told.append, batch=3)] == []
    assert told == [*range(3, count, 3), count]


async def test_a_code_that_nobody_has_is_nothing_to_verify(settled: Pool) -> None:
    told: list[int] = []
    assert [each async for each in history.verify(settled, "PA-0000-0000", told.append)] == []
    assert told == []


async def test_reports_that_change_while_they_are_verified_are_whole_all_the_same(settled: Pool) -> None:
    report = await world.reach(settled, Status.IN_PROGRESS)
    written = 0

    async def write() -> None:
        nonlocal written
        while written < 20:
            with contextlib.suppress(Conflict):  # the other writer may be faster ten times in a row
                await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text=f"Chi tiết {written}.")
                written += 1

    writers = asyncio.gather(write(), write())
    looks = 0
    while not writers.done():
        assert await damage(settled, report) == []
        looks += 1
    await writers
    assert looks > 1
    assert await damage(settled, report) == []


# ---------------------------------------------------------------- what is not


async def test_a_changed_event_is_found(settled: Pool, meddler: Conn) -> None:
    for column, value in (
        ("data", """'{"why": "nothing"}'"""),
        ("kind", "'rated'"),
        ("at", "at + interval '1 microsecond'"),
        ("actor_kind", "'system'"),
        ("actor_id", "gen_random_uuid()"),
        ("hash", "sha256('x')"),
    ):
        report = await told(settled)
        await meddler.execute(
            f"UPDATE report_events SET {column} = {value} WHERE report_id = $1 AND seq = 3", report.report_id
        )
        assert await damage(settled, report) == [(3, "the event was changed after it was written")], column


async def test_removed_events_are_found_wherever_they_stood(settled: Pool, meddler: Conn) -> None:
    for seq, found in (
        (1, (1, "event 1 is missing")),
        (3, (3, "event 3 is missing")),
        (6, (5, "the report says its history has 6 events and another last hash")),
    ):
        report = await told(settled)
        assert report.last_seq == 6
        await meddler.execute("DELETE FROM report_events WHERE report_id = $1 AND seq = $2", report.report_id, seq)
        assert await damage(settled, report) == [found]


async def test_a_history_that_is_gone_as_a_whole_is_found(settled: Pool, meddler: Conn) -> None:
    report = await told(settled)
    await meddler.execute("DELETE FROM report_events WHERE report_id = $1", report.report_id)
    assert await damage(settled, report) == [(0, "the report says its history has 6 events and another last hash")]


async def test_events_that_changed_places_are_found(settled: Pool, meddler: Conn) -> None:
    report = await told(settled)
    for frm, to in ((2, 99), (3, 2), (99, 3)):
        await meddler.execute(
            "UPDATE report_events SET seq = $3 WHERE report_id = $1 AND seq = $2", report.report_id, frm, to
        )
    assert await damage(settled, report) == [(2, "the event was changed after it was written")]


async def test_an_event_moved_to_another_report_is_found_in_both(settled: Pool, meddler: Conn) -> None:
    one, other = await told(settled), await told(settled)
    await meddler.execute("DELETE FROM report_events WHERE report_id = $1 AND seq = 6", other.report_id)
    await meddler.execute(
        "UPDATE report_events SET report_id = $2 WHERE report_id = $1 AND seq = 6", one.report_id, other.report_id
    )
    assert [seq for seq, _ in await damage(settled, one)] == [5]
    assert await damage(settled, other) == [(6, "the event was changed after it was written")]


async def test_an_event_added_behind_our_back_is_found_even_with_a_fitting_hash(settled: Pool, meddler: Conn) -> None:
    report = await told(settled)
    (forged,) = chain(
        report.report_id,
        (report.last_seq, report.last_hash),
        [Fact(Kind.RATED)],
        at=world.MONDAY,
        actor=("system", None),
    )
    await meddler.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        VALUES ($1, $2, 'rated', $3, 'system', '{}', $4)
        """,
        report.report_id,
        forged.seq,
        forged.at,
        forged.hash,
    )
    found = await damage(settled, report)
    assert found == [(7, "the report says its history has 6 events and another last hash")]


async def test_a_chain_reckoned_anew_after_a_change_is_found_by_the_reports_own_row(
    settled: Pool, meddler: Conn
) -> None:
    report = await told(settled)
    events = await history.of_report(meddler, report.report_id)
    previous = NO_HASH
    for event in events:
        forged = msgspec.structs.replace(event, actor_id=None) if event.seq == 3 else event
        previous = link(previous, forged)
        await meddler.execute(
            "UPDATE report_events SET actor_id = $3, hash = $4 WHERE report_id = $1 AND seq = $2",
            report.report_id,
            event.seq,
            forged.actor_id,
            previous,
        )
    assert [seq for seq, _ in await damage(settled, report)] == [6]


async def test_changed_words_are_found_and_so_are_the_first_ones(settled: Pool) -> None:
    report = await told(settled)
    async with settled.acquire() as conn:
        await conn.execute(
            "UPDATE report_messages SET body = 'Khác.' WHERE report_id = $1 AND kind = 'question'", report.report_id
        )
        assert await damage(settled, report) == [(4, "the words it refers to were changed")]
        other = await told(settled)
        await conn.execute("UPDATE reports SET body = 'Một chuyện khác.' WHERE report_id = $1", other.report_id)
    assert await damage(settled, other) == [(1, "the words it refers to were changed")]


async def test_words_that_are_gone_are_found_unless_an_erasure_is_on_record(settled: Pool) -> None:
    report = await told(settled)
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM report_messages WHERE report_id = $1 AND kind = 'question'", report.report_id)
        assert await damage(settled, report) == [(4, "the words it refers to are gone, and no erasure is on record")]
        (erased,) = chain(
            report.report_id,
            (report.last_seq, report.last_hash),
            [Fact(Kind.DATA_ERASED, by_system=True)],
            at=world.MONDAY + timedelta(days=20),
            actor=("system", None),
        )
        await conn.execute(
            """
            WITH guard AS (SELECT 1), changed AS (
                UPDATE reports SET last_seq = $9, last_hash = $10 WHERE report_id = $1
            ),
            """ + store.append_cte(1, "guard") + " SELECT",
            *store.arguments([erased]),
            erased.seq,
            erased.hash,
        )  # fmt: skip
    assert await damage(settled, report) == []


async def test_words_that_nobody_said_are_found(settled: Pool) -> None:
    report = await told(settled)
    async with settled.acquire() as conn:
        await conn.execute(
            """
            INSERT INTO report_messages (report_id, message_id, at, kind, author_kind, visibility, body)
            VALUES ($1, gen_random_uuid(), now(), 'resolution', 'staff', 'public', 'Đã xử lý.')
            """,
            report.report_id,
        )
    assert await damage(settled, report) == [(6, "there are words that the history does not know of")]


async def test_one_damaged_report_does_not_hide_another(settled: Pool, meddler: Conn) -> None:
    one, whole, other = await told(settled), await told(settled), await told(settled)
    for report in (one, other):
        await meddler.execute("DELETE FROM report_events WHERE report_id = $1 AND seq = 2", report.report_id)
    found = {each.code async for each in history.verify(settled, batch=1)}
    assert {one.code, other.code} <= found
    assert whole.code not in found


async def test_what_the_database_gives_back_hashes_the_same(settled: Pool) -> None:
    """Every kind of JSON that a fact may hold, through jsonb and back."""
    report = await service.find(settled, (await world.file(settled)).report.code)
    data = {"b": [1, None, True, "Ổ gà 😀 \u2028 \"'\\"], "a": {"y": {}, "x": []}, "": -(2**60)}
    facts = [Fact(Kind.NOTED, data), Fact(Kind.NOTED)]
    events = chain(
        report.report_id, (report.last_seq, report.last_hash), facts, at=world.MONDAY, actor=("system", None)
    )
    async with settled.acquire() as conn:
        await conn.execute(f"WITH guard AS (SELECT 1), {store.append_cte(1, 'guard')} SELECT", *store.arguments(events))
        read: list[Event] = (await history.of_report(conn, report.report_id))[-2:]
    assert read == events
