"""Whoever looks after the system hears when a partner or a webhook needs them: once for as long as it lasts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from app.db import Pool, transaction
from app.doctor.outward import of_partners, of_webhooks
from app.escalation import incidents, notices, webhooks
from app.notify.model import TryLater
from app.partners import deciding, service
from app.partners import store as partners
from app.partners.model import Fill
from app.partners.service import Means
from app.webhooks import service as hooks
from tests import small_world as world
from tests.escalation.scene import Mailbox
from tests.partners.conftest import partner, push_of
from tests.partners.faulty import Faulty
from tests.partners.test_sending import filed, send

URL = "https://phananh.example"


@pytest_asyncio.fixture
async def post(means: Means) -> Mailbox:
    """The administrator has an address, and nothing has been told."""
    await means.pool.execute("DELETE FROM notices")
    await means.pool.execute("DELETE FROM outward_incidents")
    await means.pool.execute("DELETE FROM webhooks")
    await means.pool.execute("UPDATE staff SET email = 'han@example.vn' WHERE role = 'administrator'")
    return Mailbox()


async def minute(pool: Pool, post: Mailbox) -> int:
    """What the worker does every minute; gives how many incidents are new."""
    async with transaction(pool) as conn:
        standing = [*await webhooks.troubles(conn), *await deciding.troubles(conn)]
        new = await incidents.keep(conn, standing, by_mail=True)
    await incidents.send(pool, post, URL)
    return new


async def unread(pool: Pool, who: Any = world.ADMINISTRATOR) -> list[tuple[str, str]]:
    async with pool.acquire() as conn:
        return [(one.kind, one.about) for one in (await notices.page(conn, who.id)).notices]


async def test_reports_that_wait_for_a_person_are_told_once_until_they_are_decided(
    means: Means, there: Faulty, light: dict[str, Any], post: Mailbox
) -> None:
    one = await partner(means, there)
    there.ways = ["400", "400", "400"]
    reports = [await filed(means, light) for _ in range(2)]
    await send(means, one)
    assert [await minute(means.pool, post) for _ in range(2)] == [1, 0]
    assert await unread(means.pool) == [("partner_refused", "Điện lực Cà Mau")]
    assert await unread(means.pool, world.COORDINATOR) == []
    (mail,) = post.mails
    assert (mail.to, mail.lines[0].link) == (
        "han@example.vn",
        f"{URL}/console/partners/{one.partner_id}?state=person",
    )
    assert not [code for code in (report.code for report in reports) if code in str(mail)]
    await deciding.leave(means.pool, world.ADMINISTRATOR, one.partner_id, reports[0].report_id)
    assert await minute(means.pool, post) == 0
    await deciding.leave(means.pool, world.ADMINISTRATOR, one.partner_id, reports[1].report_id)
    assert await minute(means.pool, post) == 0
    assert await unread(means.pool) == [], "what is mended is no news"
    await filed(means, light)
    await send(means, one)
    assert await minute(means.pool, post) == 1
    assert (len(post.mails), len(await unread(means.pool))) == (2, 1)


async def test_a_mail_server_that_is_busy_gets_it_later_and_once(
    means: Means, there: Faulty, light: dict[str, Any], post: Mailbox
) -> None:
    one = await partner(means, there)
    there.ways = ["400"]
    await filed(means, light)
    await send(means, one)
    post.troubles = [TryLater("busy", 60)]
    await minute(means.pool, post)
    await minute(means.pool, post)
    assert post.mails == []
    await means.pool.execute("UPDATE incident_mails SET updated_at = now() - interval '1 hour'")
    for _ in range(2):
        await minute(means.pool, post)
    assert len(post.mails) == 1


async def test_all_that_wait_for_one_reason_are_decided_in_one_go_where_nothing_can_be_doubled(
    means: Means, there: Faulty, light: dict[str, Any]
) -> None:
    one = await partner(means, there)
    there.ways = ["400", "400"]
    reports = [await filed(means, light) for _ in range(2)]
    await send(means, one)
    assert await deciding.decide_all(means.pool, world.ADMINISTRATOR, one.partner_id, "refused", "again") == 2
    await send(means, one)
    assert [(await push_of(means, one, report)).state for report in reports] == ["sent", "sent"]


async def test_a_category_without_a_service_waits_until_it_has_one(
    means: Means, there: Faulty, light: dict[str, Any], post: Mailbox
) -> None:
    one = await partner(means, there)
    report = await filed(means, light)
    await service.map_category(means, world.ADMINISTRATOR, one.partner_id, "street-light", "", {})
    await send(means, one)
    push = await push_of(means, one, report)
    assert (push.state, push.reason) == ("person", "unmapped")
    assert await minute(means.pool, post) == 1
    fills = {"hu-gi": Fill(fixed="1")}
    await service.map_category(means, world.ADMINISTRATOR, one.partner_id, "street-light", "den", fills)
    await send(means, one)
    assert (await push_of(means, one, report)).state == "sent"
    await minute(means.pool, post)
    assert await unread(means.pool) == []


async def test_what_stands_is_seen_by_the_doctor_and_in_the_figures(
    means: Means, there: Faulty, light: dict[str, Any], post: Mailbox
) -> None:
    pool, one = means.pool, await partner(means, there)
    there.ways = ["400"]
    await filed(means, light)
    await send(means, one)
    hook, _ = await hooks.add(
        pool, world.KEY, world.ADMINISTRATOR, hooks.Wanted(name="IOC", url=there.url), "test", world.LOOPBACK
    )
    long_ago = datetime.now(UTC) - timedelta(hours=7)
    await pool.execute("UPDATE partners SET failing_since = $1", long_ago)
    await pool.execute("UPDATE webhooks SET state = 'disabled', disabled_why = 'failing', disabled_at = now()")
    assert await minute(pool, post) == 3
    assert {kind for kind, _ in await unread(pool)} == {"partner_refused", "partner_silent", "webhook_failing"}
    assert len(post.mails) == 1, "one mail for all of it"
    async with pool.acquire() as conn:
        said = [finding.says for finding in [*await of_partners(conn), *await of_webhooks(conn)]]
        (health,) = await partners.health(conn)
    assert said == [
        "1 reports for Điện lực Cà Mau wait for a person.",
        "Điện lực Cà Mau has not answered for 7 hours; 0 reports wait.",
        "IOC was switched off, for nothing had reached it.",
    ]
    assert (health.person, health.queued) == (1, 0)
    await hooks.remove(pool, world.ADMINISTRATOR, hook)
