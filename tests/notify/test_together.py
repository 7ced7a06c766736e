"""A flood becomes one message, the night waits for the morning, the muted are left alone, and the ledger says so for
each row; whatever dies or fails in between."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pgqueuer import RetryRequested

from app.accounts import citizens
from app.accounts.model import SYSTEM
from app.db import Pool
from app.notify import service as notify
from app.notify.manners import ZONE, Quiet
from app.notify.model import Refused, Senders, SendFailed, TryLater, Uncertain, Unreachable
from app.notify.store import Key
from app.reports import following, service
from app.reports.model import Report
from app.reports.workflow import Act
from tests import small_world as world
from tests.notify.post import Post, keys, ledger, objects, tell_all


class Street:
    """Lan with several reports, each of which an officer has begun to work on: that many messages wait for her."""

    def __init__(self, pool: Pool, folder: Path) -> None:
        self.pool, self.folder, self.post = pool, folder, Post()
        self.reports: list[Report] = []
        self.keys: list[Key] = []

    async def start(self, count: int) -> None:
        lan = await world.chat(self.pool, "lan")
        for _ in range(count):
            report = (await world.file(self.pool, citizen_id=lan)).report
            self.reports.append(await world.do(self.pool, world.OFFICER, report, Act.START))
        await self.tell()

    async def tell(self) -> None:
        await tell_all(self.pool)
        self.keys += await keys(self.pool)

    async def deliver(self, number: int, post: Post | None = None, **how: Any) -> None:
        senders: Senders = dict.fromkeys(("telegram", "zalo_bot"), post or self.post)
        await notify.deliver(self.pool, objects(self.folder), senders, self.keys[number], **how)

    async def rows(self) -> list[tuple[str, int, bool]]:
        """Status, attempts, and whether in a digest, of each message in the order of the keys."""
        async with self.pool.acquire() as conn:
            found = await conn.fetch("SELECT * FROM notifications WHERE recipient LIKE 'citizen:%'")
        by_key = {(r["report_id"], r["seq"], r["recipient"], r["channel"]): r for r in found}
        return [(by_key[k]["status"], by_key[k]["attempts"], by_key[k]["digest"] is not None) for k in self.keys]


@pytest_asyncio.fixture
async def street(settled: Pool, tmp_path: Path) -> Street:
    async with settled.acquire() as conn:
        await conn.execute("DELETE FROM pgqueuer")
        await conn.execute("TRUNCATE notifications, report_mutes")
        await conn.execute("UPDATE citizens SET muted_at = NULL")
        await conn.execute("UPDATE channel_identities SET channel_user_id = channel_user_id || gen_random_uuid()")
    return Street(settled, tmp_path)


# ---------------------------------------------------------------- a flood


async def test_many_at_once_are_one_message_and_the_ledger_says_so_for_each(street: Street) -> None:
    await street.start(5)
    for number in range(5):
        await street.deliver(number)
    (text,) = street.post.texts("lan")
    assert all(report.code in text for report in street.reports)
    assert [row[0].data for row in street.post.boxes["lan"][0].buttons] == [f"t1|{r.code}" for r in street.reports]
    assert await street.rows() == [("sent", 1, True)] * 5


async def test_a_few_come_one_by_one(street: Street) -> None:
    await street.start(3)
    for number in range(3):
        await street.deliver(number)
    assert len(street.post.texts("lan")) == 3
    assert await street.rows() == [("sent", 1, False)] * 3


async def test_after_a_few_the_rest_waits_and_then_comes_together(street: Street) -> None:
    await street.start(3)
    for number in range(3):
        await street.deliver(number)
    await street.start(2)
    for number in (3, 4):
        with pytest.raises(RetryRequested) as later:
            await street.deliver(number)
        assert 0 < later.value.delay.total_seconds() <= 600
    soon = datetime.now(UTC) + timedelta(minutes=11)
    await street.start(2)
    for number in (3, 4, 5, 6):
        await street.deliver(number, at=soon)
    assert len(street.post.texts("lan")) == 4
    assert (await street.rows())[3:] == [("sent", 1, True)] * 4


async def test_a_question_and_a_result_are_never_part_of_it(street: Street) -> None:
    await street.start(5)
    asked = await world.do(street.pool, world.OFFICER, street.reports[0], Act.ASK, text="Trước hay sau nhà?")
    done = await world.do(
        street.pool, world.OFFICER, street.reports[1], Act.RESOLVE, text="Đã vá.",
        photos=(await world.photo(street.pool),),
    )  # fmt: skip
    await street.tell()
    for number in range(7):
        await street.deliver(number)
    _, question, result = street.post.texts("lan")
    assert "Trước hay sau nhà?" in question
    assert asked.code in question
    assert "Đã vá." in result
    assert done.code in result
    assert (await street.rows())[5:] == [("sent", 1, False)] * 2


async def test_others_peoples_messages_are_not_gathered_with_hers(street: Street) -> None:
    await street.start(2)
    minh = await world.chat(street.pool, "minh")
    for _ in range(2):
        report = (await world.file(street.pool, citizen_id=minh)).report
        await world.do(street.pool, world.OFFICER, report, Act.START)
    await street.tell()
    for number in range(4):
        await street.deliver(number)
    assert (len(street.post.texts("lan")), len(street.post.texts("minh"))) == (2, 2)


async def test_a_digest_costs_two_writing_statements(street: Street, database_url: str) -> None:
    await street.start(6)
    async with world.counting(database_url) as (pool, statements):
        for key in street.keys:
            await notify.deliver(pool, objects(street.folder), {"telegram": street.post}, key)
        writing = [sql for sql in await world.counted(statements) if "UPDATE n" in sql or "INSERT" in sql]
    assert len(writing) == 2


# ---------------------------------------------------------------- exactly once


async def test_many_workers_at_once_send_each_message_once(street: Street) -> None:
    await street.start(8)
    await asyncio.gather(*(street.deliver(n % 8) for n in range(24)))
    said = "\n".join(street.post.texts("lan"))
    assert [said.count(f"{report.code}") for report in street.reports] == [1] * 8
    assert {status for status, _, _ in await street.rows()} == {"sent"}


async def test_a_worker_that_died_with_a_digest_leaves_it_uncertain_and_nothing_is_sent_again(street: Street) -> None:
    await street.start(5)
    dead = Post()
    dead.gate.clear()
    call = asyncio.create_task(street.deliver(2, dead))
    async with asyncio.timeout(60):
        await dead.called.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    # The other rows' jobs do not answer for it; the job that sent it does, once it is taken up again.
    for number in (0, 1, 3, 4):
        await street.deliver(number)
    assert await street.rows() == [("sending", 1, True)] * 5
    await street.deliver(2)
    assert await street.rows() == [("uncertain", 1, True)] * 5
    assert street.post.calls == 0


async def test_a_digest_that_may_work_later_comes_back_whole(street: Street) -> None:
    await street.start(4)
    busy = Post(TryLater("too many requests", 9.0))
    with pytest.raises(RetryRequested) as later:
        await street.deliver(1, busy)
    assert later.value.delay == timedelta(seconds=9)
    for number in (0, 2, 3):
        await street.deliver(number)
    assert await street.rows() == [("queued", 1, True)] * 4
    await street.deliver(1)
    assert len(street.post.texts("lan")) == 1
    assert await street.rows() == [("sent", 2, True)] * 4


@pytest.mark.parametrize(("failure", "status"), [(Refused("no"), "failed"), (Uncertain("cut"), "uncertain")])
async def test_what_became_of_a_digest_became_of_each_of_it(street: Street, failure: SendFailed, status: str) -> None:
    await street.start(4)
    await street.deliver(0, Post(failure))
    assert await street.rows() == [(status, 1, True)] * 4


# ---------------------------------------------------------------- the night


def night(now: datetime) -> Quiet:
    """Two quiet hours around this moment."""
    local = now.astimezone(ZONE)
    minute = local.hour * 60 + local.minute
    return Quiet((minute - 60) % 1440, (minute + 60) % 1440)


async def test_at_night_nothing_is_sent_and_in_the_morning_it_comes_as_one(street: Street) -> None:
    await street.start(2)
    now = datetime.now(UTC)
    for number in (0, 1):
        with pytest.raises(RetryRequested) as later:
            await street.deliver(number, quiet=night(now))
        assert timedelta(minutes=58) < later.value.delay <= timedelta(minutes=60)
    assert await street.rows() == [("queued", 0, False)] * 2
    for number in (0, 1):
        await street.deliver(number, quiet=night(now), at=now + timedelta(hours=2))
    assert len(street.post.texts("lan")) == 1
    assert await street.rows() == [("sent", 1, True)] * 2


async def test_of_danger_its_reporter_hears_at_night_and_a_follower_in_the_morning(street: Street) -> None:
    await street.start(1)
    minh = await world.chat(street.pool, "minh")
    (report,) = street.reports
    await following.follow(street.pool, report, minh)
    urgent = await world.do(street.pool, world.COORDINATOR, report, Act.SET_URGENCY, urgency="urgent", text="Dây điện.")
    await world.do(street.pool, world.OFFICER, urgent, Act.PROGRESS, text="Đội điện đang đến.")
    await street.tell()
    for number, key in enumerate(street.keys):
        if key[1] == street.keys[0][1] or key[2] == f"citizen:{minh}":
            continue
        await street.deliver(number, quiet=night(datetime.now(UTC)))
    assert len(street.post.texts("lan")) == 1
    (late,) = [n for n, key in enumerate(street.keys) if key[2] == f"citizen:{minh}"]
    with pytest.raises(RetryRequested):
        await street.deliver(late, quiet=night(datetime.now(UTC)))


# ---------------------------------------------------------------- who does not want to hear


async def test_whoever_muted_everything_hears_questions_about_their_own_reports_alone(street: Street) -> None:
    await street.start(2)
    lan = await world.chat(street.pool, "lan")
    async with street.pool.acquire() as conn:
        await citizens.mute(conn, lan, muted=True)
    asked = await world.do(street.pool, world.OFFICER, street.reports[0], Act.ASK, text="Ở đâu?")
    await street.tell()
    for number in range(3):
        await street.deliver(number)
    (text,) = street.post.texts("lan")
    assert asked.code in text
    assert [status for status, _, _ in await street.rows()] == ["muted", "muted", "sent"]
    async with street.pool.acquire() as conn:
        await citizens.mute(conn, lan, muted=False)
    await world.do(street.pool, world.OFFICER, street.reports[1], Act.PROGRESS, text="Đang làm.")
    await street.tell()
    await street.deliver(3)
    assert len(street.post.texts("lan")) == 2


async def test_one_report_can_be_muted_and_is_left_out_of_a_digest_too(street: Street) -> None:
    await street.start(5)
    lan = await world.chat(street.pool, "lan")
    await service.mute(street.pool, street.reports[3], lan, muted=True)
    for number in range(5):
        await street.deliver(number)
    (text,) = street.post.texts("lan")
    assert street.reports[3].code not in text
    assert (await street.rows())[3] == ("muted", 0, False)


async def test_muting_one_report_of_a_digest_that_waits_for_its_channel_loses_none_of_the_others(
    street: Street,
) -> None:
    await street.start(4)
    with pytest.raises(RetryRequested):
        await street.deliver(1, Post(TryLater("too many requests", 9.0)))
    await service.mute(street.pool, street.reports[1], await world.chat(street.pool, "lan"), muted=True)
    await street.deliver(1)
    assert await street.rows() == [("sent", 2, True)] * 4


# ---------------------------------------------------------------- what is no longer news


async def test_a_reminder_that_was_answered_before_it_went_out_is_not_sent(street: Street) -> None:
    await street.start(1)
    asked = await world.do(street.pool, world.OFFICER, street.reports[0], Act.ASK, text="Ở đâu?")
    reminded = await world.do(street.pool, SYSTEM, asked, Act.REMIND)
    await world.do(street.pool, world.OFFICER, reminded, Act.RESUME)
    await street.tell()
    for number in range(3):
        await street.deliver(number)
    assert [status for status, _, _ in await street.rows()] == ["sent", "sent", "superseded"]


async def test_a_reminder_repeats_the_question_and_has_its_button(street: Street) -> None:
    await street.start(1)
    asked = await world.do(street.pool, world.OFFICER, street.reports[0], Act.ASK, text="Trước hay sau nhà?")
    await world.do(street.pool, SYSTEM, asked, Act.REMIND)
    await street.tell()
    for number in range(3):
        await street.deliver(number)
    reminder = street.post.boxes["lan"][-1]
    assert "vẫn đang chờ" in reminder.text
    assert "Trước hay sau nhà?" in reminder.text
    assert reminder.buttons[0][0].data == f"a1|{asked.code}"


async def test_older_news_does_not_follow_newer_ones(street: Street) -> None:
    await street.start(1)
    shot = (await world.photo(street.pool),)
    await world.do(street.pool, world.OFFICER, street.reports[0], Act.RESOLVE, text="Đã vá.", photos=shot)
    await street.tell()
    await street.deliver(1)
    await street.deliver(0)
    assert len(street.post.texts("lan")) == 1
    assert [status for status, _, _ in await street.rows()] == ["superseded", "sent"]


# ---------------------------------------------------------------- several chats of one person


async def both_chats(pool: Pool, used_last: str) -> None:
    async with pool.acquire() as conn:
        lan = (await citizens.citizen(conn, "telegram", "lan", "Lan", "vi")).citizen_id
        await citizens.citizen(conn, "zalo_bot", "lan-z", "Lan", "vi")
        await conn.execute("UPDATE channel_identities SET citizen_id = $1 WHERE channel_user_id = 'lan-z'", lan)
        await conn.execute("UPDATE channel_identities SET last_heard_at = now() - interval '1 day'")
        await conn.execute("UPDATE channel_identities SET last_heard_at = now() WHERE channel = $1", used_last)


@pytest.mark.parametrize(("used_last", "box"), [("telegram", "lan"), ("zalo_bot", "lan-z")])
async def test_the_chat_that_was_used_last_is_told_and_no_other(street: Street, used_last: str, box: str) -> None:
    await both_chats(street.pool, used_last)
    await street.start(0)
    report = (await world.file(street.pool, citizen_id=await world.chat(street.pool, "lan"))).report
    async with street.pool.acquire() as conn:
        await conn.execute("UPDATE channel_identities SET last_heard_at = now() WHERE channel = $1", used_last)
    await world.do(street.pool, world.OFFICER, report, Act.START)
    await street.tell()
    assert len(street.keys) == 1
    await street.deliver(0)
    assert set(street.post.boxes) == {box}


async def test_a_channel_that_is_not_served_any_more_costs_nobody_the_news(street: Street) -> None:
    await both_chats(street.pool, "zalo_bot")
    async with street.pool.acquire() as conn:
        lan = await conn.fetchval("SELECT citizen_id FROM channel_identities WHERE channel_user_id = 'lan'")
    report = (await world.file(street.pool, citizen_id=lan)).report
    await world.do(street.pool, world.OFFICER, report, Act.START)
    await street.tell()
    await notify.deliver(street.pool, objects(street.folder), {"telegram": street.post}, street.keys[0])
    await street.tell()
    await street.deliver(1)
    assert set(street.post.boxes) == {"lan"}
    assert [status for status, _, _ in await street.rows()] == ["failed", "sent"]


@pytest.mark.parametrize("count", [1, 5])
async def test_what_cannot_be_delivered_there_goes_to_the_other_chat_and_the_ledger_knows_both(
    street: Street, count: int
) -> None:
    await both_chats(street.pool, "zalo_bot")
    async with street.pool.acquire() as conn:
        lan = await conn.fetchval("SELECT citizen_id FROM channel_identities WHERE channel_user_id = 'lan'")
    for _ in range(count):
        report = (await world.file(street.pool, citizen_id=lan)).report
        street.reports.append(await world.do(street.pool, world.OFFICER, report, Act.START))
    await street.tell()
    await street.deliver(0, Post(Unreachable("blocked by the user")))
    await street.tell()
    assert len(street.keys) == 2 * count
    for number in range(2 * count):
        await street.deliver(number)
    assert set(street.post.boxes) == {"lan"}
    assert len(street.post.texts("lan")) == 1
    for report in street.reports:
        said = sorted((status, reason) for _, status, _, reason in await ledger(street.pool, report))
        assert said == [("sent", None), ("unreachable", "blocked by the user")]
