"""Whom an agency has told of what: by which levels of which clocks, who, by which ways, and when not. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Role
from app.i18n import Lang
from app.reports.warning import LEVELS, ClockName

Way = Literal["in_app", "chat", "mail"]
WAYS: tuple[Way, ...] = get_args(Way)
ALL_WAYS = frozenset(WAYS)
Audience = Literal["officer", "lead", "above", "coordinators"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
PEOPLE_MOST = 20


class Step(Struct, frozen=True):
    """At so many per cent of a clock's time. ``ways`` besides the pages, which always say it."""

    clock: ClockName
    level: int
    to: tuple[Audience, ...]
    ways: tuple[Way, ...] = WAYS


class Policy(Struct, frozen=True):
    """``required``: ways that nobody can switch off for themselves. ``quiet``: minutes of Vietnam's day, from and
    until, in which only urgent cases come by chat and e-mail; None: outside of office hours. ``people``: who hears
    besides, from ``people_from`` per cent on."""

    steps: tuple[Step, ...]
    required: tuple[Way, ...] = ("in_app",)
    quiet: tuple[int, int] | None = None
    people: tuple[UUID, ...] = ()
    people_from: int = 100

    def step(self, clock: str, level: int) -> Step | None:
        return next((step for step in self.steps if (step.clock, step.level) == (clock, level)), None)


_USUAL: dict[tuple[ClockName, int], tuple[Audience, ...]] = {
    ("handling", 50): ("officer",),
    ("handling", 80): ("officer", "lead"),
    ("handling", 100): ("officer", "lead", "above", "coordinators"),
    ("intake", 80): ("coordinators",),
    ("intake", 100): ("coordinators",),
    ("first_answer", 80): ("officer", "lead"),
    ("first_answer", 100): ("officer", "lead"),
    ("direction", 80): ("officer", "lead"),
    ("direction", 100): ("officer", "lead"),
}
USUAL = Policy(tuple(Step(clock, level, to) for (clock, level), to in _USUAL.items()))
"""What holds where no agency up the tree has rules of its own."""
STEPS = tuple((clock, level) for clock, levels in LEVELS.items() for level in levels)


class Person(Struct, frozen=True):
    """Somebody who may see the report. ``depth``: how far their agency is above the report's, 0: it is that one; None:
    elsewhere. ``watches``: theirs is the agency that watches over it after a dispute, or one above that. ``off``: the
    ways they do not want."""

    staff_id: UUID
    role: Role
    depth: int | None
    watches: bool
    email: str
    lang: Lang
    off: frozenset[str] = frozenset()


def audience(people: Sequence[Person], assignee_id: UUID | None, to: Iterable[Audience]) -> set[UUID]:
    """Who that is. Without an assignee the agency's leads answer for a case, and where there is nobody at all the
    coordinators do: somebody must hear."""
    found: set[UUID] = set()
    for each in to:
        match each:
            case "officer":
                found |= {one.staff_id for one in people if one.staff_id == assignee_id} or _leads(people, 0)
            case "lead":
                found |= _leads(people, 0)
            case "above":
                found |= _above(people)
            case "coordinators":
                found |= _coordinators(people)
    return found or _coordinators(people)


def _leads(people: Sequence[Person], depth: int) -> set[UUID]:
    return {one.staff_id for one in people if one.role is Role.LEAD and one.depth == depth}


def _above(people: Sequence[Person]) -> set[UUID]:
    """The leads of the nearest agency above that has any, and of the one that watches over the case."""
    depths = sorted({one.depth for one in people if one.role is Role.LEAD and one.depth})
    watching = {one.staff_id for one in people if one.role is Role.LEAD and one.watches}
    return watching | (_leads(people, depths[0]) if depths else set())


def _coordinators(people: Sequence[Person]) -> set[UUID]:
    return {one.staff_id for one in people if one.role is Role.COORDINATOR}


def ways_to(person: Person, wanted: Iterable[str], required: Iterable[str]) -> frozenset[str]:
    """By which of the wanted ways this person hears: without those that they may, and did, switch off."""
    return frozenset(wanted) - (person.off - frozenset(required))


class Notice(Struct, frozen=True):
    """What the pages tell somebody. ``stands_for``: the name of whom they stand in for. ``category``, ``commune`` and
    ``status`` are the report's as it is now; of what is about no report they are "" and ``about`` says what it is."""

    notice_id: UUID
    at: datetime
    kind: str
    code: str
    category: str
    commune: str
    status: str
    seq: int
    stands_for: str
    read: bool
    about: str = ""


class Trouble(Struct, frozen=True):
    """Something that waits for whoever looks after the system: ``kind`` is said by ``officers.<kind>``; ``ref`` is what
    it is about, ``about`` its name, ``path`` the page of ours where it is mended."""

    ref: UUID
    kind: str
    path: str
    about: str
