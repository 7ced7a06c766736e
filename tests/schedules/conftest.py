"""The small world with a month of lives, a mail server, chats, and schedules that nobody has set up yet."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest_asyncio
from pgqueuer import RetryRequested

from app.accounts import chats
from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.notify.smtp import SmtpSender
from app.schedules import sending, service, store, store_sends
from app.schedules.model import Draft, Schedule, Send, When
from tests.escalation.scene import address
from tests.exports.conftest import lived as lived
from tests.mailserver import MailServer, mail_server
from tests.notify.post import take_jobs
from tests.notify.test_staff import Board
from tests.small_world import COORDINATOR, GAZETTEER, LEAD, LEADER, POLICE_LEAD, RULES
from tests.small_world import settled as settled

URL = "https://phananh.example"
EARLIER = datetime(2026, 3, 20, 2, tzinfo=UTC)
DUE = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
"""Half past seven in Vietnam on the first of April, when the report on March is due."""
MONTHLY = When("monthly", 1, 7 * 60 + 30)
CHATS = {LEAD: "71", LEADER: "72"}


class Office:
    def __init__(self, pool: Pool, mail: MailServer) -> None:
        self.pool, self.mail, self.board = pool, mail, Board()
        self.ways = sending.Ways({"telegram": self.board}, SmtpSender(mail.settings()), URL)

    async def sets_up(self, actor: Actor = COORDINATOR, **more: Any) -> Schedule:
        """A monthly report, set up in the middle of March."""
        usual = Draft(name="Báo cáo tháng", when=MONTHLY, lang="vi", query="", formats=(), people=(ident(LEADER),))
        made = await service.create(self.pool, actor, msgspec.structs.replace(usual, **more), EARLIER)
        async with self.pool.acquire() as conn:
            return await service.get(conn, actor, made)

    async def plan(self, at: datetime = DUE) -> int:
        return await service.plan(self.pool, RULES.calendar, at)

    async def send(self, at: datetime = DUE) -> int:
        """Work the jobs off; gives how many asked to come back."""
        later = 0
        for payload in await take_jobs(self.pool, "send_schedule"):
            job = msgspec.json.decode(payload)
            later += await self.send_to(job["run_id"], job["recipient"], at)
        return later

    async def send_to(self, run_id: UUID | str, recipient: str, at: datetime = DUE) -> bool:
        try:
            await sending.send(self.pool, RULES, GAZETTEER, self.ways, UUID(str(run_id)), recipient, at)
        except RetryRequested:
            return True
        return False

    async def sends(self, schedule: Schedule) -> list[Send]:
        """Of all runs, the latest first."""
        async with self.pool.acquire() as conn:
            runs = await store.runs(conn, schedule.schedule_id, 100)
            found = await store_sends.of_runs(conn, [run.run_id for run in runs])
        return [send for run in runs for send in found.get(run.run_id, [])]

    async def became(self, schedule: Schedule) -> list[tuple[str, str, str, str]]:
        """(to, by, status, reason) of each."""
        names = {f"staff:{one.id}": name for name, one in PEOPLE.items()}
        return [
            (names.get(s.recipient, s.recipient), s.channel, s.status, s.reason) for s in await self.sends(schedule)
        ]


PEOPLE = {"lead": LEAD, "leader": LEADER, "coordinator": COORDINATOR, "police": POLICE_LEAD}


def ident(actor: Actor) -> UUID:
    assert actor.id
    return actor.id


@pytest_asyncio.fixture
async def office(lived: Pool) -> AsyncIterator[Office]:
    """Everybody who reads figures has an address; the roads' lead and the leader have a chat besides."""
    for table in ("schedules", "pgqueuer", "staff_identities", "staff_channels"):
        await lived.execute(f"DELETE FROM {table}")  # names of ours
    await lived.execute("UPDATE staff SET active = true, email = '', categories = '{}', communes = '{}'")
    for actor in PEOPLE.values():
        await lived.execute("UPDATE staff SET email = $2 WHERE staff_id = $1", actor.id, address(actor))
    for actor, chat in CHATS.items():
        code, _ = await chats.make_code(lived, ident(actor), SYSTEM)
        await chats.link(lived, "telegram", chat, code, "vi")
    async with mail_server() as mail:
        yield Office(lived, mail)
