"""Sending one message of the ledger: once, whatever happens, and the ledger says what became of it."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import pytest
import pytest_asyncio
from pgqueuer import DatabaseRetryEntrypointExecutor, PgQueuer, RetryRequested
from pgqueuer.models import Job
from pgqueuer.types import QueueExecutionMode

from app.accounts import citizens
from app.db import Pool
from app.history import service as history
from app.notify import attempts
from app.notify import service as notify
from app.notify.model import Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.notify.store import Key
from app.reports.model import Report
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import Post, deliver_all, keys, ledger, objects, tell_all


class Message:
    """One message that waits to be sent to one person."""

    def __init__(self, pool: Pool, folder: Path, report: Report, key: Key, person: str) -> None:
        self.pool, self.folder, self.report, self.key, self.person = pool, folder, report, key, person

    async def deliver(self, post: Post, channel: str = "telegram") -> None:
        await notify.deliver(self.pool, objects(self.folder), {channel: post}, self.key)

    async def entry(self) -> tuple[str, int, str | None]:
        """Status, attempts, reason."""
        ((_, status, attempts, reason),) = await ledger(self.pool, self.report)
        return status, attempts, reason


@pytest_asyncio.fixture
async def message(settled: Pool, tmp_path: Path, request: pytest.FixtureRequest) -> Message:
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM pgqueuer")
    person = request.node.name[:60]
    report = (await world.file(settled, citizen_id=await world.chat(settled, person))).report
    report = await world.do(settled, world.OFFICER, report, Act.START)
    assert await tell_all(settled) == 1
    (key,) = await keys(settled)
    return Message(settled, tmp_path, report, key, person)


async def test_a_message_is_sent_once_and_its_reference_kept(message: Message) -> None:
    post = Post()
    for _ in range(3):
        await message.deliver(post)
    assert post.calls == 1
    assert len(post.texts(message.person)) == 1
    assert await message.entry() == ("sent", 1, None)
    async with message.pool.acquire() as conn:
        ref = await conn.fetchval(
            "SELECT provider_ref FROM notifications WHERE report_id = $1", message.report.report_id
        )
    assert ref == "ref-1"


async def test_a_message_costs_two_writing_statements(message: Message, database_url: str) -> None:
    async with world.counting(database_url) as (pool, statements):
        await notify.deliver(pool, objects(message.folder), {"telegram": Post()}, message.key)
        writing = [sql for sql in await world.counted(statements) if "UPDATE" in sql or "INSERT" in sql]
    assert len(writing) == 2


async def test_a_message_that_nobody_entered_is_nothing_to_send(message: Message) -> None:
    post = Post()
    report_id, seq, recipient, channel = message.key
    await notify.deliver(
        message.pool, objects(message.folder), {"telegram": post}, (report_id, seq + 1, recipient, channel)
    )
    assert post.calls == 0


async def test_two_workers_at_once_send_it_once(message: Message) -> None:
    post = Post()
    await asyncio.gather(*(message.deliver(post) for _ in range(6)))
    assert post.calls == 1
    assert await message.entry() == ("sent", 1, None)


# ---------------------------------------------------------------- what the channel may say


async def test_somebody_unreachable_is_remembered_and_nothing_more_is_sent_there(message: Message) -> None:
    await message.deliver(Post(Unreachable("blocked by the user")))
    assert await message.entry() == ("unreachable", 1, "blocked by the user")
    report = await world.do(message.pool, world.OFFICER, message.report, Act.PROGRESS, text="Đang làm.")
    post = Post()
    await deliver_all(message.pool, post, message.folder)
    assert post.calls == 0
    assert (await ledger(message.pool, report))[-1] == ("progress", "unreachable", 0, "known to be unreachable")


async def test_somebody_who_writes_again_can_be_reached_again(message: Message) -> None:
    await message.deliver(Post(Unreachable("blocked by the user")))
    await world.chat(message.pool, message.person)
    await world.do(message.pool, world.OFFICER, message.report, Act.PROGRESS, text="Đang làm.")
    post = Post()
    await deliver_all(message.pool, post, message.folder)
    assert len(post.texts(message.person)) == 1


@pytest.mark.parametrize(
    ("failure", "status"),
    [(Refused("message too long"), "failed"), (Uncertain("connection lost"), "uncertain"), (SendFailed("?"), "failed")],
)
async def test_what_is_final_is_not_sent_again(message: Message, failure: SendFailed, status: str) -> None:
    post = Post(failure)
    for _ in range(2):
        await message.deliver(post)
    assert post.calls == 1
    assert await message.entry() == (status, 1, failure.reason)


async def test_what_may_work_later_is_tried_again_when_the_channel_says(message: Message) -> None:
    post = Post(TryLater("too many requests", 17.0))
    with pytest.raises(RetryRequested) as later:
        await message.deliver(post)
    assert later.value.delay == timedelta(seconds=17)
    assert await message.entry() == ("queued", 1, "too many requests")
    await message.deliver(post)
    assert await message.entry() == ("sent", 2, None)
    assert len(post.texts(message.person)) == 1


async def test_the_wait_doubles_up_to_an_hour_and_then_it_is_given_up(message: Message) -> None:
    post = Post(*(TryLater("server error", 0.0) for _ in range(attempts.MAX_ATTEMPTS)))
    waits = []
    for _ in range(attempts.MAX_ATTEMPTS - 1):
        with pytest.raises(RetryRequested) as later:
            await message.deliver(post)
        waits.append(later.value.delay.total_seconds())
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == waits[-1] == 3600
    assert sum(waits) > 12 * 3600
    await message.deliver(post)
    assert await message.entry() == ("failed", attempts.MAX_ATTEMPTS, "server error")
    await message.deliver(post)
    assert post.calls == attempts.MAX_ATTEMPTS


async def test_a_channel_that_is_not_there_is_a_failure_not_a_dead_person(message: Message) -> None:
    await message.deliver(Post(), channel="zalo_oa")
    assert await message.entry() == ("failed", 0, "no such channel here")


# ---------------------------------------------------------------- when we die


async def test_a_worker_that_died_in_the_call_leaves_a_message_that_is_not_sent_again(message: Message) -> None:
    post = Post()
    post.gate.clear()
    call = asyncio.create_task(message.deliver(post))
    await post.called.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert (await message.entry())[0] == "sending"
    again = Post()
    await message.deliver(again)
    assert again.calls == 0
    assert await message.entry() == ("uncertain", 1, "interrupted while sending")


async def test_a_sender_that_breaks_in_an_unknown_way_is_not_asked_again(message: Message) -> None:
    with pytest.raises(ZeroDivisionError):
        await message.deliver(Post(ZeroDivisionError()))
    await message.deliver(Post())
    assert (await message.entry())[0] == "uncertain"


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (None, "sent"),
        (Refused("no"), "failed"),
        (Unreachable("gone"), "unreachable"),
        (TryLater("busy", 1.0), "uncertain"),
    ],
)
async def test_a_worker_taken_for_dead_still_says_what_became_of_it(
    message: Message, trouble: SendFailed | None, status: str
) -> None:
    """Another one comes by during the call and writes 'uncertain'. What would be sent again then is left at that."""
    post = Post(*([trouble] if trouble else []))
    post.gate.clear()
    call = asyncio.create_task(message.deliver(post))
    await post.called.wait()
    await message.deliver(post)
    assert (await message.entry())[0] == "uncertain"
    post.gate.set()
    await call
    assert (await message.entry())[0] == status
    assert post.calls == 1


async def test_a_photo_store_that_is_slow_holds_no_connection(message: Message, database_url: str) -> None:
    """With a single connection in the pool, the channel can be waited for while others use it."""
    post = Post()
    post.gate.clear()
    async with world.counting(database_url) as (pool, _):
        call = asyncio.create_task(notify.deliver(pool, objects(message.folder), {"telegram": post}, message.key))
        await post.called.wait()
        async with asyncio.timeout(60):
            assert await pool.fetchval("SELECT 1") == 1
        post.gate.set()
        await call
    assert (await message.entry())[0] == "sent"


# ---------------------------------------------------------------- through the real queue


async def test_the_queue_brings_a_message_back_until_it_is_delivered(
    settled: Pool, database_url: str, tmp_path: Path
) -> None:
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM pgqueuer")
    person = await world.chat(settled, "through the queue")
    report = (await world.file(settled, citizen_id=person)).report
    report = await world.do(settled, world.OFFICER, report, Act.START)
    post = Post(TryLater("too many requests", 0.05), TryLater("bad gateway", 0.0))
    async with asyncpg.create_pool(database_url, min_size=2, max_size=4) as plain:
        queue = PgQueuer.from_asyncpg_pool(plain)

        @queue.entrypoint("tell", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
        async def tell(job: Job) -> None:
            wanted = msgspec.json.decode(job.payload or b"")
            await notify.tell(settled, UUID(wanted["report_id"]), wanted["first"], wanted["last"])

        @queue.entrypoint("deliver", executor_factory=DatabaseRetryEntrypointExecutor, on_failure="hold")
        async def deliver(job: Job) -> None:
            wanted = msgspec.json.decode(job.payload or b"")
            key = (UUID(wanted["report_id"]), wanted["seq"], wanted["recipient"], wanted["channel"])
            await notify.deliver(settled, objects(tmp_path), {"telegram": post}, key)

        # A job that comes back rings no bell: how soon it is seen is up to this.
        often = timedelta(milliseconds=50)
        await queue.qm.run(often, mode=QueueExecutionMode.drain, log_aggregation_interval=timedelta(0))
    assert await ledger(settled, report) == [("started", "sent", 3, None)]
    assert len(post.texts("through the queue")) == 1
    async with settled.acquire() as conn:
        assert await conn.fetchval("SELECT count(*) FROM pgqueuer") == 0


# ---------------------------------------------------------------- the ledger


async def test_the_ledger_names_nobody(message: Message) -> None:
    await message.deliver(Post())
    async with message.pool.acquire() as conn:
        (row,) = await notify.ledger(conn, message.report.report_id)
        events = await history.of_report(conn, message.report.report_id)
    assert message.person not in str(row)
    shown = "seq channel template status attempts reason to_staff created_at updated_at"
    assert set(row) == set(shown.split())
    assert row["seq"] == events[-1].seq


async def test_the_counts_are_of_the_last_day(message: Message) -> None:
    async with message.pool.acquire() as conn:
        before = await notify.counts(conn)
        await message.deliver(Post())
        after = await notify.counts(conn)
        assert after["sent"] == before.get("sent", 0) + 1
        await conn.execute("UPDATE notifications SET updated_at = now() - interval '25 hours'")
        assert await notify.counts(conn) == {}


async def test_an_address_marked_unreachable_keeps_its_first_reason(message: Message) -> None:
    async with message.pool.acquire() as conn:
        for reason in ("blocked", "deactivated"):
            await citizens.unreachable(conn, "telegram", message.person, reason)
        kept = await conn.fetchval(
            "SELECT unreachable_reason FROM channel_identities WHERE channel_user_id = $1", message.person
        )
    assert kept == "blocked"
