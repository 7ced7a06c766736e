-- migrate:up

-- What waits for an administrator because another system does not take what we send. One that stands is told once, to
-- everybody who may mend it. ``ref``: the partner or webhook.
CREATE TABLE outward_incidents (
    incident_id uuid PRIMARY KEY,
    ref         uuid NOT NULL,
    kind        text NOT NULL,
    path        text NOT NULL,
    about       text NOT NULL,
    began_at    timestamptz NOT NULL DEFAULT now(),
    ended_at    timestamptz
);
CREATE UNIQUE INDEX outward_incidents_stand ON outward_incidents (ref, kind) WHERE ended_at IS NULL;

-- Mails about them: a row for each person, claimed before the call.
CREATE TABLE incident_mails (
    incident_id uuid NOT NULL REFERENCES outward_incidents ON DELETE CASCADE,
    staff_id    uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    status      text NOT NULL DEFAULT 'queued',
    reason      text,
    attempts    int NOT NULL DEFAULT 0,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (incident_id, staff_id)
);
CREATE INDEX incident_mails_wait ON incident_mails (staff_id) WHERE status IN ('queued', 'sending');

-- Told from now on by incidents.
ALTER TABLE webhooks DROP COLUMN told_at;

-- A partner that does not answer, or asks to be left alone, is asked again as a whole at a moment; ``holds``: how often
-- in a row it was put off.
ALTER TABLE partners ADD COLUMN held_until timestamptz;
ALTER TABLE partners ADD COLUMN holds int NOT NULL DEFAULT 0;

-- A page of a ledger is read by keyset in one state or several, and states are counted, without a look at the rest.
CREATE INDEX partner_pushes_ledger ON partner_pushes (partner_id, state, updated_at DESC, report_id DESC);
DROP INDEX partner_pushes_latest;
CREATE INDEX partner_attempts_of ON partner_attempts (report_id, partner_id, at DESC) WHERE report_id IS NOT NULL;
CREATE INDEX webhook_deliveries_ledger
    ON webhook_deliveries (webhook_id, state, created_at DESC, report_id DESC, seq DESC);
DROP INDEX webhook_deliveries_latest;
CREATE INDEX webhook_attempts_latest ON webhook_attempts (webhook_id, at DESC);
DROP INDEX webhook_attempts_at;
DROP INDEX webhook_attempts_of;

-- migrate:down
