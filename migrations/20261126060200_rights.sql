-- migrate:up

-- 'view': a person asked to see what is held about them. A chat answers at once, so such a request is done when made.
ALTER TABLE data_requests DROP CONSTRAINT data_requests_kind_check;
ALTER TABLE data_requests ADD CONSTRAINT data_requests_kind_check CHECK (kind IN ('erase', 'view'));
CREATE INDEX data_requests_waiting ON data_requests (requested_at) WHERE done_at IS NULL;

-- Who may send no new reports for a while, decided by a coordinator on the strength of one report, never by name.
CREATE TABLE citizen_blocks (
    citizen_id  uuid NOT NULL REFERENCES citizens,
    blocked_at  timestamptz NOT NULL,
    report_id   uuid NOT NULL REFERENCES reports,
    blocked_by  uuid NOT NULL REFERENCES staff,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 5 AND 300),
    lifted_at   timestamptz,
    lifted_by   uuid REFERENCES staff,
    PRIMARY KEY (citizen_id, blocked_at),
    CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX citizen_blocks_now ON citizen_blocks (citizen_id) WHERE lifted_at IS NULL;

-- migrate:down
