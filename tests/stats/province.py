"""Lives of reports as a province has them: most are resolved, some late, few come back. By the very effects that real
acts have, under the real rules, without a database."""

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.accounts.model import SYSTEM, Actor, Role
from app.errors import Conflict, Forbidden
from app.history.model import Event, Fact, Kind
from app.places.gazetteer import Gazetteer
from app.places.model import Commune
from app.reports.model import Form, NewReport, Place, Rating, Report, Status
from app.reports.workflow import Act, check
from app.routing.ruleset import RuleSet
from tests.stats.lives import PHOTO, acted, filed, noted

_CHANNELS = ("telegram", "zalo_bot", "zalo_oa", "web", "hotline", "api")
_CHANNEL_WEIGHTS = (30, 25, 10, 15, 15, 5)
_BUSY = ("street-light", "road-damage", "household-waste", "illegal-dumping", "noise", "flooding")
_CITIZEN = Actor("citizen")
_COORDINATOR = Actor("staff", UUID(int=901), Role.COORDINATOR, "ioc", frozenset({"ioc"}))
_LEADER = Actor("staff", UUID(int=902), Role.LEADER, "ioc", frozenset({"ioc"}))
_MOST = 30
_RATINGS = (Rating.SATISFIED, Rating.SATISFIED, Rating.SATISFIED, Rating.ACCEPTABLE, Rating.DISSATISFIED)
_Step = tuple[Act, Actor, float, Form]
"""What is done next, by whom, after how many hours, with what."""


class Moment(Struct, frozen=True):
    """A report after something happened to it, and how many events its history has by then."""

    at: datetime
    events: int
    report: Report


class Past(Struct, frozen=True):
    events: list[Event]
    moments: list[Moment]


class Province:
    """``week``: Monday 00:00 of the week in which the reports are sent."""

    def __init__(self, rules: RuleSet, gazetteer: Gazetteer, dice: random.Random, week: datetime) -> None:
        self._rules, self._gazetteer, self._dice, self._week = rules, gazetteer, dice, week
        self._communes = [c for c in gazetteer.communes if c.province_code == rules.province_code]
        self._weights = [math.exp(dice.gauss(0, 0.9)) for _ in self._communes]
        self._categories = [c for c in rules.categories.values() if c.visibility == "public"]
        self._usual = [(8 if c.category_id in _BUSY else 1) * math.exp(dice.gauss(0, 0.8)) for c in self._categories]

    def lives(self, count: int) -> Iterator[Past]:
        for _ in range(count):
            yield self._life()

    def _life(self) -> Past:
        dice = self._dice
        day = dice.choices(range(7), (18, 17, 16, 16, 15, 10, 8))[0]
        minute = min(max(round(dice.gauss(13.5, 4.5) * 60), 0), 1439)
        at = self._week + timedelta(days=day, minutes=minute, seconds=dice.randrange(60))
        report, events = self._filed(at)
        moments = [Moment(at, len(events), report)]
        while len(moments) < _MOST:
            steps = self._next(report, events)
            if not steps:
                break
            act, actor, hours, form = steps
            at += timedelta(hours=hours, seconds=dice.randrange(60))
            report, events = self._warned(report, events, moments, at)
            try:
                check(act, actor, report)
            except (Forbidden, Conflict):
                continue
            before = len(events)
            report, events = acted(self._rules, act, actor, report, events, at, form)
            if len(events) > before:
                moments.append(Moment(at, len(events), report))
        return Past(events, moments)

    def _filed(self, at: datetime) -> tuple[Report, list[Event]]:
        dice = self._dice
        commune: Commune = dice.choices(self._communes, self._weights)[0]
        category = dice.choices(self._categories, self._usual)[0]
        lat, lon = commune.lat + dice.gauss(0, 0.01), commune.lon + dice.gauss(0, 0.01)
        new = NewReport(
            text=dice.choice(category.examples), lang="vi", consent=True, category=category.category_id,
            place=Place(lat, lon, f"{dice.randrange(1, 400)} Lý Bôn", commune.code),
            channel=dice.choices(_CHANNELS, _CHANNEL_WEIGHTS)[0],  # type: ignore[arg-type]  # they are channels
            to_desk=dice.random() < 0.15,
        )  # fmt: skip
        return filed(self._rules, self._gazetteer, dice, new, at)

    def _warned(
        self, report: Report, events: list[Event], moments: list[Moment], until: datetime
    ) -> tuple[Report, list[Event]]:
        """What the watch said before the next act, to whoever has it."""
        if report.status not in (Status.ASSIGNED, Status.IN_PROGRESS):
            return report, events
        begun = max(report.assigned_at or report.submitted_at, report.submitted_at)
        for level in (80, 100):
            at = begun + (report.due_at - begun) * (level / 100)
            if moments[-1].at < at < until:
                data = {
                    "clock": "handling",
                    "level": level,
                    "since": begun.isoformat(),
                    "due": report.due_at.isoformat(),
                }
                report, events = noted(report, events, [Fact(Kind.WARNED, data)], SYSTEM, at)
                moments.append(Moment(at, len(events), report))
        return report, events

    # ------------------------------------------------------------ what people do next

    def _next(self, report: Report, events: list[Event]) -> _Step | None:
        match report.status:
            case Status.SUBMITTED | Status.RECEIVED | Status.RETURNED:
                return self._on_desk(report)
            case Status.ASSIGNED:
                return self._assigned(report)
            case Status.IN_PROGRESS:
                return self._at_work(report, events)
            case Status.AWAITING_INFO:
                return self._asked()
            case Status.RESOLVED:
                return self._resolved(report, events)
            case Status.CLOSED if self._dice.random() < 0.012:
                return Act.REOPEN, _COORDINATOR, self._lag(100), Form()
            case Status.DUPLICATE if self._dice.random() < 0.02:
                return Act.UNMERGE, _COORDINATOR, self._lag(20), Form()
        return None

    def _lag(self, median: float, spread: float = 1.0) -> float:
        return median * math.exp(self._dice.gauss(0, spread))

    def _on_desk(self, report: Report) -> _Step:
        chance = self._dice.random()
        if chance < 0.06:
            return Act.REJECT, _COORDINATOR, self._lag(3), Form()
        if chance < 0.10:
            return Act.MERGE, _COORDINATOR, self._lag(3), Form()
        if chance < 0.12:
            return Act.WITHDRAW, _CITIZEN, self._lag(5), Form()
        if chance < 0.35 and report.status is Status.SUBMITTED:
            return Act.ACCEPT, _COORDINATOR, self._lag(0.7), Form()
        return Act.ASSIGN, _COORDINATOR, self._lag(1.2), Form(agency_id=self._agency(report))

    def _agency(self, report: Report) -> str:
        proposed = f"ubnd-{report.commune_code}" if report.commune_code else "so-xay-dung"
        departments = ("so-xay-dung", "so-nong-nghiep-moi-truong", "cong-an-tinh", "dien-luc-ca-mau")
        return proposed if self._dice.random() < 0.5 else self._dice.choice(departments)

    def _assigned(self, report: Report) -> _Step:
        chance, officer = self._dice.random(), self._officer(report)
        if chance < 0.025:
            return Act.RETURN, officer, self._lag(8), Form()
        if chance < 0.04:
            other = self._agency(report)
            return Act.TRANSFER, self._officer(report, Role.LEAD), self._lag(8), Form(agency_id=other)
        if chance < 0.06:
            return Act.MERGE, _COORDINATOR, self._lag(6), Form()
        if chance < 0.075:
            return Act.REJECT, _COORDINATOR, self._lag(6), Form()
        if chance < 0.10:
            category = self._dice.choices(self._categories, self._usual)[0].category_id
            return Act.RECLASSIFY, _COORDINATOR, self._lag(5), Form(category=category)
        if chance < 0.30:
            return Act.NOTE, officer, self._lag(4), Form()
        if chance < 0.45:
            return Act.PUBLISH, _COORDINATOR, self._lag(2), Form()
        return Act.START, officer, self._lag(6), Form()

    def _at_work(self, report: Report, events: list[Event]) -> _Step:
        chance, officer = self._dice.random(), self._officer(report)
        if report.extension_wanted is not None:
            return (Act.GRANT_EXTENSION if chance < 0.8 else Act.REFUSE_EXTENSION), _COORDINATOR, self._lag(5), Form()
        if len(events) < 12:
            if chance < 0.30:
                return Act.PROGRESS, officer, self._lag(5), Form()
            if chance < 0.36:
                return Act.ASK, officer, self._lag(6), Form()
            if chance < 0.41:
                return Act.ASK_EXTENSION, officer, self._lag(20), Form(days=self._dice.randrange(1, 8))
            if chance < 0.55:
                return Act.NOTE, officer, self._lag(6), Form()
            if chance < 0.555:
                return Act.DIRECT, _LEADER, self._lag(20), Form(days=2)
        left = (report.due_at - events[-1].at).total_seconds() / 3600
        return Act.RESOLVE, officer, self._lag(max(left, 10) * 0.45, 0.9), Form(photos=(PHOTO,))

    def _asked(self) -> _Step:
        if self._dice.random() < 0.7:
            return Act.ADD_INFO, _CITIZEN, self._lag(10), Form()
        return Act.RESUME, SYSTEM, 24 * 7, Form()

    def _resolved(self, report: Report, events: list[Event]) -> _Step | None:
        chance = self._dice.random()
        if report.rating is None and chance < 0.28:
            return Act.RATE, _CITIZEN, self._lag(12), Form(rating=self._dice.choice(_RATINGS))
        if chance < 0.30 or (report.rating is Rating.DISSATISFIED and chance < 0.5):
            return Act.DISPUTE, _CITIZEN, self._lag(8), Form()
        if report.published_at is None and chance < 0.45:
            return Act.PUBLISH, _COORDINATOR, self._lag(3), Form()
        closes = report.resolved_at and (report.resolved_at + timedelta(days=7) - events[-1].at).total_seconds() / 3600
        return Act.CLOSE, SYSTEM, max(closes or 0, 0.1), Form()

    def _officer(self, report: Report, role: Role = Role.OFFICER) -> Actor:
        agency = report.agency_id
        return Actor("staff", UUID(int=1000 + hash_of(agency)), role, agency, frozenset({agency}))


def hash_of(word: str) -> int:
    """The same in every run, unlike ``hash``."""
    return int.from_bytes(word.encode()[-6:], "big")
