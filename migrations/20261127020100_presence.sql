-- migrate:up

-- Who has a case open at this moment. Nothing is lost when it is: it is true for less than a minute, hence unlogged.
CREATE UNLOGGED TABLE case_presence (
    report_id uuid NOT NULL,
    staff_id  uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    writing   boolean NOT NULL,
    seen_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, staff_id)
);
CREATE INDEX case_presence_by_age ON case_presence (seen_at);

-- migrate:down
