-- migrate:up
-- When each open report's deadline is to be warned of next, kept in step by the worker alone (app/reports/warning.py);
-- nothing is written here when a report comes in. ``seen_seq``: the event up to which it was looked at; ``next_at``
-- NULL: nothing is to come unless something happens.
CREATE TABLE report_watches (
    report_id uuid PRIMARY KEY REFERENCES reports,
    seen_seq  int NOT NULL,
    next_at   timestamptz
);
CREATE INDEX report_watches_due ON report_watches (next_at, report_id) WHERE next_at IS NOT NULL;

-- migrate:down
