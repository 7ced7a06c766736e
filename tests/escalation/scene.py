"""The roads' office: people with addresses and chats, a watch that looks at the clock, everything that is sent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest_asyncio

from app.accounts import chats
from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.escalation import delivery, notices, service
from app.escalation.model import Notice
from app.notify.mail import Mail
from app.notify.model import SendFailed
from app.reports.model import Report
from app.reports.watching import Watch
from tests.notify.post import take_jobs
from tests.notify.test_staff import Board
from tests.small_world import COLLEAGUE, COORDINATOR, LEAD, MONDAY, OFFICER, RULES

URL = "https://phananh.example"
NAMES = {"officer": OFFICER, "colleague": COLLEAGUE, "lead": LEAD, "coordinator": COORDINATOR}


class Mailbox:
    """A way out for mail that keeps what it was given. ``troubles`` are met first, one a call."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.troubles: list[SendFailed] = []

    async def send_mail(self, mail: Mail) -> str:
        if self.troubles:
            raise self.troubles.pop(0)
        self.mails.append(mail)
        return "kept"


class Office:
    def __init__(self, pool: Pool) -> None:
        self.pool, self.watch, self.board, self.post = pool, Watch(), Board(), Mailbox()
        self.ways = delivery.Ways(RULES, {"telegram": self.board}, self.post, None, URL)

    async def tell(self, at: datetime, **how: Any) -> int:
        """Work the 'tell' jobs off, as the worker does."""
        told = 0
        for payload in await take_jobs(self.pool, "tell"):
            job = msgspec.json.decode(payload)
            told += await service.tell(self.pool, RULES, UUID(job["report_id"]), job["first"], job["last"], at, **how)
        return told

    async def look(self, *moments: datetime) -> None:
        for at in moments:
            await self.watch.look(self.pool, RULES, at)
            await self.tell(at)

    async def waits(self) -> list[timedelta]:
        """How long each message waits that has been entered."""
        rows = await self.pool.fetch(
            "SELECT execute_after - now() AS wait FROM pgqueuer WHERE entrypoint = 'deliver_warning' ORDER BY id"
        )
        return [row["wait"] for row in rows]

    async def deliver(self, at: datetime | None = None) -> None:
        for payload in await take_jobs(self.pool, "deliver_warning"):
            job = msgspec.json.decode(payload)
            key = (UUID(job["report_id"]), job["seq"], job["recipient"], job["channel"])
            await delivery.deliver(self.pool, self.ways, key, at)

    async def notices(self, *people: Actor) -> dict[str, list[str]]:
        """The kinds of unread notices of each of these, or of everybody in ``NAMES``, oldest first; nobody who has
        none."""
        found = {}
        for name, actor in NAMES.items():
            if (not people or actor in people) and (kinds := [one.kind for one in await self.unread(actor)]):
                found[name] = kinds[::-1]
        return found

    async def unread(self, actor: Actor) -> Sequence[Notice]:
        assert actor.id
        async with self.pool.acquire() as conn:
            return (await notices.page(conn, actor.id)).notices

    def mailed(self, actor: Actor) -> list[Mail]:
        return [mail for mail in self.post.mails if mail.to == address(actor)]

    async def ledger(self, report: Report) -> list[tuple[str, str, str]]:
        """(recipient, channel, status) in order."""
        rows = await self.pool.fetch(
            """
            SELECT recipient, channel, status FROM notifications WHERE report_id = $1 ORDER BY seq, recipient, channel
            """,
            report.report_id,
        )
        return [tuple(row) for row in rows]


def address(actor: Actor) -> str:
    assert actor.id
    return f"canbo{actor.id.int}@example.vn"


@pytest_asyncio.fixture
async def office(settled: Pool) -> Office:
    """Nothing else is open and nothing waits; everybody has an address, the officer and the lead a chat."""
    await settled.execute(
        "UPDATE reports SET status = 'closed', resolved_at = now(), ended_at = now(), paused_at = NULL,"
        " duplicate_of = NULL WHERE status <> 'duplicate'"
    )
    for table in ("report_watches", "notices", "notifications", "pgqueuer", "staff_identities", "staff_absences",
                  "staff_channels", "escalation_policies", "agency_chats"):  # fmt: skip
        await settled.execute(f"DELETE FROM {table}")  # names of ours
    for actor in NAMES.values():
        await settled.execute(
            "UPDATE staff SET email = $2, active = true WHERE staff_id = $1", actor.id, address(actor)
        )
    for actor, chat in ((OFFICER, "71"), (LEAD, "73")):
        assert actor.id
        code, _ = await chats.make_code(settled, actor.id, SYSTEM)
        await chats.link(settled, "telegram", chat, code, "vi")
    await settled.execute("UPDATE staff_identities SET linked_at = $1", MONDAY - timedelta(days=60))
    return Office(settled)
