-- migrate:up

-- How far the history has been read, and which generation of the tables below answers questions. A rebuild fills the next
-- generation beside it.
CREATE TABLE stats_state (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    generation    int NOT NULL DEFAULT 1,
    cursor_xid    xid8 NOT NULL DEFAULT '0',
    cursor_report uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    cursor_seq    int NOT NULL DEFAULT 0,
    read_at       timestamptz NOT NULL DEFAULT '-infinity'   -- when the history was last read to its end
);
INSERT INTO stats_state DEFAULT VALUES;

-- What happened in the reports' lives, as app/stats/life.py works it out. It holds as of any time from known_from until
-- known_until; without an end it holds today.
CREATE TABLE stats_occurrences (
    generation  int NOT NULL,
    report_id   uuid NOT NULL,
    measure     text NOT NULL,
    at          timestamptz NOT NULL,
    known_from  timestamptz NOT NULL,
    known_until timestamptz,
    agency      text NOT NULL,                -- '' as long as no agency has it
    category    text NOT NULL,
    commune     text NOT NULL,                -- '' where nobody knows it
    channel     text NOT NULL,
    seconds     int
) PARTITION BY LIST (generation);
CREATE INDEX stats_occurrences_by_report ON stats_occurrences (report_id);
CREATE INDEX stats_occurrences_by_time ON stats_occurrences (measure, at);
-- What an earlier "as of" sees otherwise than today.
CREATE INDEX stats_occurrences_corrected ON stats_occurrences (measure, at)
    WHERE known_until IS NOT NULL OR known_from > at;

-- The sums of what holds today, in half days of Vietnam's time: periods may begin at noon.
CREATE TABLE stats_sums (
    generation int NOT NULL,
    slot       timestamptz NOT NULL,
    measure    text NOT NULL,
    agency     text NOT NULL,
    category   text NOT NULL,
    commune    text NOT NULL,
    channel    text NOT NULL,
    n          int NOT NULL,
    seconds    bigint NOT NULL,
    PRIMARY KEY (generation, measure, slot, agency, category, commune, channel)
) PARTITION BY LIST (generation);

CREATE TABLE stats_occurrences_1 PARTITION OF stats_occurrences FOR VALUES IN (1);
CREATE TABLE stats_sums_1 PARTITION OF stats_sums FOR VALUES IN (1);

-- migrate:down
