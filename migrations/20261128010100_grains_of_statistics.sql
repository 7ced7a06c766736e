-- migrate:up

-- Statistics of millions of reports (app/stats/grains.py): sums in several grains, and how times are spread. Each
-- generation has tables of its own now, made like those below, which stay empty and only say how (app/stats/store.py).
-- What was kept before is worked out anew when the history is next read.
DROP TABLE stats_occurrences;
DROP TABLE stats_sums;
UPDATE stats_state SET generation = 0, cursor_xid = '0', cursor_report = '00000000-0000-0000-0000-000000000000',
                       cursor_seq = 0, read_at = '-infinity';

-- Codes for measures, agencies, categories, communes and channels: short keys for many rows. '' has one too.
CREATE TABLE stats_words (
    code smallint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    word text NOT NULL UNIQUE
);

-- How many doublings of an hour lie between two moments, rounded up; 31 where there is no end. What holds at a moment has
-- begun within so many hours before it, which makes short index ranges of "all that holds then".
CREATE FUNCTION stats_reach(since timestamptz, until timestamptz) RETURNS int
IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN CASE WHEN until IS NULL THEN 31 ELSE
    least(ceil(ln(greatest(extract(epoch FROM until - since)::float8 / 3600, 1)) / ln(2::float8))::int, 30) END;

-- The beginning of the span in which a half day lies: spans end on the first at midnight and on the 25th at noon in Vietnam.
CREATE FUNCTION stats_span(slot timestamptz) RETURNS timestamptz
IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN date_trunc('month', slot AT TIME ZONE interval '7 hours') AT TIME ZONE interval '7 hours'
    + CASE WHEN slot AT TIME ZONE interval '7 hours' >= date_trunc('month', slot AT TIME ZONE interval '7 hours') + interval '24 days 12 hours'
           THEN interval '588 hours' ELSE interval '0' END;

-- A spread (app/stats/spread.py) with one entry for each of its buckets.
CREATE FUNCTION stats_packed(spread bytea) RETURNS bytea
IMMUTABLE PARALLEL SAFE LANGUAGE sql
RETURN (
    SELECT string_agg(int2send(bucket::int2) || int4send(n::int4), ''::bytea ORDER BY bucket) FROM (
        SELECT (get_byte(spread, at) << 8) | get_byte(spread, at + 1) AS bucket,
               sum((get_byte(spread, at + 2) << 24) | (get_byte(spread, at + 3) << 16)
                   | (get_byte(spread, at + 4) << 8) | get_byte(spread, at + 5)) AS n
        FROM generate_series(0, length(spread) - 6, 6) AS at GROUP BY 1
    ) AS entries WHERE n <> 0
);

-- What happened in the reports' lives, as app/stats/life.py works it out. It holds as of any time from known_from until
-- known_until; without an end it holds today. Of what came into a stock: until when it was there, and when the report was
-- sent.
CREATE TABLE stats_occurrences (
    report_id   uuid NOT NULL,
    at          timestamptz NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    until       timestamptz,
    sent        timestamptz,
    seconds     int,
    measure     smallint NOT NULL,
    agency      smallint NOT NULL,
    category    smallint NOT NULL,
    commune     smallint NOT NULL,
    channel     smallint NOT NULL
);
CREATE INDEX stats_occurrences_by_report ON stats_occurrences (report_id);
-- Lists, and what is counted one by one.
CREATE INDEX stats_occurrences_by_time ON stats_occurrences
    (measure, at, agency, category, commune, channel, seconds) WHERE known_until IS NULL;
CREATE INDEX stats_occurrences_by_length ON stats_occurrences
    (measure, seconds, at, agency, category, commune, channel) WHERE known_until IS NULL AND seconds IS NOT NULL;
-- Stocks: what was there at a moment.
CREATE INDEX stats_occurrences_there ON stats_occurrences (stats_reach(at, until), at) WHERE sent IS NOT NULL;
-- What an earlier "as of" sees that no longer holds, and what it does not see yet.
CREATE INDEX stats_occurrences_ended ON stats_occurrences
    (stats_reach(greatest(at, known_from), known_until), greatest(at, known_from)) WHERE known_until IS NOT NULL;
CREATE INDEX stats_occurrences_learnt ON stats_occurrences (stats_reach(at, known_from), at)
    WHERE known_until IS NULL AND known_from > at;

-- The sums of what holds today. grain: a bit for each dimension told apart (agency, category, commune, channel), and 16
-- where slot begins a span and not a half day. A dimension that is not told apart is 0.
CREATE TABLE stats_sums (
    grain    smallint NOT NULL,
    agency   smallint NOT NULL,
    category smallint NOT NULL,
    commune  smallint NOT NULL,
    channel  smallint NOT NULL,
    slot     timestamptz NOT NULL,
    received int, accepted_on_time int, accepted_late int, assigned int, answered_on_time int, answered_late int,
    resolved_on_time int, resolved_extended int, resolved_late int, closed int, rejected int, merged int, withdrawn int,
    returned int, transferred int, disputed int, reopened int, extended int, directed int, rated_satisfied int,
    rated_acceptable int, rated_dissatisfied int, open_in int, open_out int, overdue_in int, overdue_out int,
    accepted_on_time_seconds bigint, accepted_late_seconds bigint, assigned_seconds bigint,
    answered_on_time_seconds bigint, answered_late_seconds bigint, resolved_on_time_seconds bigint,
    resolved_extended_seconds bigint, resolved_late_seconds bigint,
    accepted_on_time_spread bytea, accepted_late_spread bytea, assigned_spread bytea, resolved_on_time_spread bytea,
    resolved_extended_spread bytea, resolved_late_spread bytea
);
CREATE UNIQUE INDEX stats_sums_key ON stats_sums (grain, agency, category, commune, channel, slot);

CREATE TABLE stats_occurrences_0 (LIKE stats_occurrences INCLUDING ALL);
CREATE TABLE stats_sums_0 (LIKE stats_sums INCLUDING ALL) WITH (fillfactor = 85);

-- migrate:down
