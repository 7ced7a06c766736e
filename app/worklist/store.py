"""SQL of the queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.accounts.model import Actor
from app.db import Conn
from app.reports.model import Status
from app.reports.voices import voices_of
from app.reports.workflow import OPEN
from app.worklist.model import Filter, QueueRow

# Word for word the predicates of the partial indexes reports_queue, reports_supervised, reports_open and reports_done.
_IS_OPEN = "status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"
_IS_DONE = "status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"
_EACH = "SELECT s.* FROM {} AS own(id) CROSS JOIN LATERAL {} AS s"
_MINE = " AND agency_id = own.id"


class _Conditions:
    """Conditions and their parameters. What is not asked for is left out of the statement, so that the planner sees
    only what matters."""

    def __init__(self) -> None:
        self.where: list[str] = []
        self.values: list[Any] = []

    def mark(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, condition: str, *given: Any) -> None:
        self.where.append(condition.format(*(self.mark(value) for value in given)))


def _wanted(wanted: Filter, folded: str, after: tuple[datetime, UUID] | None) -> _Conditions:
    conditions = _Conditions()
    for column, value in (
        ("category", wanted.category),
        ("commune_code", wanted.commune_code),
        ("agency_id", wanted.agency_id),
        ("assignee_id", wanted.assignee_id),
    ):
        if value is not None:
            conditions.add(f"{column} = {{}}", value)
    if wanted.statuses:
        conditions.add("status = ANY({}::text[])", list(wanted.statuses))
    if wanted.overdue_at is not None:
        conditions.add("due_at < {} AND paused_at IS NULL", wanted.overdue_at)
    if wanted.extension_wanted:
        conditions.add("extension_wanted IS NOT NULL")
    if folded:
        pattern = folded.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        conditions.add("search_text LIKE {}", f"%{pattern}%")
    if after is not None:
        conditions.add("(due_at, report_id) > ({}, {})", *after)
    return conditions


def _sides(statuses: Sequence[str]) -> list[str]:
    """Open and done reports lie in indexes of their own."""
    wanted = {Status(status) for status in statuses}
    sides = [_IS_OPEN] if not wanted or wanted & OPEN else []
    return [*sides, _IS_DONE] if wanted - OPEN else sides


async def queue(
    conn: Conn,
    agencies: Sequence[str] | None,
    wanted: Filter,
    folded: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
    reader: Actor,
) -> list[QueueRow]:
    """Rows behind ``after`` by (deadline, id), within the reader's categories and communes. ``agencies`` None: all.

    Each agency is read in order from its own stretch of the index, as many rows as the page has, and the pages are
    merged; so are those of the reports that the agencies only supervise.
    """
    conditions = _wanted(wanted, folded, after)
    if reader.categories:
        conditions.add("category = ANY({}::text[])", sorted(reader.categories))
    if reader.communes:
        conditions.add("commune_code = ANY({}::text[])", sorted(reader.communes))
    page = conditions.mark(limit)
    own = conditions.mark(list(agencies)) if agencies is not None else None
    stretches = []
    for side in _sides(wanted.statuses):
        where = " AND ".join([side, *conditions.where])
        one = f"(SELECT report_id, due_at FROM reports WHERE {where}{{}} ORDER BY due_at, report_id LIMIT {page})"  # noqa: S608  # conditions of our own; what a person typed goes by parameters
        if own:
            others = f" AND supervisor_id = own.id AND agency_id <> ALL({own})"
            stretches += [_EACH.format(f"unnest({own}::text[])", one.format(mine)) for mine in (_MINE, others)]
        elif side == _IS_OPEN:
            stretches.append(one.format(""))
        else:
            stretches.append(_EACH.format("(SELECT agency_id FROM agencies)", one.format(_MINE)))
    rows = await conn.fetch(
        f"""
        WITH page AS (
            SELECT report_id FROM ({" UNION ALL ".join(stretches)}) AS found ORDER BY due_at, report_id LIMIT {page}
        )
        SELECT report_id, code, version, status, category, body, commune_name, address, agency_id, assignee_id, urgency,
               submitted_at, due_at, paused_at, {voices_of("r.report_id")},
               (SELECT encode(p.sha256, 'hex') FROM report_photos p WHERE p.report_id = r.report_id
                ORDER BY p.photo_id LIMIT 1),
               first_answer_due_at, first_answered_at
        FROM page JOIN reports r USING (report_id) ORDER BY due_at, report_id
        """,  # noqa: S608  # put together from conditions of our own
        *conditions.values,
    )
    return [QueueRow(*row.values()) for row in rows]
