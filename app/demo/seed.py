"""About 300 believable reports over the last three months, made by the very verbs that real ones go through.

Nothing is written past the verbs: each report is filed at its moment and lives its life act by act, so history, hash
chain and deadlines are as real as they can be. A life that would reach into the future stops at the present, which is
how the recent ones come to be open.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Actor, Role, Staff
from app.db import connect_pool
from app.demo import doors, neighbours, others, pictures, staff, stories
from app.i18n import LANGS
from app.photos import service as photos
from app.photos.model import StoredPhoto
from app.places.model import Commune
from app.reports import intake
from app.reports import service as reports
from app.reports.model import Contact, Filed, Form, NewReport, Place, Rating, Report, Status
from app.reports.workflow import Act
from app.routing.model import Category
from app.settings import Settings
from app.wiring import Parts, open_parts

Progress = Callable[[int, int], None]
_MONTHS = timedelta(days=90)
_JUST_NOW = timedelta(days=4)
_AT_ONCE = 6
_HOT, _HOT_SHARE = ("road-damage", "garbage", "flooding", "street-light"), 0.15
"""What comes back at a place of its own each, and how many of the reports are about that."""
_OFTEN = 3
"""So many times more often people report what they can photograph."""
_BEFORE, _AFTER = 3, 2
"""Drawings of each scene."""


class Cast(Struct, frozen=True):
    """Who plays: staff by agency, coordinators, neighbours, and photos before and after by kind of scene."""

    staff: dict[str, list[Actor]]
    coordinators: list[Actor]
    leaders: list[Actor]
    before: dict[str, list[StoredPhoto]]
    after: dict[str, list[StoredPhoto]]
    communes: list[Commune]
    neighbours: list[UUID]


class Seeded(Struct, frozen=True):
    """What is shown once. ``accounts``: (who, user name, password); ``wall``: the address of a wall display."""

    accounts: list[tuple[str, str, str]] = []
    wall: str = ""


async def seed_when_empty(settings: Settings, progress: Progress, count: int = 300) -> Seeded:
    """Staff of every role and reports, if the database has no staff yet."""
    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 2)
    async with pool, pool.acquire() as conn:
        if await accounts.all_staff(conn):
            return Seeded()
    async with open_parts(settings) as parts:
        shown = await staff.hire(parts)
        await _fill(parts, count, progress)
        if not settings.simulated:
            return Seeded(shown)
        await staff.link_group(parts)
        await staff.schedule(parts)
        await doors.open_up(parts)
        await others.connect(parts)
        return Seeded(shown, await staff.hang_wall(parts))


async def seed(settings: Settings, count: int, progress: Progress) -> None:
    """``count`` more reports."""
    async with open_parts(settings) as parts:
        async with parts.pool.acquire() as conn:
            hired = await accounts.all_staff(conn)
        if not hired:
            await staff.hire(parts)
        await _fill(parts, count, progress)


# ---------------------------------------------------------------- who plays


def _actor(staff: Staff) -> Actor:
    return Actor("staff", staff.staff_id, staff.role, staff.agency_id, frozenset({staff.agency_id}))


async def _cast(parts: Parts) -> Cast:
    async with parts.pool.acquire() as conn:
        hired = [_actor(staff) for staff in await accounts.all_staff(conn) if staff.active]
        people = await neighbours.neighbours(conn)
    by_agency: dict[str, list[Actor]] = {}
    for actor in hired:
        if actor.role in (Role.OFFICER, Role.LEAD) and actor.agency_id:
            by_agency.setdefault(actor.agency_id, []).append(actor)
    home = parts.rules.province_code
    return Cast(
        by_agency,
        [actor for actor in hired if actor.role is Role.COORDINATOR],
        [actor for actor in hired if actor.role is Role.LEADER],
        await _photos(parts, mended=False),
        await _photos(parts, mended=True),
        [c for c in parts.gazetteer.communes if c.province_code == home],
        people,
    )


async def _photos(parts: Parts, *, mended: bool) -> dict[str, list[StoredPhoto]]:
    """A few drawings of every scene, stored like any photo."""
    each = _AFTER if mended else _BEFORE
    wanted = [(scene, number) for scene in pictures.SCENES for number in range(each)]
    drawn = [await asyncio.to_thread(pictures.draw, scene, number, mended=mended) for scene, number in wanted]
    stored = await asyncio.gather(*(photos.store_photo(parts.pool, parts.objects, parts.lab, data) for data in drawn))
    found: dict[str, list[StoredPhoto]] = {}
    for (scene, _), photo in zip(wanted, stored, strict=True):
        found.setdefault(scene, []).append(photo)
    return found


# ---------------------------------------------------------------- lives


async def _fill(parts: Parts, count: int, progress: Progress) -> None:
    progress(0, count)
    cast = await _cast(parts)
    # No fixed seed: a second call must not tell the same stories again.
    chance = random.Random()  # noqa: S311  # a demo, not a secret
    now = datetime.now(UTC)
    moments = sorted(now - _MONTHS * chance.random() ** 1.6 for _ in range(count))
    slots = asyncio.Semaphore(_AT_ONCE)
    done = 0

    async def one(moment: datetime) -> None:
        nonlocal done
        async with slots:
            await _Life(parts, cast, random.Random(chance.random()), now).live(moment)  # noqa: S311  # a demo
        done += 1
        progress(done, count)

    await asyncio.gather(*(one(moment) for moment in moments))


class _TooLate(Exception):
    """The next act would lie in the future."""


class _Life:
    """One report from its photo to its end, or to the present."""

    def __init__(self, parts: Parts, cast: Cast, chance: random.Random, now: datetime) -> None:
        self.parts, self.cast, self.chance, self.now = parts, cast, chance, now
        self.at = now
        self.report: Report
        self.category: Category
        self.scene = ""
        self.followers: list[UUID] = []

    def _wait(self, low: float, high: float) -> datetime:
        """Some hours later, in office hours."""
        hours = timedelta(hours=self.chance.triangular(low, high, low + (high - low) / 4))
        self.at = self.parts.rules.calendar.add_office_hours(self.at, hours)
        self.at += timedelta(seconds=self.chance.randrange(60))
        if self.at >= self.now:
            raise _TooLate
        return self.at

    async def _do(self, actor: Actor, act: Act, low: float, high: float, form: Form | None = None) -> None:
        at = self._wait(low, high)
        self.report = await reports.perform(
            self.parts.pool, self.parts.rules, actor, self.report, act, form or Form(), at=at
        )

    def _officer(self) -> Actor:
        """Whoever has it; one of its agency otherwise."""
        there = self.cast.staff.get(self.report.agency_id) or self.cast.coordinators
        return next((one for one in there if one.id == self.report.assignee_id), None) or self.chance.choice(there)

    def _colleagues(self) -> list[tuple[Actor, Actor]]:
        """Each lead of the agency that has it with each other of its people."""
        staff = self.cast.staff.get(self.report.agency_id, [])
        leads = [one for one in staff if one.role is Role.LEAD]
        return [(lead, one) for lead in leads for one in staff if one is not lead and one.within_limits(self.report)]

    async def live(self, moment: datetime) -> None:
        self.at = moment
        filed = await self._file()
        self.report = filed.report
        with _until_now():
            await self._desk()
            if self.report.status is Status.ASSIGNED:
                await self._agency()

    async def _file(self) -> Filed:
        rules, chance = self.parts.rules, self.chance
        usual = [c for c in rules.categories.values() if not c.out_of_scope]
        often = [_OFTEN if pictures.shows(c.category_id) else 1 for c in usual]
        self.category = chance.choices(usual, often)[0]
        commune, near, street = chance.choice(self.cast.communes), 0.004, None
        is_hot = chance.random() < _HOT_SHARE
        if is_hot:
            at = chance.randrange(len(_HOT))
            self.category = rules.categories.get(_HOT[at], self.category)
            commune, near, street = self.cast.communes[at * 7], 0.0005, stories.STREETS[at]
        self.scene = pictures.scene_for(self.category.category_id)
        seen = chance.choice([0, 1, 1, 1, 2]) if pictures.shows(self.category.category_id) else 0
        shots = chance.sample(self.cast.before[self.scene], k=seen)
        person, chosen = chance.random() < 0.6, is_hot or chance.random() < 0.8
        # What nobody can place waits on the coordinators' desk.
        vague = not is_hot and self.now - self.at < _JUST_NOW and chance.random() < 0.2
        text, chosen = (
            (chance.choice(stories.VAGUE), False) if vague else (stories.words(chance, self.category), chosen)
        )
        new = NewReport(
            text=text,
            place=Place(
                commune.lat + chance.gauss(0, near),
                commune.lon + chance.gauss(0, near),
                f"{chance.randrange(1, 300)} {_street(street or chance.choice(stories.STREETS))}",
                commune.code,
            ),
            channel=chance.choices(["telegram", "web", "hotline", "api"], [6, 3, 2, 1])[0],  # type: ignore[arg-type]  # a list of channels
            lang=LANGS[0],
            consent=True,
            category=self.category.category_id if chosen else None,
            answers=stories.answers(chance, self.category) if chosen else {},
            photos=tuple(shots),
            contact=Contact(chance.choice(stories.NAMES), stories.phone(chance)) if person else Contact(),
        )
        parts = self.parts
        return await intake.file_report(parts.pool, rules, parts.gazetteer, parts.settings.secret_key, new, self.at)

    async def _desk(self) -> None:
        """A coordinator's part: what no rule could place, and what is no report at all."""
        chance, desk = self.chance, self.chance.choice(self.cast.coordinators)
        if chance.random() < 0.04:
            await self._do(desk, Act.REJECT, 0.2, 3, Form(text=chance.choice(stories.REJECTIONS)))
            return
        if self.report.status is Status.SUBMITTED and self.now - self.at < _JUST_NOW:
            return
        if self.report.status is Status.SUBMITTED:
            await self._do(desk, Act.ACCEPT, 0.1, 1.5)
            agency = chance.choice(sorted(self.cast.staff))
            await self._do(desk, Act.ASSIGN, 0.1, 2, Form(agency_id=agency))
        if chance.random() < 0.7 and self.report.visibility == "public":
            await self._do(desk, Act.PUBLISH, 0.1, 2)
            if chance.random() < 0.3:
                await self._neighbours()

    async def _neighbours(self) -> None:
        """One to three who saw it too."""
        people = self.chance.sample(self.cast.neighbours, k=self.chance.choice([1, 1, 2, 3]))
        for person, words in zip(people, self.chance.sample(stories.VOICES, k=len(people)), strict=True):
            at, shots = self._wait(0.1, 3), self.cast.before[self.scene]
            seen = pictures.shows(self.category.category_id) and self.chance.random() < 0.5
            shot = [self.chance.choice(shots)] if seen else []
            self.report = await neighbours.join(self.parts, self.report, person, words, shot, at)
            self.followers.append(person)

    async def _agency(self) -> None:
        chance = self.chance
        if chance.random() < 0.02 and not self.followers:
            await self._do(Actor("citizen"), Act.WITHDRAW, 0.2, 4)
            return
        if chance.random() < 0.06:
            await self._do(self._officer(), Act.RETURN, 1, 8, Form(text=chance.choice(stories.RETURNS)))
            if chance.random() < 0.3:
                return
            desk = chance.choice(self.cast.coordinators)
            await self._do(desk, Act.ASSIGN, 0.5, 6, Form(agency_id=chance.choice(sorted(self.cast.staff))))
        if chance.random() < 0.05:
            return  # lies there: what a lead is to find among the overdue
        if chance.random() < 0.15 and (colleagues := self._colleagues()):
            giver, taker = chance.choice(colleagues)
            await self._do(giver, Act.GIVE, 0.2, 3, Form(text=chance.choice(stories.GIVEN), colleague=taker.id))
        await self._do(self._officer(), Act.START, 0.5, 10)
        if directed := chance.random() < 0.08:
            words = Form(text=chance.choice(stories.DIRECTIONS), days=chance.choice([1, 3, 5]))
            await self._do(chance.choice(self.cast.leaders), Act.DIRECT, 0.5, 6, words)
        if chance.random() < 0.08:
            return
        if chance.random() < 0.12:
            await self._do(self._officer(), Act.ASK, 0.5, 4, Form(text=chance.choice(stories.QUESTIONS)))
            await self._do(Actor("citizen"), Act.ADD_INFO, 0.5, 16, Form(text=chance.choice(stories.INFOS)))
        if chance.random() < 0.2:
            await self._do(self._officer(), Act.PROGRESS, 1, 8, Form(text=chance.choice(stories.PROGRESS)))
        await self._resolve()
        if directed:
            await self._do(self._officer(), Act.REPORT_BACK, 0.1, 8, Form(text=chance.choice(stories.REPORTS_BACK)))
        if chance.random() < 0.06:
            await self._do(Actor("citizen"), Act.DISPUTE, 1, 16, Form(text=chance.choice(stories.DISPUTES)))
            await self._resolve()
        await self._end()

    async def _resolve(self) -> None:
        form = Form(
            text=stories.answer(self.chance, self.category),
            photos=(self.chance.choice(self.cast.after[self.scene]),),
        )
        await self._do(self._officer(), Act.RESOLVE, 1, 30, form)
        # Few drawings serve for many reports, which is odd indeed; a coordinator has looked at nearly all of them.
        if self.report.proof_doubts and self.chance.random() < 0.97:
            await self._do(self.chance.choice(self.cast.coordinators), Act.CONFIRM_PROOF, 0.1, 3)

    async def _end(self) -> None:
        for person in self.followers:
            self.report = await neighbours.rate(self.parts, self.report, person, self.chance, self._wait(0.2, 3))
        if self.chance.random() < 0.55:
            rating = self.chance.choices(list(Rating), [6, 3, 1])[0]
            words = self.chance.choice(stories.GRUMBLES) if rating is Rating.DISSATISFIED else ""
            await self._do(Actor("citizen"), Act.RATE, 0.5, 20, Form(rating=rating, text=words))
        if self.report.status is Status.RESOLVED and self.at + timedelta(days=7) < self.now:
            self.at += timedelta(days=7)
            await self._do(SYSTEM, Act.CLOSE, 0, 0.1)


def _street(name: str) -> str:
    """As it stands after a house number."""
    return f"đường {name}" if name[0].isdigit() else name


@contextmanager
def _until_now() -> Iterator[None]:
    try:
        yield
    except _TooLate:
        return
