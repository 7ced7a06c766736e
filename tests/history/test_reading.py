"""Following the history: no event is skipped, however slow its transaction; none comes twice; each report in order."""

import asyncio
import random

from app.db import Conn, Pool
from app.history import service as history
from app.history import store
from app.history.model import Event, Fact, Kind, chain
from app.history.service import START, Cursor
from app.reports.model import Report, Status
from app.reports.workflow import Act
from tests import small_world as world


async def note(conn: Conn, report: Report, seq: int) -> None:
    """An event in the connection's own transaction, whatever else is going on with the report."""
    (event,) = chain(
        report.report_id, (seq - 1, bytes(32)), [Fact(Kind.NOTED)], at=world.MONDAY, actor=("system", None)
    )
    await conn.execute(f"WITH guard AS (SELECT 1), {store.append_cte(1, 'guard')} SELECT", *store.arguments([event]))


async def read_all(conn: Conn, cursor: Cursor, limit: int = 1000) -> tuple[list[Event], Cursor]:
    events: list[Event] = []
    while True:
        some, cursor = await history.read_since(conn, cursor, limit)
        if not some:
            return events, cursor
        events += some


def names(events: list[Event]) -> list[tuple[object, int]]:
    return [(event.report_id, event.seq) for event in events]


async def test_everything_is_read_once_and_then_nothing(settled: Pool) -> None:
    async with settled.acquire() as conn:
        _, before = await read_all(conn, START)
        report = await world.reach(settled, Status.IN_PROGRESS)
        events, cursor = await read_all(conn, before)
        assert names(events) == [(report.report_id, seq) for seq in (1, 2, 3)]
        assert events == await history.of_report(conn, report.report_id)
        assert await history.read_since(conn, cursor) == ([], cursor)


async def test_the_pages_together_are_the_whole_whatever_their_size(settled: Pool) -> None:
    for _ in range(5):
        await world.reach(settled, Status.AWAITING_INFO)
    async with settled.acquire() as conn:
        whole, _ = await read_all(conn, START)
        for limit in (1, 2, 3, 7):
            assert (await read_all(conn, START, limit))[0] == whole


async def test_the_event_of_a_slow_transaction_is_not_skipped_when_a_later_one_commits_first(settled: Pool) -> None:
    slow_one, quick_one = (await world.file(settled)).report, (await world.file(settled)).report
    async with settled.acquire() as reader, settled.acquire() as slow, settled.acquire() as quick:
        _, cursor = await read_all(reader, START)
        slow_work, quick_work = slow.transaction(), quick.transaction()
        await slow_work.start()
        await note(slow, slow_one, 101)
        await quick_work.start()
        await note(quick, quick_one, 101)
        await quick_work.commit()
        # The later one could be read now; then the earlier one would lie behind the cursor for ever.
        assert await history.read_since(reader, cursor) == ([], cursor)
        await slow_work.commit()
        events, cursor = await read_all(reader, cursor)
        assert names(events) == [(slow_one.report_id, 101), (quick_one.report_id, 101)]
        assert await history.read_since(reader, cursor) == ([], cursor)


async def test_a_transaction_that_is_rolled_back_holds_nothing_up_for_longer_than_it_lasts(settled: Pool) -> None:
    lost, kept = (await world.file(settled)).report, (await world.file(settled)).report
    async with settled.acquire() as reader, settled.acquire() as slow, settled.acquire() as quick:
        _, cursor = await read_all(reader, START)
        work = slow.transaction()
        await work.start()
        await note(slow, lost, 102)
        await note(quick, kept, 102)
        await work.rollback()
        events, _ = await read_all(reader, cursor)
        assert names(events) == [(kept.report_id, 102)]


async def test_writers_and_a_reader_at_once_lose_and_repeat_nothing(settled: Pool) -> None:
    reports = [await world.reach(settled, Status.IN_PROGRESS) for _ in range(6)]
    async with settled.acquire() as conn:
        _, cursor = await read_all(conn, START)
    random.seed(7)

    async def write(number: int) -> None:
        for step in range(8):
            report = random.choice(reports)
            await world.do(settled, world.CITIZEN, report, Act.ADD_INFO, text="Thêm.", client_key=f"{number} {step}")

    writers = asyncio.gather(*(write(number) for number in range(3)))
    read: list[Event] = []
    async with settled.acquire() as conn:
        while not writers.done():
            some, cursor = await history.read_since(conn, cursor, 3)
            read += some
        await writers
        read += (await read_all(conn, cursor, 3))[0]
        whole = [e for report in reports for e in await history.of_report(conn, report.report_id) if e.seq > 3]
    assert len(read) == len(set(names(read))) == 24
    assert sorted(names(read), key=str) == sorted(names(whole), key=str)
    for report in reports:
        seqs = [event.seq for event in read if event.report_id == report.report_id]
        assert seqs == sorted(seqs)


async def test_nobody_waits_for_long_work_that_writes_no_history_and_everybody_for_other_work(settled: Pool) -> None:
    async with settled.acquire() as reader, settled.acquire() as work, settled.acquire() as other:
        _, cursor = await read_all(reader, START)
        async with work.transaction():
            await history.writes_none(work)
            await work.execute("SELECT pg_current_xact_id()")
            first = (await world.file(settled)).report
            events, cursor = await read_all(reader, cursor)
            assert {event.report_id for event in events} == {first.report_id}
            async with other.transaction():
                await other.execute("SELECT pg_advisory_xact_lock_shared(1)")  # of whatever else
                await other.execute("SELECT pg_current_xact_id()")
                second = (await world.file(settled)).report
                assert await read_all(reader, cursor) == ([], cursor)
            events, cursor = await read_all(reader, cursor)
            assert {event.report_id for event in events} == {second.report_id}
        assert await read_all(reader, cursor) == ([], cursor)


async def test_a_reports_events_come_in_order_even_when_others_are_merged_into_it_meanwhile(settled: Pool) -> None:
    async with settled.acquire() as conn:
        _, cursor = await read_all(conn, START)
    original = await world.reach(settled, Status.IN_PROGRESS)
    others = [(await world.file(settled)).report for _ in range(6)]
    merges = [world.do(settled, world.COORDINATOR, each, Act.MERGE, target=original.code) for each in others]
    infos = [
        world.do(settled, world.CITIZEN, original, Act.ADD_INFO, text="Thêm.", client_key=str(number))
        for number in range(6)
    ]
    await asyncio.gather(*merges, *infos, return_exceptions=True)
    async with settled.acquire() as conn:
        events, _ = await read_all(conn, cursor)
        whole = await history.of_report(conn, original.report_id)
    assert len(whole) > 5
    assert [e.seq for e in events if e.report_id == original.report_id] == [e.seq for e in whole]


async def test_the_reader_uses_its_index(settled: Pool) -> None:
    async with settled.acquire() as conn:
        await conn.execute("SET enable_seqscan = off; SET enable_sort = off")
        plan = await conn.fetch(
            """
            EXPLAIN SELECT * FROM report_events WHERE (xid, report_id, seq) > ('5'::xid8, gen_random_uuid(), 1)
            AND xid < history_settled_before() ORDER BY xid, report_id, seq LIMIT 10
            """
        )
        await conn.execute("RESET ALL")
    assert "report_events_in_order" in "\n".join(row[0] for row in plan)
