"""Staff at work in chats: people of the world with linked accounts, and the worker that tells them."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts import chats
from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor
from app.notify import staff
from app.photos.service import store_photo
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import Contact, Form, NewReport, Place, Report
from app.reports.workflow import Act
from app.wiring import Parts
from bot.simulator.client import SimClient, SimUser
from bot.telegram.client import Bot
from bot.telegram.send import TelegramSender
from tests.notify.post import take_jobs
from tests.world import AN_XUYEN, LIGHT, PEOPLE, Person, photo

NAME, PHONE, MAIL = "Nguyễn Thị Lan", "0912 345 678", "lan@example.vn"
TITLE = "Tổ chiếu sáng An Xuyên"


class _Job(Struct, frozen=True):
    report_id: UUID
    first: int = 0
    last: int = 0
    seq: int = 0
    recipient: str = ""
    channel: str = ""


class Office(Struct):
    """The members of staff by key, and what is needed to play them."""

    parts: Parts
    sim: SimClient
    bot: Bot
    people: dict[str, Person]

    async def chat(self, key: str) -> SimUser:
        """A new chat account of this member of staff, linked."""
        person = self.people[key]
        user = await self.sim.user(person.full_name)
        code, _ = await chats.make_code(self.parts.pool, person.staff_id, SYSTEM)
        await user.text(f"/canbo {code}")
        await user.wait("Đã liên kết")
        return user

    async def group(self, lead: SimUser, *others: SimUser, title: str = TITLE) -> dict[str, Any]:
        """A group that the lead has linked to their agency."""
        group = await self.sim.group(title, [lead, *others])
        inside = lead.in_group(group)
        await inside.text("/lienketnhom")
        await inside.wait("từ nay nhận việc")
        return group

    async def report(self, *, photos: int = 1, **changes: Any) -> Report:
        """A report that the rules give to the company; its words and its contact give away who reported."""
        parts = self.parts
        shots = [photo(f"{number} {changes}") for number in range(photos)]
        stored = [await store_photo(parts.pool, parts.objects, parts.lab, shot, "ảnh") for shot in shots]
        usual = NewReport(
            text=f"{LIGHT['text']} Gọi tôi số {PHONE}, tôi là {NAME}.",
            place=Place(9.22461, 105.178, "12 Lý Bôn", AN_XUYEN),
            channel="web",
            lang="vi",
            consent=True,
            category="street-light",
            photos=tuple(stored),
            contact=Contact(NAME, PHONE, MAIL),
        )
        new = msgspec.structs.replace(usual, **changes)
        filed = await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, new)
        await self.work()
        return filed.report

    async def now(self, report: Report) -> Report:
        return await reports.find(self.parts.pool, report.code)

    async def does(self, key: str, report: Report, act: Act, **form: Any) -> Report:
        """An act of a member of staff elsewhere, in the browser say; the worker has told of it."""
        person = self.people[key]
        assert person.role
        actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
        done = await reports.perform(
            self.parts.pool, self.parts.rules, actor, await self.now(report), act, Form(**form)
        )
        await self.work()
        return done

    async def case(self, report: Report) -> reports.Case:
        async with self.parts.pool.acquire() as conn:
            return await reports.case(conn, await reports.get(conn, report.report_id))

    async def work(self) -> None:
        """Do what the worker would, until nothing is left; it does not wait for office hours."""
        while any([await self._work_off(kind) for kind in ("tell", "deliver_staff", "refresh_cards")]):
            pass

    async def _work_off(self, kind: str) -> int:
        parts, senders = self.parts, {"telegram": TelegramSender(self.bot)}
        jobs = [msgspec.json.decode(payload, type=_Job) for payload in await take_jobs(parts.pool, kind)]
        for job in jobs:
            if kind == "tell":
                await staff.tell(parts.pool, parts.rules, job.report_id, job.first, job.last)
            elif kind == "refresh_cards":
                await staff.refresh(parts.pool, parts.rules, senders, job.report_id)
            else:
                key = (job.report_id, job.seq, job.recipient, job.channel)
                await staff.deliver(parts.pool, parts.objects, parts.rules, senders, key)
        return len(jobs)


async def hire(parts: Parts) -> dict[str, Person]:
    """Everybody of the world, for a database that has the agencies."""
    people = {}
    for person in PEOPLE:
        staff_id, _ = await accounts.create_staff(
            parts.pool, person.username, person.full_name, person.agency_id, person.role, None, SYSTEM
        )
        people[person.key] = msgspec.structs.replace(person, staff_id=staff_id)
    return people
