"""Whom a case may be given to: whoever of the agency that has it handles cases and may see this one."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec import Struct

from app.accounts import absence, onlookers
from app.accounts.model import Concern, Staff
from app.db import Conn
from app.errors import Invalid
from app.reports import store_colleagues as store


class Colleague(Struct, frozen=True):
    """``open_cases``: how many open ones they have; ``away_until``: their last day of absence where they are away
    today, ``deputy`` who stands in then ("" nobody)."""

    staff: Staff
    open_cases: int
    away_until: date | None = None
    deputy: str = ""


async def check_taker(conn: Conn, report: Concern, staff_id: UUID) -> None:
    """Whether the case may be given to them; it stays so until the transaction ends. Raises Invalid, saying why not."""
    found = await onlookers.held(conn, staff_id)
    if found is None or found.agency_id != report.agency_id or found.role not in onlookers.TAKE_CASES:
        raise Invalid("reports.colleague_unknown", field="colleague")
    if not found.active:
        raise Invalid("reports.colleague_disabled", field="colleague", name=found.full_name)
    if not onlookers.within_limits(found, report):
        raise Invalid("reports.colleague_limited", field="colleague", name=found.full_name)


async def of_report(conn: Conn, report: Concern, at: datetime | None = None) -> list[Colleague]:
    """Whom this case may be given to; who is away comes last, else who has least. At most four statements."""
    everybody = await _of(conn, [report.agency_id], at or datetime.now(UTC))
    return [one for one in everybody if onlookers.within_limits(one.staff, report)]


async def of_agencies(conn: Conn, agencies: Collection[str], at: datetime | None = None) -> list[Colleague]:
    """Everybody in these agencies whom a case may be given to, whatever cases they are limited to; as above."""
    return await _of(conn, agencies, at or datetime.now(UTC))


async def _of(conn: Conn, agencies: Collection[str], at: datetime) -> list[Colleague]:
    people = await onlookers.takers(conn, agencies)
    ids = [one.staff_id for one in people]
    names = {one.staff_id: one.full_name for one in people}
    has, away = await store.open_cases(conn, ids), await absence.away(conn, ids, at)
    acting = await absence.acting(conn, list(away), at)

    def deputy(staff_id: UUID) -> str:
        stands_in = acting.get(staff_id)
        return names.get(stands_in, "") if stands_in else ""

    found = [Colleague(one, has.get(one.staff_id, 0), away.get(one.staff_id), deputy(one.staff_id)) for one in people]
    return sorted(found, key=lambda one: (one.away_until is not None, one.open_cases, one.staff.full_name))
