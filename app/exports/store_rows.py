"""SQL of the list of reports: those received in a period, each as it was known at a moment."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from msgspec import Struct

from app.accounts.model import Actor
from app.db import Conn
from app.stats.life import SETS_CLOCK
from app.stats.model import Question


class Behind(Struct, frozen=True):
    """Where a piece of the list ends; the next one begins behind it."""

    at: datetime
    report_id: UUID


_AT = "AT TIME ZONE 'Asia/Ho_Chi_Minh'"


def statement(question: Question) -> str:
    """The next rows behind ``$5``, ``$6``: at most ``$7``. Everything in it but case columns is as it was known at
    ``$4``; those follow today's rights (``$8``–``$11``) and today's erasures."""
    filters = "".join(
        f" AND o.{column} = ANY(${number}::text[])" for number, (column, _) in enumerate(_wanted(question), 13)
    )
    return f"""
        WITH listed AS (
            SELECT o.report_id, o.at, o.agency, o.category, o.commune, o.channel FROM stats_occurrences o
            WHERE o.generation = $1 AND o.measure = 'received' AND o.at >= $2 AND o.at < $3
              AND o.known_from <= $4 AND (o.known_until IS NULL OR o.known_until > $4)
              AND o.at >= $5 AND (o.at, o.report_id) > ($5, $6){filters}
            ORDER BY o.at, o.report_id LIMIT $7
        )
        SELECT o.at, o.report_id, r.code, o.at {_AT} AS submitted_at, o.channel, o.category, o.commune, o.agency,
               CASE WHEN l.closed > 0 THEN 'closed' WHEN l.rejected > 0 THEN 'rejected'
                    WHEN l.merged > 0 THEN 'duplicate' WHEN l.withdrawn > 0 THEN 'withdrawn'
                    WHEN l.resolved_at IS NOT NULL THEN 'resolved' WHEN l.waiting <= 0 THEN 'split'
                    WHEN o.agency = '' THEN 'desk' ELSE 'open' END AS status,
               l.accepted_at {_AT} AS accepted_at, l.assigned_at {_AT} AS assigned_at,
               (SELECT coalesce(e.data->'proposed'->>'due', e.data->>'due')::timestamptz {_AT} FROM report_events e
                WHERE e.report_id = o.report_id AND e.at <= $4 AND e.kind = ANY($12::text[])
                  AND coalesce(e.data->'proposed'->>'due', e.data->>'due') IS NOT NULL
                ORDER BY e.seq DESC LIMIT 1) AS due_at,
               l.resolved_at {_AT} AS resolved_at,
               coalesce(l.timeliness, CASE WHEN l.late > 0 THEN 'overdue' END) AS timeliness, l.seconds / 60 AS minutes,
               l.rating, l.returned::int AS returned, l.transferred::int AS transferred,
               l.extensions::int AS extensions, l.reopened::int AS reopened,
               CASE WHEN seen THEN r.body END AS words, CASE WHEN seen THEN r.address END AS address,
               CASE WHEN seen AND r.lat IS NOT NULL
                    THEN round(r.lat::numeric, 6) || ', ' || round(r.lon::numeric, 6) END AS place
        FROM listed o
        JOIN reports r USING (report_id)
        CROSS JOIN LATERAL (SELECT {_SEEN} AS seen) rights
        CROSS JOIN LATERAL ({_LIFE}) l
        ORDER BY o.at, o.report_id
    """  # noqa: S608  # conditions of our own; what was asked goes by parameters


_SEEN = """
    ($8::bool OR r.agency_id = ANY($9::text[]) OR r.supervisor_id = ANY($9::text[])) IS TRUE
    AND ($10::text[] = '{}' OR r.category = ANY($10)) AND ($11::text[] = '{}' OR r.commune_code = ANY($11)) IS TRUE"""
"""``Actor.may_see``."""


def _happened(measure: str) -> str:
    return f"count(*) FILTER (WHERE x.measure = '{measure}')"


_LIFE = f"""
    SELECT {_happened("closed")} AS closed, {_happened("rejected")} AS rejected, {_happened("merged")} AS merged,
           {_happened("withdrawn")} AS withdrawn, {_happened("returned")} AS returned,
           {_happened("transferred")} AS transferred, {_happened("extended")} AS extensions,
           count(*) FILTER (WHERE x.measure IN ('reopened', 'disputed')) AS reopened,
           {_happened("open_in")} - {_happened("open_out")} AS waiting,
           {_happened("overdue_in")} - {_happened("overdue_out")} AS late,
           min(x.at) FILTER (WHERE x.measure IN ('accepted_on_time', 'accepted_late')) AS accepted_at,
           min(x.at) FILTER (WHERE x.measure = 'assigned') AS assigned_at,
           max(x.at) FILTER (WHERE x.measure LIKE 'resolved%') AS resolved_at,
           max(x.seconds) FILTER (WHERE x.measure LIKE 'resolved%') AS seconds,
           max(substr(x.measure, 10)) FILTER (WHERE x.measure LIKE 'resolved%') AS timeliness,
           max(substr(x.measure, 7)) FILTER (WHERE x.measure LIKE 'rated%') AS rating
    FROM stats_occurrences x
    WHERE x.generation = $1 AND x.report_id = o.report_id AND x.at < $4
      AND x.known_from <= $4 AND (x.known_until IS NULL OR x.known_until > $4)"""  # noqa: S608  # names of our own


def _wanted(question: Question) -> list[tuple[str, tuple[str, ...]]]:
    every = (
        ("agency", question.agencies),
        ("category", question.categories),
        ("commune", question.communes),
        ("channel", question.channels),
    )
    return [(column, values) for column, values in every if values]


def arguments(generation: int, question: Question, reader: Actor, behind: Behind, limit: int) -> list[Any]:
    return [
        generation,
        question.start,
        min(question.end, question.as_of),
        question.as_of,
        behind.at,
        behind.report_id,
        limit,
        reader.sees_all,
        sorted(reader.agencies),
        sorted(reader.categories),
        sorted(reader.communes),
        sorted(SETS_CLOCK),
        *(list(values) for _, values in _wanted(question)),
    ]


async def piece(
    conn: Conn, generation: int, question: Question, reader: Actor, behind: Behind, limit: int
) -> list[asyncpg.Record]:
    return await conn.fetch(statement(question), *arguments(generation, question, reader, behind, limit))
