-- migrate:up

-- Files of figures and lists that staff ordered. Each is its orderer's alone and is forgotten after a week.
CREATE TABLE exports (
    export_id  uuid PRIMARY KEY,
    staff_id   uuid NOT NULL REFERENCES staff,
    format     text NOT NULL,
    lang       text NOT NULL CHECK (lang IN ('vi', 'en')),
    query      text NOT NULL,                 -- the question as an address writes it, within the orderer's rights
    as_of      timestamptz NOT NULL,          -- what is known later does not matter to it
    columns    text[] NOT NULL,               -- of the list of reports; by the orderer's rights
    same       bytea NOT NULL CHECK (length(same) = 32),   -- equal for orders of the same bytes
    tell       boolean NOT NULL,              -- whether its orderer is told that it is ready
    told       text CHECK (told IN ('sending', 'sent', 'uncertain', 'failed')),   -- in their chat
    state      text NOT NULL CHECK (state IN ('waiting', 'making', 'ready', 'failed', 'cancelled')),
    ordered_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz,
    done       int NOT NULL DEFAULT 0,        -- reports of the list written so far
    total      int,                           -- NULL: not yet counted
    rule_set   text,                          -- in force at as_of
    read_at    timestamptz,                   -- up to when the history had been read
    sha256     bytea,
    size_bytes bigint,
    problem    text,                          -- why it failed: a message key, with its parameters
    params     jsonb NOT NULL DEFAULT '{}',
    CHECK ((state = 'ready') = (sha256 IS NOT NULL))
);
CREATE INDEX exports_of ON exports (staff_id, ordered_at DESC);
CREATE INDEX exports_same ON exports (same) WHERE state IN ('waiting', 'making', 'ready');
CREATE INDEX exports_by_age ON exports (ordered_at);
CREATE INDEX exports_by_file ON exports (sha256) WHERE sha256 IS NOT NULL;

-- The finished files. A row is there before its object, so that nobody sweeps what is being stored.
CREATE TABLE export_blobs (
    sha256     bytea PRIMARY KEY CHECK (length(sha256) = 32),
    size_bytes bigint NOT NULL,
    touched_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX export_blobs_touched ON export_blobs (touched_at);
ALTER TABLE exports ADD FOREIGN KEY (sha256) REFERENCES export_blobs;

-- Not every notice is about a report: it may lead to any page of ours, and say in words what it is about.
ALTER TABLE notices ALTER COLUMN report_id DROP NOT NULL;
ALTER TABLE notices ADD COLUMN path text;
ALTER TABLE notices ADD COLUMN about text NOT NULL DEFAULT '';
ALTER TABLE notices ADD CHECK ((report_id IS NULL) = (path IS NOT NULL));
CREATE UNIQUE INDEX notices_by_path ON notices (staff_id, path, kind) WHERE path IS NOT NULL;

-- migrate:down
