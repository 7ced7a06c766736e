"""Everybody's world, a mail server, a chat, and nobody who follows anything yet."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest_asyncio
from pgqueuer import RetryRequested

from app.accounts import citizens
from app.db import Pool
from app.i18n import Lang
from app.notify.smtp import SmtpSender
from app.reports.intake import file_report
from app.reports.model import NewReport, Place, Report
from app.reports.workflow import Act
from app.routing.calendar import VIETNAM
from app.subscriptions import sending, service
from app.subscriptions.letters import Means
from app.subscriptions.model import Area, Rhythm, Wish
from tests.console.reports import act
from tests.mailserver import MailServer, mail_server
from tests.notify.post import Post, take_jobs
from tests.portal.test_report_page import resolve
from tests.world import AN_XUYEN, World

URL = "https://phananh.example"
LAN = "lan@example.vn"
LIGHT = Area(AN_XUYEN, category="street-light")


def morning(days: int = 1, hour: int = 8) -> datetime:
    """An hour of a coming day in Vietnam."""
    return (datetime.now(VIETNAM) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def wish(area: Area = LIGHT, rhythm: Rhythm = "daily", lang: Lang = "vi") -> Wish:
    return Wish(area, rhythm, lang, service.consent(lang))


class Street:
    def __init__(self, world: World, mail: MailServer) -> None:
        self.world, self.mail, self.chat = world, mail, Post()
        parts = world.parts
        self.pool: Pool = parts.pool
        self.secret = parts.settings.secret_key
        self.means = Means(parts.rules, parts.gazetteer, self.secret, URL)
        self.sender = SmtpSender(mail.settings())

    async def filed(self, text: str = "Đèn hỏng trước hẻm 12 Lý Bôn", category: str = "street-light") -> Report:
        parts, place = self.world.parts, Place(commune_code=AN_XUYEN)
        new = NewReport(text=text, place=place, channel="web", lang="vi", consent=True, category=category)
        return (await file_report(parts.pool, parts.rules, parts.gazetteer, self.secret, new)).report

    async def published(self, text: str = "Đèn hỏng trước hẻm 12 Lý Bôn", category: str = "street-light") -> Report:
        return await act(self.world, "coordinator", (await self.filed(text, category)).code, Act.PUBLISH)

    async def resolved(self, report: Report) -> None:
        await act(self.world, "officer", report.code, Act.START)
        await resolve(self.world, report)

    async def asks(self, address: str = LAN, what: Wish | None = None) -> None:
        await service.ask(self.pool, self.secret, address, what or wish(), uuid4().hex)

    async def confirmations(self) -> None:
        for payload in await take_jobs(self.pool, "confirm_follow"):
            job = msgspec.json.decode(payload)
            await sending.confirm(self.pool, self.means, self.sender, UUID(job["request_id"]))

    async def follows(self, address: str = LAN, what: Wish | None = None) -> UUID:
        """By mail, confirmed."""
        await self.asks(address, what)
        await self.confirmations()
        return await service.confirm(self.pool, self.secret, self.link(address).partition("k=")[2])

    def link(self, address: str = LAN) -> str:
        """In the last mail to it."""
        body = self.mail.to(address)[-1].get_body(("plain",))
        assert body is not None
        return next(str(line) for line in body.get_content().splitlines() if "/follow/" in line)

    async def person(self, chat: str, lang: Lang = "vi") -> UUID:
        async with self.pool.acquire() as conn:
            return (await citizens.citizen(conn, "telegram", chat, "Lan", lang)).citizen_id

    async def plan(self, at: datetime) -> int:
        return await sending.plan(self.pool, self.world.parts.rules, at)

    async def send(self) -> int:
        """Work the jobs off; gives how many asked to come back."""
        later = 0
        for payload in await take_jobs(self.pool, "send_area_digest"):
            later += await self.send_one(payload)
        return later

    async def send_one(self, payload: bytes) -> bool:
        job = msgspec.json.decode(payload)
        until = datetime.fromisoformat(job["until"])
        chats = {"telegram": self.chat}
        try:
            await sending.send(self.pool, self.means, chats, self.sender, UUID(job["follower_id"]), until)
        except RetryRequested:
            return True
        return False

    async def became(self) -> list[str]:
        rows = await self.pool.fetch("SELECT status FROM area_digests ORDER BY until, follower_id")
        return [row["status"] for row in rows]


@pytest_asyncio.fixture
async def street(world: World) -> AsyncIterator[Street]:
    for table in ("area_followers", "follow_requests", "pgqueuer"):
        await world.parts.pool.execute(f"DELETE FROM {table}")  # names of ours
    async with mail_server() as mail:
        yield Street(world, mail)
