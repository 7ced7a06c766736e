"""SQL that finds out which rules send reports wrongly."""

from datetime import datetime

import asyncpg

from app.db import Conn
from app.worklist.model import Missent

_JUDGED = """
    WITH sent AS MATERIALIZED (
        SELECT report_id, agency_id FROM reports
        WHERE submitted_at >= $1 AND ($2::timestamptz IS NULL OR submitted_at < $2)
    ), routed AS (
        SELECT report_id, agency_id, rule, chosen
        FROM sent CROSS JOIN LATERAL (
            SELECT e.data ->> 'rule' AS rule, e.data ->> 'agency' AS chosen FROM report_events e
            WHERE e.report_id = sent.report_id AND e.seq = 2 AND e.kind = 'assigned'
              AND e.data @> '{"at_intake": true}' OFFSET 0
        ) e
    ), handed_on AS (
        SELECT report_id, bool_or(kind = 'returned') AS returned, bool_or(kind = 'transferred') AS transferred,
               bool_or(kind = 'reclassified') AS reclassified
        FROM sent CROSS JOIN LATERAL (
            SELECT e.kind FROM report_events e
            WHERE e.report_id = sent.report_id AND e.kind IN ('returned', 'transferred', 'reclassified') OFFSET 0
        ) e
        GROUP BY report_id
    ), judged AS (
        SELECT report_id, rule, chosen, agency_id, coalesce(returned, false) AS returned,
               coalesce(transferred, false) AS transferred,
               agency_id <> chosen OR coalesce(returned OR transferred, false) AS wrong,
               coalesce(reclassified, false) AS reclassified
        FROM routed LEFT JOIN handed_on USING (report_id)
    )
"""
"""Each report sent by a rule from $1 on and before $2 (NULL: until now), and whether that was wrong.

Report by report (OFFSET 0 keeps it so): the planner does not see how few events a period has, and would read the whole
history.
"""


async def by_rule_and_end(conn: Conn, since: datetime, until: datetime | None) -> list[asyncpg.Record]:
    """For each rule and the agency that its wrongly sent reports are with now (NULL: rightly sent): how many."""
    return await conn.fetch(
        f"""
        {_JUDGED}
        SELECT rule, CASE WHEN wrong THEN agency_id END AS ended_up, count(*) AS reports,
               count(*) FILTER (WHERE returned) AS returned, count(*) FILTER (WHERE transferred) AS transferred,
               count(*) FILTER (WHERE wrong AND reclassified) AS reclassified
        FROM judged GROUP BY 1, 2 ORDER BY rule, reports DESC, ended_up
        """,  # noqa: S608  # a constant
        since,
        until,
    )


async def missent(conn: Conn, rule: str, since: datetime, until: datetime, limit: int) -> tuple[list[Missent], int]:
    """What a rule sent wrongly, the latest first; and how many there are."""
    rows = await conn.fetch(
        f"""
        {_JUDGED}
        SELECT j.report_id, r.code, r.submitted_at, r.category, r.commune_code, r.commune_name, j.chosen, j.agency_id,
               r.supervisor_id, j.returned, j.transferred, j.reclassified, count(*) OVER () AS number
        FROM judged j JOIN reports r USING (report_id) WHERE j.wrong AND j.rule = $3
        ORDER BY r.submitted_at DESC, j.report_id LIMIT $4
        """,  # noqa: S608  # a constant
        since,
        until,
        rule,
        limit,
    )
    return [Missent(*list(row.values())[:-1]) for row in rows], rows[0]["number"] if rows else 0
