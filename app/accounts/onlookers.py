"""Who else may see a report: for calling a colleague into a case."""

from app.accounts import store
from app.accounts.model import Concern, Staff
from app.db import Conn


async def who_may_see(conn: Conn, report: Concern) -> list[Staff]:
    """Everybody with an open account whose business the report is (see ``Actor.may_see``), by name. One statement."""
    found = await store.onlookers(conn, [one for one in (report.agency_id, report.supervisor_id) if one])
    return [one for one in found if _within_limits(one, report)]


def _within_limits(one: Staff, report: Concern) -> bool:
    category = not one.categories or report.category in one.categories
    return category and (not one.communes or report.commune_code in one.communes)
