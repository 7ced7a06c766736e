-- migrate:up

-- Where other systems hear of what happens to reports. The secret is encrypted; the one before it signs along until a
-- moment, so that receivers have time to change.
CREATE TABLE webhooks (
    webhook_id    uuid PRIMARY KEY,
    name          text NOT NULL,
    url           text NOT NULL,
    secret        bytea NOT NULL,
    old_secret    bytea,
    old_until     timestamptz,
    kinds         text[] NOT NULL,
    agencies      text[] NOT NULL,
    words         boolean NOT NULL,
    state         text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text NOT NULL,
    failing_since timestamptz,
    disabled_at   timestamptz,
    disabled_why  text CHECK (disabled_why IN ('failing', 'gone')),
    told_at       timestamptz
);

-- One message for one receiver. What is in it is composed from the history when it is sent.
CREATE TABLE webhook_deliveries (
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    report_id  uuid NOT NULL,
    seq        int NOT NULL,
    kind       text NOT NULL,
    state      text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'given_up')),
    tries      int NOT NULL DEFAULT 0,
    next_at    timestamptz NOT NULL DEFAULT now(),
    status     int,
    error      text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    PRIMARY KEY (report_id, seq, webhook_id)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook_id, next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_latest ON webhook_deliveries (webhook_id, created_at DESC);

-- Every attempt, successful or not.
CREATE TABLE webhook_attempts (
    webhook_id uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    report_id  uuid NOT NULL,
    seq        int NOT NULL,
    at         timestamptz NOT NULL,
    status     int,
    error      text NOT NULL DEFAULT '',
    ms         int NOT NULL
);
CREATE INDEX webhook_attempts_of ON webhook_attempts (report_id, seq, webhook_id, at);
CREATE INDEX webhook_attempts_at ON webhook_attempts (at);

-- How far the history has been read for them: from now on.
CREATE TABLE webhook_cursor (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    cursor_xid    xid8 NOT NULL,
    cursor_report uuid NOT NULL,
    cursor_seq    int NOT NULL
);
INSERT INTO webhook_cursor (cursor_xid, cursor_report, cursor_seq)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000', 0);

-- migrate:down
