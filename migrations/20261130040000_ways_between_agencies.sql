-- migrate:up

-- Up to where the history is settled: of all transactions before this one, those that write history have ended, so that no
-- event with a smaller xid will ever appear (app/history). Those that hold the advisory lock below write none: long work on
-- the statistics, for which nobody has to wait.
CREATE FUNCTION history_settled_before() RETURNS xid8
STABLE LANGUAGE sql
RETURN coalesce(
    (SELECT running FROM pg_snapshot_xip(pg_current_snapshot()) AS running
     WHERE NOT EXISTS (
         SELECT FROM pg_locks own JOIN pg_locks marked USING (pid)
         WHERE own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted
           AND own.transactionid = running::xid
           -- 7041966003, as such a lock's number is shown in two halves.
           AND marked.locktype = 'advisory' AND marked.granted AND marked.objsubid = 1
           AND marked.classid = 1 AND marked.objid = 2746998707
           AND marked.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     ORDER BY running LIMIT 1),
    pg_snapshot_xmax(pg_current_snapshot()));

-- How each report found its way between the agencies, as app/stats/ways.py works it out: of reports that a rule sent
-- somewhere and of those that were handed on twice or more. rule '': none decided; ended_up: with whom a report is now that
-- was sent wrongly, else 0; again_at, last_at: when it was handed on for the second and for the last time. Like the other
-- tables of the statistics, these stay empty and say how those of a generation are made.
CREATE TABLE stats_ways (
    report_id    uuid NOT NULL,
    sent         timestamptz NOT NULL,
    again_at     timestamptz,
    last_at      timestamptz,
    chosen       smallint NOT NULL,
    ended_up     smallint NOT NULL,
    returned     boolean NOT NULL,
    transferred  boolean NOT NULL,
    reclassified boolean NOT NULL,
    rule         text NOT NULL
);
CREATE UNIQUE INDEX stats_ways_by_report ON stats_ways (report_id);
CREATE INDEX stats_ways_wrong ON stats_ways (rule, sent DESC, report_id) WHERE ended_up <> 0;
CREATE INDEX stats_ways_round ON stats_ways (last_at) INCLUDE (again_at, report_id) WHERE again_at IS NOT NULL;

-- The same added up: by half day of sending, rule, and where they ended up (0: rightly sent).
CREATE TABLE stats_rules (
    slot         timestamptz NOT NULL,
    ended_up     smallint NOT NULL,
    reports      int NOT NULL,
    returned     int NOT NULL,
    transferred  int NOT NULL,
    reclassified int NOT NULL,
    rule         text NOT NULL
);
CREATE UNIQUE INDEX stats_rules_key ON stats_rules (slot, rule, ended_up);

-- Those of the generation that answers, out of the history in one go.
DO $$
DECLARE
    answering int;
BEGIN
    PERFORM pg_advisory_xact_lock(7041966001), pg_advisory_xact_lock_shared(7041966003);
    SELECT generation INTO answering FROM stats_state;
    EXECUTE format('CREATE TABLE stats_ways_%s (LIKE stats_ways)', answering);
    EXECUTE format('CREATE TABLE stats_rules_%s (LIKE stats_rules)', answering);
    CREATE TEMPORARY TABLE ways ON COMMIT DROP AS
        SELECT r.report_id, r.submitted_at AS sent, moves[2] AS again_at, moves[cardinality(moves)] AS last_at,
               coalesce(chosen, '') AS chosen, r.agency_id <> chosen OR moves IS NOT NULL AS wrong,
               CASE WHEN a.kind = 'operations_centre' THEN '' ELSE r.agency_id END AS holder,
               returned, transferred, reclassified, coalesce(rule, '') AS rule
        FROM (
            SELECT report_id, max(data ->> 'rule') FILTER (WHERE by_rule) AS rule,
                   max(data ->> 'agency') FILTER (WHERE by_rule) AS chosen,
                   bool_or(kind = 'returned') AS returned, bool_or(kind = 'transferred') AS transferred,
                   bool_or(kind = 'reclassified') AS reclassified,
                   array_agg(at ORDER BY seq) FILTER (WHERE kind IN ('returned', 'transferred')) AS moves
            FROM report_events CROSS JOIN LATERAL (
                SELECT kind = 'assigned' AND seq = 2 AND data @> '{"at_intake": true}' AS by_rule
            ) e
            WHERE kind IN ('assigned', 'returned', 'transferred', 'reclassified') GROUP BY report_id
        ) e JOIN reports r USING (report_id) JOIN agencies a ON a.agency_id = r.agency_id
        WHERE rule IS NOT NULL OR moves[2] IS NOT NULL;
    INSERT INTO stats_words (word)
        SELECT chosen FROM ways UNION SELECT holder FROM ways WHERE wrong ON CONFLICT DO NOTHING;
    EXECUTE format(
        'INSERT INTO stats_ways_%s (report_id, sent, again_at, last_at, chosen, ended_up, returned, transferred, reclassified,
                                    rule)
         SELECT report_id, sent, again_at, last_at, c.code, CASE WHEN rule <> '''' AND wrong THEN h.code ELSE 0 END,
                returned, transferred, reclassified, rule
         FROM ways JOIN stats_words c ON c.word = chosen LEFT JOIN stats_words h ON h.word = holder', answering);
    EXECUTE format(
        'INSERT INTO stats_rules_%s (slot, rule, ended_up, reports, returned, transferred, reclassified)
         SELECT date_bin(''12 hours'', sent, timestamptz ''1970-01-01 05:00+00''), rule, ended_up, count(*),
                count(*) FILTER (WHERE returned), count(*) FILTER (WHERE transferred),
                count(*) FILTER (WHERE reclassified AND ended_up <> 0)
         FROM stats_ways_%s WHERE rule <> '''' GROUP BY 1, 2, 3', answering, answering);
    EXECUTE format('CREATE UNIQUE INDEX ON stats_ways_%s (report_id)', answering);
    EXECUTE format('CREATE INDEX ON stats_ways_%s (rule, sent DESC, report_id) WHERE ended_up <> 0', answering);
    EXECUTE format('CREATE INDEX ON stats_ways_%s (last_at) INCLUDE (again_at, report_id) WHERE again_at IS NOT NULL',
                   answering);
    EXECUTE format('CREATE UNIQUE INDEX ON stats_rules_%s (slot, rule, ended_up)', answering);
END
$$;

-- migrate:down
