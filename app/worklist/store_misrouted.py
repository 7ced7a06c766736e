"""SQL that finds out which rules send reports wrongly."""

from datetime import datetime

import asyncpg

from app.db import Conn


async def by_rule_and_end(conn: Conn, since: datetime) -> list[asyncpg.Record]:
    """For each rule and the agency that its wrongly sent reports are with now (NULL: rightly sent): how many."""
    return await conn.fetch(
        """
        WITH routed AS (
            SELECT r.report_id, r.agency_id, e.data ->> 'rule' AS rule, e.data ->> 'agency' AS chosen
            FROM reports r JOIN report_events e ON e.report_id = r.report_id AND e.seq = 2
            WHERE r.submitted_at >= $1 AND e.kind = 'assigned' AND e.data @> '{"at_intake": true}'
        ), handed_on AS (
            SELECT report_id, bool_or(kind = 'returned') AS returned, bool_or(kind = 'transferred') AS transferred,
                   bool_or(kind = 'reclassified') AS reclassified
            FROM report_events WHERE kind IN ('returned', 'transferred', 'reclassified')
            GROUP BY report_id
        ), judged AS (
            SELECT rule, agency_id, coalesce(returned, false) AS returned, coalesce(transferred, false) AS transferred,
                   agency_id <> chosen OR coalesce(returned OR transferred, false) AS wrong,
                   coalesce(reclassified, false) AS reclassified
            FROM routed LEFT JOIN handed_on USING (report_id)
        )
        SELECT rule, CASE WHEN wrong THEN agency_id END AS ended_up, count(*) AS reports,
               count(*) FILTER (WHERE returned) AS returned, count(*) FILTER (WHERE transferred) AS transferred,
               count(*) FILTER (WHERE wrong AND reclassified) AS reclassified
        FROM judged GROUP BY 1, 2 ORDER BY rule, reports DESC, ended_up
        """,
        since,
    )
