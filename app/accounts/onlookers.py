"""Who else may see a report, and who may have it: for calling a colleague into a case, and for giving it to one."""

from typing import Protocol
from uuid import UUID

from app.accounts import store
from app.accounts.model import Concern, Role, Staff
from app.db import Conn

TAKE_CASES = frozenset({Role.OFFICER, Role.LEAD})
"""Whoever handles an agency's cases."""


class Limited(Protocol):
    """Whoever is limited to categories and communes; none: no further."""

    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def communes(self) -> tuple[str, ...]: ...


async def who_may_see(conn: Conn, report: Concern) -> list[Staff]:
    """Everybody with an open account whose business the report is (see ``Actor.may_see``), by name. One statement."""
    found = await store.onlookers(conn, [one for one in (report.agency_id, report.supervisor_id) if one])
    return [one for one in found if within_limits(one, report)]


async def held(conn: Conn, staff_id: UUID) -> Staff | None:
    """This account, as it stays until the transaction ends: nobody shuts or moves it meanwhile."""
    return await store.staff_held(conn, staff_id)


def within_limits(one: Limited, report: Concern) -> bool:
    category = not one.categories or report.category in one.categories
    return category and (not one.communes or report.commune_code in one.communes)
