"""What happens to reports is told to other systems: signed, at least once, under one id, and nothing personal."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from app.db import Pool
from app.escalation import webhooks as telling
from app.reports.model import Report
from app.reports.workflow import Act
from app.webhooks import sending, service, store
from app.webhooks.model import WAITS, Webhook, message_id, wait
from app.webhooks.sending import Sender
from app.webhooks.service import Wanted
from tests import small_world as world
from tests.receiver import Receiver, receiver

SOON = (timedelta(0),) * 9
HOUR = timedelta(hours=1)


async def subscribed(pool: Pool, url: str, **wanted: Any) -> tuple[Webhook, str]:
    """From now on: what happened before is nobody's."""
    webhook_id, secret = await service.add(
        pool, world.KEY, world.ADMINISTRATOR, Wanted(name="IOC", url=url, **wanted), "test", world.LOOPBACK
    )
    await service.follow(pool)
    await pool.execute("DELETE FROM webhook_deliveries")
    return await seen(pool, webhook_id), secret


async def seen(pool: Pool, webhook_id: Any) -> Webhook:
    async with pool.acquire() as conn:
        found = await store.one(conn, webhook_id)
    assert found is not None
    return found


async def sent(pool: Pool, sender: Sender, webhook: Webhook, waits: tuple[timedelta, ...] = WAITS) -> Webhook:
    """Follow the history and send once all that is due; the webhook as it is then."""
    await service.follow(pool)
    await sending.send_due(pool, sender, webhook, waits)
    return await seen(pool, webhook.webhook_id)


async def states(pool: Pool) -> list[tuple[str, int, int | None]]:
    rows = await pool.fetch("SELECT state, tries, status FROM webhook_deliveries ORDER BY created_at, seq")
    return [(row["state"], row["tries"], row["status"]) for row in rows]


def ids(report: Report, *seqs: int) -> list[str]:
    return [message_id(report.report_id, seq) for seq in seqs]


# ---------------------------------------------------------------- what comes


async def test_what_happens_arrives_signed_as_a_cloud_event(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, secret = await subscribed(clean, there.url)
    report = (await world.file(clean)).report
    await sent(clean, sender, webhook)
    assert sorted(there.ids) == ids(report, 1, 2)
    came = {got.ident: got for got in there.got}[ids(report, 2)[0]]
    event = came.verified(secret)
    assert came.headers["content-type"] == "application/cloudevents+json"
    assert {name: event[name] for name in ("specversion", "id", "source", "type", "subject")} == {
        "specversion": "1.0",
        "id": came.ident,
        "source": "https://phananh.example",
        "type": "vn.phananh.report.assigned",
        "subject": report.code,
    }
    assert event["data"]["detail"]["agency"] == event["data"]["report"]["agency"] == "roads"
    assert (event["data"]["seq"], event["data"]["report"]["status"]) == (2, "assigned")
    assert await states(clean) == [("delivered", 1, 204)] * 2


async def test_nothing_personal_is_in_it(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, _ = await subscribed(clean, there.url, words=True)
    report = (await world.file(clean)).report
    report = await world.do(clean, world.OFFICER, report, Act.ASK, text="Nhà số mấy ạ?")
    await world.do(clean, world.CITIZEN, report, Act.ADD_INFO, text=f"Số 14, tôi là {world.NAME}, {world.PHONE}.")
    await world.do(clean, world.COORDINATOR, report, Act.NOTE, text="Đã gọi điện.")
    await sent(clean, sender, webhook)
    every = b"".join(got.body for got in there.got).decode()
    assert len(there.got) == 4
    for private in (world.NAME, world.PHONE, world.MAIL, "Lý Bôn", "9.22", "105.17", "số mấy", "Số 14", "gọi điện"):
        assert private not in every
    assert str(world.OFFICER.id) not in every


async def test_published_words_go_along_where_that_was_allowed(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, _ = await subscribed(clean, there.url, words=True, kinds=("published", "progress"))
    report = (await world.file(clean)).report
    report = await world.do(clean, world.COORDINATOR, report, Act.PUBLISH)
    await world.do(clean, world.OFFICER, report, Act.PROGRESS, text="Mai vá, hỏi 0912 345 678.")
    await sent(clean, sender, webhook)
    words = {got.event["data"]["event"]: got.event["data"]["words"] for got in there.got}
    assert words["published"] == {"text": world.TEXT}
    assert words["progress"]["said"].startswith("Mai vá, hỏi ")
    assert "0912 345 678" not in words["progress"]["said"]


async def test_only_what_was_asked_for_comes(clean: Pool, sender: Sender, there: Receiver) -> None:
    police, _ = await subscribed(clean, there.url, agencies=("police",), kinds=("transferred", "started", "returned"))
    ours = (await world.file(clean)).report
    ours = await world.do(clean, world.OFFICER, ours, Act.START)
    theirs = await world.do(clean, world.LEAD, ours, Act.TRANSFER, agency_id="police", text="Việc của công an.")
    theirs = await world.do(clean, world.POLICE, theirs, Act.START)
    await world.do(clean, world.POLICE, theirs, Act.PROGRESS, text="Đang xem.")
    await sent(clean, sender, police)
    assert {got.event["type"].rpartition(".")[2] for got in there.got} <= {"transferred", "started"}
    assert ids(theirs, 4)[0] in there.ids


# ---------------------------------------------------------------- what goes wrong


async def test_what_was_not_taken_comes_again_under_its_id(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, secret = await subscribed(clean, there.url, kinds=("submitted",))
    report = (await world.file(clean)).report
    there.answers = lambda before, _: (500, {}) if before < 2 else (200, {})
    webhook = await sent(clean, sender, webhook, SOON)
    assert there.ids == ids(report, 1) * 3
    assert all(got.verified(secret)["id"] == got.ident for got in there.got)
    assert await states(clean) == [("delivered", 3, 200)]
    assert webhook.failing_since is None
    async with clean.acquire() as conn:
        tried = await service.attempts(conn, webhook.webhook_id)
    assert [row["status"] for row in tried] == [200, 500, 500]


async def test_it_waits_longer_each_time_and_for_as_long_as_it_is_asked(
    clean: Pool, sender: Sender, there: Receiver
) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    await world.file(clean)
    there.answers = lambda _, __: (503, {"retry-after": "3600"})
    webhook = await sent(clean, sender, webhook)
    assert len(there.got) == 1
    next_at = await clean.fetchval("SELECT next_at FROM webhook_deliveries")
    assert abs(next_at - datetime.now(UTC) - HOUR) < timedelta(seconds=30)
    assert webhook.failing_since is not None
    waits = [wait(tries, None) for tries in range(1, len(WAITS) + 2)]
    assert waits[-1] is None
    known = [each for each in waits if each]
    assert list(WAITS) == sorted(WAITS)
    assert all(0.8 * usual <= each <= 1.2 * usual for each, usual in zip(known, WAITS, strict=True))
    assert timedelta(days=2.4) < sum(known, timedelta()) < timedelta(days=3.7)


async def test_after_all_tries_it_is_given_up_and_can_be_sent_again(
    clean: Pool, sender: Sender, there: Receiver
) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    report = (await world.file(clean)).report
    there.answers = lambda _, __: (500, {})
    await sent(clean, sender, webhook, SOON)
    assert await states(clean) == [("given_up", 10, 500)]
    there.answers = lambda _, __: (200, {})
    await service.replay_one(clean, world.ADMINISTRATOR, webhook.webhook_id, report.report_id, 1)
    await sent(clean, sender, webhook)
    assert set(there.ids) == set(ids(report, 1))
    assert await states(clean) == [("delivered", 1, 200)]


async def test_what_a_dead_sender_had_taken_is_sent_by_another(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    report = (await world.file(clean)).report
    await service.follow(clean)
    async with clean.acquire() as conn:
        assert len(await store.take(conn, webhook.webhook_id, 10, HOUR)) == 1  # and then it is killed
    await sent(clean, sender, webhook)
    assert there.got == [], "it may still be at it"
    await clean.execute("UPDATE webhook_deliveries SET next_at = now()")
    await sent(clean, sender, webhook)
    assert there.ids == ids(report, 1)


async def test_nobody_there_is_a_failure_like_any_other(clean: Pool, sender: Sender) -> None:
    webhook, _ = await subscribed(clean, "http://127.0.0.1:9/hook", kinds=("submitted",))
    await world.file(clean)
    await sent(clean, sender, webhook)
    (row,) = await clean.fetch("SELECT state, status, error FROM webhook_deliveries")
    assert (row["state"], row["status"]) == ("waiting", None)
    assert row["error"].startswith("Connect")


async def test_a_receiver_that_is_gone_is_switched_off_at_once(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    await world.file(clean)
    there.answers = lambda _, __: (410, {})
    webhook = await sent(clean, sender, webhook)
    assert (webhook.state, webhook.disabled_why) == ("disabled", "gone")
    async with clean.acquire() as conn:
        (trouble,) = await telling.troubles(conn)
        assert (trouble.kind, trouble.about) == ("webhook_gone", "IOC")
    kinds = await clean.fetch("SELECT kind FROM account_events ORDER BY event_id DESC LIMIT 1")
    assert [row["kind"] for row in kinds] == ["webhook_disabled"]


async def test_one_that_has_failed_for_days_is_switched_off_and_what_it_missed_is_sent_again_on_demand(
    clean: Pool, sender: Sender, there: Receiver
) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    first = (await world.file(clean, datetime.now(UTC))).report
    there.answers = lambda _, __: (500, {})
    await clean.execute("UPDATE webhooks SET failing_since = now() - interval '3 days'")
    webhook = await sent(clean, sender, await seen(clean, webhook.webhook_id))
    assert (webhook.state, webhook.disabled_why) == ("disabled", "failing")
    missed = (await world.file(clean, datetime.now(UTC))).report
    await service.follow(clean)
    assert len(await states(clean)) == 1, "nothing is kept for it"
    there.answers = lambda _, __: (200, {})
    await service.switch(clean, world.ADMINISTRATOR, webhook.webhook_id, on=True)
    now = datetime.now(UTC)
    count = await service.replay(clean, world.ADMINISTRATOR, webhook.webhook_id, now - HOUR, now + HOUR)
    await sent(clean, sender, await seen(clean, webhook.webhook_id))
    assert count >= 2
    assert {*ids(first, 1), *ids(missed, 1)} <= set(there.ids)
    assert {state for state, _, _ in await states(clean)} == {"delivered"}


# ---------------------------------------------------------------- keeping them


async def test_a_paused_one_gets_everything_later(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, _ = await subscribed(clean, there.url, kinds=("submitted",))
    await service.switch(clean, world.ADMINISTRATOR, webhook.webhook_id, on=False)
    report = (await world.file(clean)).report
    await service.follow(clean)
    async with clean.acquire() as conn:
        assert await store.with_work(conn) == []
    await service.switch(clean, world.ADMINISTRATOR, webhook.webhook_id, on=True)
    await sent(clean, sender, webhook)
    assert there.ids == ids(report, 1)


async def test_for_a_day_the_old_secret_signs_along(clean: Pool, sender: Sender, there: Receiver) -> None:
    webhook, old = await subscribed(clean, there.url, kinds=("submitted",))
    new = await service.renew_secret(clean, world.KEY, world.ADMINISTRATOR, webhook.webhook_id)
    await world.file(clean)
    await sent(clean, sender, webhook)
    (got,) = there.got
    assert got.verified(new) == got.verified(old)
    await clean.execute("UPDATE webhooks SET old_until = now()")
    await world.file(clean)
    await sent(clean, sender, webhook)
    there.got[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        there.got[1].verified(old)


async def test_the_secret_lies_encrypted(clean: Pool, there: Receiver) -> None:
    webhook, secret = await subscribed(clean, there.url)
    kept = await clean.fetchval("SELECT secret FROM webhooks WHERE webhook_id = $1", webhook.webhook_id)
    assert secret.removeprefix("whsec_").encode() not in kept


async def test_a_slow_receiver_holds_nobody_else_up_and_the_loop_ends_when_told(
    clean: Pool, sender: Sender, there: Receiver
) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await reader.read()
        writer.close()
        heard.set()

    came, heard = asyncio.Event(), asyncio.Event()
    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    async with receiver() as other:
        await subscribed(clean, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", kinds=("submitted",))
        await service.add(
            clean, world.KEY, world.ADMINISTRATOR, Wanted(name="B", url=other.url, kinds=("submitted",)), "test",
            world.LOOPBACK,
        )  # fmt: skip
        stop = asyncio.Event()
        # Messages that are under way are waited for in the end.
        hasty = Sender(sender.key, sender.source, world.LOOPBACK, patience=1)
        loop = asyncio.create_task(sending.run(clean, hasty, stop))
        report = (await world.file(clean)).report
        async with asyncio.timeout(60):
            await came.wait()
            while ids(report, 1)[0] not in other.ids:
                await clean.execute("SELECT pg_sleep(0.02)")
        server.close()
        await hasty.close()
        stop.set()
        await asyncio.wait_for(loop, 60)
        await asyncio.wait_for(heard.wait(), 60)
