"""Reports of figures that come by themselves: what is kept of them. No I/O."""

from datetime import datetime
from typing import Literal, get_args
from urllib.parse import parse_qsl
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Actor, Role
from app.i18n import Lang
from app.stats.asked import Asked, asked
from app.stats.periods import Period

Kind = Literal["daily", "weekly", "monthly", "cut"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORMATS = ("pdf", "xlsx", "csv")
"""Files that may come along, of those there are (``app.exports.formats``)."""
CUT_DAY, CUT_MINUTE = 25, 12 * 60
"""The field's own month ends then; nothing about it is sent before."""
ADD_ADDRESSES = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})
"""Whoever may send figures to addresses that belong to no account."""
NAME_MOST, PEOPLE_MOST, ADDRESSES_MOST, SCHEDULES_MOST = 100, 50, 20, 30

Status = Literal["queued", "sending", "sent", "uncertain", "failed", "unreachable", "closed", "left_out"]
UNDERWAY: frozenset[Status] = frozenset({"queued", "sending"})


class When(Struct, frozen=True):
    """``day``: of the week from 1, Monday; of the month, in shorter months their last; 0 for daily. ``minute``: of
    Vietnam's day. ``office_days``: what falls on a day off waits for the next working day."""

    kind: Kind
    day: int
    minute: int
    office_days: bool = False


class Due(Struct, frozen=True):
    """A period that a report is due about, at that time."""

    at: datetime
    period: Period


class Draft(Struct, frozen=True, kw_only=True):
    """What a person decides. ``query``: filters as an address writes them, without a period."""

    name: str
    when: When
    lang: Lang
    query: str
    formats: tuple[str, ...]
    people: tuple[UUID, ...]
    addresses: tuple[str, ...] = ()

    def asked(self, period: Period) -> Asked:
        """About a period, as it was known when the period ended."""
        return asked([*parse_qsl(self.query), ("period", period.key)], period.end)


class Schedule(Struct, frozen=True, kw_only=True):
    schedule_id: UUID
    owner_id: UUID
    draft: Draft
    paused: bool
    version: int
    planned_until: datetime


class Run(Struct, frozen=True):
    """One period of a schedule. ``late``: it was due while nothing ran."""

    run_id: UUID
    schedule_id: UUID
    period: str
    due_at: datetime
    planned_at: datetime
    late: bool
    trial: bool


class Send(Struct, frozen=True):
    """One way to one recipient. ``recipient``: "staff:<uuid>" or "address:<e-mail>"."""

    run_id: UUID
    recipient: str
    channel: str
    address: str
    status: Status
    reason: str
    attempts: int
    made_at: datetime | None
    updated_at: datetime

    @property
    def staff_id(self) -> UUID | None:
        kind, _, who = self.recipient.partition(":")
        return UUID(who) if kind == "staff" else None


def may_manage(actor: Actor, owner_id: UUID) -> bool:
    """One's own; those who keep the desk look after all."""
    return actor.id == owner_id or actor.role is Role.COORDINATOR


def may_name(actor: Actor, recipient: Actor) -> bool:
    """Whom somebody may have figures sent to: a lead within the own agencies, others anybody who may read figures."""
    return actor.id == recipient.id or actor.sees_all or recipient.agency_id in actor.agencies
