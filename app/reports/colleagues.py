"""Whom a case may be given to: whoever of the agency that has it handles cases and may see this one."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from uuid import UUID

from msgspec import Struct, structs

from app.accounts import absence, onlookers
from app.accounts.model import Concern
from app.db import Conn
from app.errors import Invalid
from app.reports import store_colleagues as store


class Colleague(Struct, frozen=True):
    """``open_cases``: how many open ones they have; ``away_until``: their last day of absence where they are away
    today, ``deputy`` who stands in then ("" nobody)."""

    staff_id: UUID
    name: str
    agency_id: str
    categories: tuple[str, ...]
    communes: tuple[str, ...]
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
    """Whom this case may be given to; who is away comes last, else who has least. One statement, a second
    where somebody is away."""
    everybody = await of_agencies(conn, [report.agency_id], at)
    return [one for one in everybody if onlookers.within_limits(one, report)]


async def of_agencies(conn: Conn, agencies: Collection[str], at: datetime | None = None) -> list[Colleague]:
    """Everybody in these agencies whom a case may be given to, whatever cases they are limited to; as above."""
    at = at or datetime.now(UTC)
    rows = await store.takers(conn, sorted(agencies), sorted(onlookers.TAKE_CASES), absence.day_of(at))
    names = {row["staff_id"]: row["full_name"] for row in rows}
    found = [Colleague(row["staff_id"], row["full_name"], row["agency_id"], tuple(row["categories"]),
                       tuple(row["communes"]), row["has"], row["away_until"]) for row in rows]  # fmt: skip
    acting = await absence.acting(conn, [one.staff_id for one in found if one.away_until], at)
    deputies = {away: names.get(deputy, "") for away, deputy in acting.items() if deputy}
    found = [structs.replace(one, deputy=deputies.get(one.staff_id, "")) for one in found]
    return sorted(found, key=lambda one: (one.away_until is not None, one.open_cases, one.name))
