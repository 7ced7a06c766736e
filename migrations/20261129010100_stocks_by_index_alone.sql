-- migrate:up

-- What was in a stock at a moment is read from an index alone. A stay that was known otherwise from some time on is gone
-- with that, so that what was corrected long ago is not looked at by every question.
DO $$
DECLARE
    kept regclass;
    index regclass;
BEGIN
    FOR kept IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relname ~ '^stats_occurrences(_\d+)?$' LOOP
        FOR index IN SELECT indexrelid FROM pg_index
                     WHERE indrelid = kept AND pg_get_indexdef(indexrelid) LIKE '%stats_reach(at, until)%' LOOP
            EXECUTE format('DROP INDEX %s', index);
        END LOOP;
        EXECUTE format('CREATE INDEX %I ON %s (measure, stats_reach(at, least(until, known_until)), at)
                        INCLUDE (until, known_from, known_until, sent, agency, category, commune, channel, report_id)
                        WHERE sent IS NOT NULL', kept || '_there', kept);
        -- Pages that are known to be visible are what makes such an index do alone.
        EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.02,
                                            autovacuum_vacuum_insert_scale_factor = 0.02)', kept);
    END LOOP;
END
$$;

-- migrate:down
