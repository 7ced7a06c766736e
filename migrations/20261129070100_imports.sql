-- migrate:up

ALTER TABLE reports DROP CONSTRAINT reports_channel_check;
ALTER TABLE reports ADD CONSTRAINT reports_channel_check CHECK (channel IN
    ('web', 'api', 'telegram', 'zalo_bot', 'zalo_oa', 'hotline', 'open311', 'import')) NOT VALID;
ALTER TABLE reports VALIDATE CONSTRAINT reports_channel_check;

-- Each time another system's history was taken over, or tried to be: from what, by whom, how far it has come.
CREATE TABLE import_runs (
    run_id      uuid PRIMARY KEY,
    source      text NOT NULL CHECK (source <> ''),          -- what the other system is called
    kind        text NOT NULL CHECK (kind IN ('csv', 'fixmystreet', 'open311')),
    read_from   text NOT NULL,                               -- the file's name, or the other server's address
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),  -- of the file and everything that decides how it is read
    started_by  text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    rows_done   int NOT NULL DEFAULT 0,
    fresh       int NOT NULL DEFAULT 0,
    advanced    int NOT NULL DEFAULT 0,
    same        int NOT NULL DEFAULT 0,
    left_alone  int NOT NULL DEFAULT 0,
    refused     int NOT NULL DEFAULT 0
);
CREATE INDEX import_runs_newest ON import_runs (started_at DESC);

-- Which rows of a run were refused or left alone, and why; never what stood in them.
CREATE TABLE import_faults (
    run_id  uuid NOT NULL REFERENCES import_runs,
    row     int NOT NULL,                                    -- of those with data, from 1
    line    int NOT NULL,
    number  text NOT NULL,
    field   text NOT NULL,
    key     text NOT NULL,
    params  jsonb NOT NULL DEFAULT '{}',
    refused boolean NOT NULL,
    PRIMARY KEY (run_id, row)
);

-- What a report was called in the system it came from: one report for each number of a source.
CREATE TABLE imported_reports (
    source      text NOT NULL,
    number      text NOT NULL CHECK (number <> ''),
    report_id   uuid NOT NULL REFERENCES reports,
    run_id      uuid NOT NULL REFERENCES import_runs,        -- the last one that wrote something of it
    row_hash    bytea NOT NULL CHECK (length(row_hash) = 32),
    last_seq    int NOT NULL,                                -- of what imports wrote; what comes behind was done here
    search_text text NOT NULL,
    PRIMARY KEY (source, number)
);
CREATE UNIQUE INDEX imported_reports_by_report ON imported_reports (report_id);

-- migrate:down
