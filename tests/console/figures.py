"""A month of reports long ago, whose figures are known: March 2025, as it looks at any time since."""

from datetime import datetime, timedelta
from typing import Any

from app.accounts.model import Actor
from app.photos.model import StoredPhoto
from app.reports import service
from app.reports.intake import file_report
from app.reports.model import Form, NewReport, Place, Rating, Report
from app.reports.workflow import Act
from app.routing.calendar import VIETNAM
from app.stats import projection
from tests import small_world
from tests.world import AN_XUYEN, POWER, World

CITIZEN = Actor("citizen")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARCH = "2025-03"


def at(said: str) -> datetime:
    return datetime.fromisoformat(said).replace(tzinfo=VIETNAM)


class March:
    """Of the environment company: twelve street lights, eight mended on time, two late, one left open, and one that
    went to the power company in April; one of those mended is opened again in April. Of the power company: three power
    cuts, one mended, two open. The month before: two street lights, one mended on time and one left open until it is
    withdrawn in March."""

    def __init__(self, world: World, shot: StoredPhoto) -> None:
        self.world, self.shot = world, shot
        self.moved: Report

    async def file(self, moment: datetime, text: str, category: str = "street-light", **more: Any) -> Report:
        parts = self.world.parts
        new = NewReport(
            text=text, place=Place(address="12 Lý Bôn", commune_code=AN_XUYEN), channel="web", lang="vi", consent=True,
            category=category, **more,
        )  # fmt: skip
        return (await file_report(parts.pool, parts.rules, parts.gazetteer, b"k" * 40, new, moment)).report

    async def act(self, who: str | Actor, report: Report, what: Act, moment: datetime, **form: Any) -> Report:
        actor = who
        if isinstance(actor, str):
            person = self.world.people[actor]
            actor = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
        parts = self.world.parts
        return await service.perform(parts.pool, parts.rules, actor, report, what, Form(**form), at=moment)

    async def mend(self, who: str, report: Report, took: timedelta) -> Report:
        begun = await self.act(who, report, Act.START, report.submitted_at + took / 2)
        done = report.submitted_at + took
        return await self.act(who, begun, Act.RESOLVE, done, text="Đã sửa xong.", photos=(self.shot,))

    async def live(self) -> None:
        for day in range(3, 11):
            done = await self.mend(
                "officer", await self.file(at(f"2025-03-{day:02}T08:00"), f"Đèn số {day} tắt."), HOUR
            )
            if day == 10:
                await self.act("coordinator", done, Act.REOPEN, at("2025-04-05T08:00"), text="Đèn lại tắt.")
            if day < 6:
                rating = (Rating.SATISFIED, Rating.ACCEPTABLE, Rating.DISSATISFIED)[day - 3]
                await self.act(CITIZEN, done, Act.RATE, done.updated_at + HOUR, rating=rating, text="Ý kiến.")
        for day in (3, 4):
            await self.mend("officer", await self.file(at(f"2025-03-{day:02}T09:00"), f"Đèn hẻm {day} tắt."), 15 * DAY)
        await self.file(at("2025-03-10T08:00"), "Đèn ở cuối hẻm tắt, chưa ai sửa.")
        self.moved = await self.file(at("2025-03-11T08:00"), "Đèn này của ngành điện, chỗ nhà máy nước đá.")
        back = await self.act("officer", self.moved, Act.RETURN, at("2025-04-02T08:00"), text="Không thuộc đơn vị.")
        await self.act("coordinator", back, Act.ASSIGN, at("2025-04-02T09:00"), agency_id=POWER)
        cuts = [await self.file(at(f"2025-03-2{n}T08:00"), f"Mất điện xóm {n}.", "power-cut") for n in range(3)]
        await self.mend("other_officer", cuts[0], 2 * HOUR)
        for n in range(2):
            light = await self.file(at(f"2025-02-1{n}T08:00"), f"Đèn tháng hai số {n}.")
            if n:
                await self.act(CITIZEN, light, Act.WITHDRAW, at("2025-03-01T08:00"), text="Gửi nhầm.")
            else:
                await self.mend("officer", light, HOUR)
        await projection.catch_up(self.world.parts.pool)


async def march(world: World) -> March:
    lived = March(world, await small_world.photo(world.parts.pool))
    await lived.live()
    return lived
