"""Many reports at once. What of them a reader may see is the caller's check."""

from collections.abc import Sequence
from uuid import UUID

from app.db import Conn
from app.reports import store
from app.reports.model import Report


async def of_ids(conn: Conn, report_ids: Sequence[UUID]) -> dict[UUID, Report]:
    """Many reports at once; unknown ids are left out."""
    return {report.report_id: report for report in await store.by_ids(conn, report_ids)}


async def of_codes(conn: Conn, found: Sequence[str]) -> list[Report]:
    """Many reports by their codes as ``codes.read_code`` gives them; unknown ones are left out."""
    return await store.by_codes(conn, found)
