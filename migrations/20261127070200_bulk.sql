-- migrate:up

-- One act on many reports: what a person chose, and what became of each. Seen by that person alone, forgotten after a month.
CREATE TABLE bulk_runs (
    run_id     uuid PRIMARY KEY,
    staff_id   uuid NOT NULL REFERENCES staff,
    act        text NOT NULL,
    wanted     jsonb NOT NULL DEFAULT '{}',
    back       text NOT NULL DEFAULT '',
    state      text NOT NULL CHECK (state IN ('preview', 'running', 'done', 'cancelled')),
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz
);
CREATE INDEX bulk_runs_of ON bulk_runs (staff_id, created_at DESC);
CREATE INDEX bulk_runs_by_age ON bulk_runs (created_at);

CREATE TABLE bulk_rows (
    run_id    uuid NOT NULL REFERENCES bulk_runs ON DELETE CASCADE,
    place     int NOT NULL,
    code      text NOT NULL,
    report_id uuid REFERENCES reports,         -- NULL: none that this person may know of
    version   int,                             -- as the preview showed it
    state     text NOT NULL CHECK (state IN ('waiting', 'done', 'refused', 'left_out', 'cancelled')),
    problems  jsonb NOT NULL DEFAULT '[]',     -- why it was refused: message keys with their parameters
    PRIMARY KEY (run_id, place)
);

-- migrate:down
