"""Who is away and who stands in for them.

A deputy who is away as well has a deputy of their own: the way is followed to somebody who is there. Where it leads in
a circle, nobody stands in, and whoever asks falls back on the agency's leads.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct, structs
from uuid_utils.compat import uuid7

from app.accounts import store, store_absence
from app.accounts.keys import event
from app.accounts.model import Actor, EventKind, Role, Staff
from app.accounts.permissions import Permission, may
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem

LONGEST = timedelta(days=366)
HAVE_CASES = frozenset({Role.OFFICER, Role.LEAD, Role.COORDINATOR})
"""Whoever has cases may be away from them, and may stand in."""


def looked_after_by(staff: str) -> str:
    """SQL for an array of ids: this person, given by a parameter, and everybody for whom they stand in today."""
    today = "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"
    return f"""ARRAY(
        WITH RECURSIVE away AS (
            SELECT staff_id, deputy_id FROM staff_absences WHERE first_day <= {today} AND last_day >= {today}
        ), mine AS (
            SELECT {staff}::uuid AS staff_id
            UNION SELECT a.staff_id FROM away a JOIN mine m ON a.deputy_id = m.staff_id
        )
        SELECT staff_id FROM mine)"""  # noqa: S608  # a parameter's number and constants


def day_of(at: datetime) -> date:
    """The day it is in Vietnam."""
    return store_absence.day_of(at)


class Absence(Struct, frozen=True):
    """Days of Vietnam's calendar, both included. ``deputy``: as entered; ``acts`` who that comes to on the day that
    was asked about, None where the way leads in a circle or to nobody."""

    absence_id: UUID
    staff_id: UUID
    name: str
    deputy_id: UUID
    deputy: str
    first_day: date
    last_day: date
    acts_id: UUID | None = None
    acts: str = ""


def _may_enter_for(by: Actor, staff: Staff) -> bool:
    """Oneself; a lead for everybody in their agencies."""
    own = by.kind == "staff" and by.id == staff.staff_id
    leads = by.role is Role.LEAD and staff.agency_id in by.agencies
    return may(by, Permission.ENTER_ABSENCE) and (own or leads or by.kind == "system")


async def enter(pool: Pool, staff_id: UUID, deputy_id: UUID, first: date, last: date, by: Actor, today: date) -> UUID:
    """Somebody is away. Raises Forbidden, NotFound, Invalid (every bad field at once), Conflict when they are away in
    those days already."""
    problems = []
    if last < first:
        problems.append(Problem("absence.days_backward", field="last_day"))
    elif last < today:
        problems.append(Problem("absence.days_past", field="last_day"))
    elif last - first > LONGEST:
        problems.append(Problem("absence.days_many", {"most": LONGEST.days}, "last_day"))
    absence_id = uuid7()
    async with transaction(pool) as conn:
        # Under the account's lock, so that two entries cannot overlap.
        staff = await store.staff_of_id(conn, staff_id, lock=True)
        if staff is None:
            raise NotFound("accounts.no_such_staff")
        if staff.role not in HAVE_CASES or not _may_enter_for(by, staff):
            raise Forbidden("accounts.not_allowed")
        deputy = await store.staff_of_id(conn, deputy_id)
        if not _fits(staff, deputy):
            problems.append(Problem("absence.deputy_wrong", field="deputy"))
        if problems:
            raise Invalid.many(problems)
        if other := await store_absence.overlapping(conn, staff_id, first, last):
            days = {"first": f"{other[0]:%d/%m/%Y}", "last": f"{other[1]:%d/%m/%Y}"}
            raise Conflict("absence.overlaps", field="first_day", **days)
        await store_absence.insert(conn, absence_id, staff_id, deputy_id, first, last)
        said = {"deputy": str(deputy_id), "first_day": first.isoformat(), "last_day": last.isoformat()}
        await store.record(conn, event(EventKind.ABSENCE_ENTERED, by, staff_id, **said))
    return absence_id


def _fits(staff: Staff, deputy: Staff | None) -> bool:
    return (
        deputy is not None
        and deputy.active
        and deputy.staff_id != staff.staff_id
        and deputy.agency_id == staff.agency_id
        and deputy.role in HAVE_CASES
    )


async def take_back(pool: Pool, absence_id: UUID, by: Actor) -> None:
    """They are there after all. Raises Forbidden, NotFound."""
    async with transaction(pool) as conn:
        found = await store_absence.absence(conn, absence_id)
        staff = await store.staff_of_id(conn, found[0], lock=True) if found else None
        if found is None or staff is None:
            raise NotFound("absence.gone")
        if not _may_enter_for(by, staff):
            raise Forbidden("accounts.not_allowed")
        if await store_absence.delete(conn, absence_id):
            said = {"first_day": found[1].isoformat(), "last_day": found[2].isoformat()}
            await store.record(conn, event(EventKind.ABSENCE_TAKEN_BACK, by, staff.staff_id, **said))


async def of_agencies(conn: Conn, agencies: Collection[str], today: date) -> list[Absence]:
    """Those that are not over, the first to begin first; ``acts`` only for those that have begun."""
    rows = await store_absence.of_agencies(conn, sorted(agencies), today)
    acting = await store_absence.acting(conn, [row["staff_id"] for row in rows], today)
    names = await store.names(conn, [deputy for deputy in acting.values() if deputy])
    found = []
    for row in rows:
        now = acting.get(row["staff_id"]) if row["first_day"] <= today else None
        found.append(structs.replace(Absence(*row.values()), acts_id=now, acts=names.get(now, "") if now else ""))
    return found


async def colleagues(conn: Conn, agency_id: str) -> list[Staff]:
    """Whoever in the agency may be away or stand in, by name."""
    everybody = await store_absence.active_of(conn, agency_id)
    return [staff for staff in everybody if staff.role in HAVE_CASES]


async def acting(conn: Conn, ids: Sequence[UUID], at: datetime) -> dict[UUID, UUID | None]:
    """Of these people those who are away, each with who stands in at that moment; None: nobody."""
    return await store_absence.acting(conn, list(ids), store_absence.day_of(at)) if ids else {}


async def deputised_for(conn: Conn, staff_id: UUID, at: datetime) -> list[UUID]:
    """Whose cases this person looks after at that moment besides their own: everybody who is away and whose deputy, or
    deputy's deputy, they are."""
    return await store_absence.deputised_for(conn, staff_id, store_absence.day_of(at))
