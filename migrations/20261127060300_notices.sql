-- migrate:up
-- What the pages tell a member of staff: warnings, mentions, directions, cases given to them. Swept after 90 days.
CREATE TABLE notices (
    staff_id   uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    notice_id  uuid NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,              -- 'warned_handling_80', 'mentioned', …
    report_id  uuid NOT NULL REFERENCES reports,
    seq        int NOT NULL,               -- the event it tells of
    stands_for uuid REFERENCES staff,      -- who would have been told, were they not away
    read_at    timestamptz,
    PRIMARY KEY (staff_id, notice_id),
    UNIQUE (staff_id, report_id, seq)
);
-- Every page shows how many there are.
CREATE INDEX notices_unread ON notices (staff_id) WHERE read_at IS NULL;
CREATE INDEX notices_by_age ON notices (at);

-- Whom an agency, and those below it without rules of their own, has warned when. What is in it: app/escalation/model.py.
CREATE TABLE escalation_policies (
    agency_id  text PRIMARY KEY REFERENCES agencies,
    policy     jsonb NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by uuid REFERENCES staff
);

-- The ways by which somebody does not want to hear, where their agency leaves that to them.
CREATE TABLE staff_channels (
    staff_id uuid PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    off      text[] NOT NULL CHECK (off <@ ARRAY['in_app', 'chat', 'mail'])
);

-- migrate:down
