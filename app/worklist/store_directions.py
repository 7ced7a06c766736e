"""SQL of the leaders' directions: events of the history, each with the event that ended it."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from app.accounts.model import Actor
from app.db import Conn

_DUE = "(e.data ->> 'due')::timestamptz"
_GIVEN = f"""
    SELECT (e.data ->> 'direction')::uuid AS direction_id, e.report_id, r.code, r.status, r.category, r.commune_name,
           r.agency_id, e.at AS given_at, e.actor_id AS given_by, {_DUE} AS due_at, coalesce(m.body, '') AS words,
           x.kind AS ended, x.at AS ended_at, x.actor_id AS ended_by, (x.data ->> 'on_time')::bool AS on_time,
           coalesce(a.body, '') AS answer
    FROM report_events e
    JOIN reports r USING (report_id)
    LEFT JOIN LATERAL (
        SELECT kind, at, actor_id, data FROM report_events x
        WHERE x.report_id = e.report_id AND x.seq > e.seq AND x.kind IN ('direction_answered', 'direction_lifted')
          AND x.data ->> 'direction' = e.data ->> 'direction'
        LIMIT 1
    ) x ON true
    LEFT JOIN report_messages m ON m.report_id = e.report_id AND m.message_id = (e.data ->> 'message_id')::uuid
    LEFT JOIN report_messages a ON a.report_id = e.report_id AND a.message_id = (x.data ->> 'message_id')::uuid
    WHERE e.kind = 'directed' AND e.data ? 'direction'
"""  # noqa: S608  # an expression of our own
_STATE = {
    # That the report has an open one is said in its row, and those rows have an index.
    "open": f"r.directed_due_at IS NOT NULL AND x.kind IS NULL ORDER BY {_DUE}, e.report_id",
    "late": f"r.directed_due_at < {{now}} AND x.kind IS NULL AND {_DUE} < {{now}} ORDER BY {_DUE}, e.report_id",
    "done": "x.kind = 'direction_answered' ORDER BY e.at DESC, e.report_id DESC",
    "lifted": "x.kind = 'direction_lifted' ORDER BY e.at DESC, e.report_id DESC",
}


async def directions(
    conn: Conn, actor: Actor, state: str, at: datetime, by: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Those on reports that the actor sees (``Actor.may_see`` in SQL)."""
    values: list[Any] = [limit]

    def mark(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    conditions = []
    if by is not None:
        conditions.append(f"e.actor_id = {mark(by)}")
    if not actor.sees_all:
        ours = mark(sorted(actor.agencies))
        conditions.append(f"(r.agency_id = ANY({ours}::text[]) OR r.supervisor_id = ANY({ours}::text[]))")
    if actor.categories:
        conditions.append(f"r.category = ANY({mark(sorted(actor.categories))}::text[])")
    if actor.communes:
        conditions.append(f"r.commune_code = ANY({mark(sorted(actor.communes))}::text[])")
    now = mark(at) if state == "late" else ""
    conditions.append(_STATE[state].format(now=now))
    return await conn.fetch(f"{_GIVEN} AND {' AND '.join(conditions)} LIMIT $1", *values)


async def of_report(conn: Conn, report_id: UUID) -> list[asyncpg.Record]:
    return await conn.fetch(f"{_GIVEN} AND e.report_id = $1 ORDER BY e.seq", report_id)
