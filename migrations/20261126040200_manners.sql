-- migrate:up

-- How people want to be told: not at all, not of this report, at the address they used last.
ALTER TABLE citizens ADD COLUMN muted_at timestamptz;
CREATE TABLE report_mutes (
    citizen_id uuid NOT NULL REFERENCES citizens,
    report_id  uuid NOT NULL REFERENCES reports,
    since      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (citizen_id, report_id)
);

-- muted: the person does not want it. superseded: something newer about the report was told before it could go out.
ALTER TABLE notifications
    DROP CONSTRAINT notifications_status_check,
    ADD CONSTRAINT notifications_status_check CHECK (status IN
        ('queued', 'sending', 'sent', 'failed', 'unreachable', 'closed', 'uncertain', 'muted', 'superseded')),
    -- The message went out together with others, in the digest that is named by the row whose job sent it.
    ADD COLUMN digest text;
-- What one address was sent lately, and what waits for it.
CREATE INDEX notifications_by_address ON notifications (channel, channel_user_id, updated_at);

-- migrate:down
