"""SQL of the queue."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.db import Conn
from app.worklist.model import Filter, QueueRow

_OPEN = "status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')"


async def queue(
    conn: Conn,
    agencies: Sequence[str] | None,
    wanted: Filter,
    folded: str,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[QueueRow]:
    """Rows behind ``after`` by (deadline, id). ``agencies`` None: all. Conditions that are not asked for are left out
    of the statement, so that the planner sees only what matters and takes the queue's own index."""
    where, values = [], list[Any]()

    def add(condition: str, *given: Any) -> None:
        marks = [f"${len(values) + i + 1}" for i in range(len(given))]
        values.extend(given)
        where.append(condition.format(*marks))

    if wanted.statuses:
        add("status = ANY({})", list(wanted.statuses))
    else:
        where.append(_OPEN)
    if agencies is not None:
        add("(agency_id = ANY({0}) OR supervisor_id = ANY({0}))", list(agencies))
    for column, value in (
        ("category", wanted.category),
        ("commune_code", wanted.commune_code),
        ("agency_id", wanted.agency_id),
        ("assignee_id", wanted.assignee_id),
    ):
        if value is not None:
            add(f"{column} = {{}}", value)
    if wanted.overdue_at is not None:
        add("due_at < {} AND paused_at IS NULL", wanted.overdue_at)
    if folded:
        pattern = folded.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        add("search_text LIKE {}", f"%{pattern}%")
    if after is not None:
        add("(due_at, report_id) > ({}, {})", *after)
    add("true ORDER BY due_at, report_id LIMIT {}", limit)
    rows = await conn.fetch(
        f"""
        SELECT report_id, code, version, status, category, body, commune_name, address, agency_id, assignee_id, urgency,
               submitted_at, due_at, paused_at,
               (SELECT encode(p.sha256, 'hex') FROM report_photos p WHERE p.report_id = r.report_id
                ORDER BY p.photo_id LIMIT 1)
        FROM reports r WHERE {" AND ".join(where)}
        """,  # noqa: S608  # conditions of our own; what a person typed goes by parameters
        *values,
    )
    return [QueueRow(*row.values()) for row in rows]
