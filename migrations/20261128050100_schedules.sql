-- migrate:up

-- Reports of figures that come by themselves. The times are Vietnam's.
CREATE TABLE schedules (
    schedule_id   uuid PRIMARY KEY,
    name          text NOT NULL,
    owner_id      uuid NOT NULL REFERENCES staff,      -- by whose rights addresses outside of the house get anything
    kind          text NOT NULL CHECK (kind IN ('daily', 'weekly', 'monthly', 'cut')),
    day           int NOT NULL CHECK (day BETWEEN 0 AND 31),   -- of the week from 1 Monday, or of the month; daily: 0
    minute        int NOT NULL CHECK (minute BETWEEN 0 AND 1439),
    office_days   boolean NOT NULL,
    lang          text NOT NULL CHECK (lang IN ('vi', 'en')),
    query         text NOT NULL,                       -- filters, as an address writes them, without a period
    formats       text[] NOT NULL,                     -- files that come along; none: the figures in the message alone
    people        uuid[] NOT NULL,
    addresses     text[] NOT NULL,                     -- e-mail of whoever has no account
    paused        boolean NOT NULL DEFAULT false,
    deleted_at    timestamptz,
    version       int NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    planned_until timestamptz NOT NULL                 -- what was due by then has its run
);
CREATE INDEX schedules_active ON schedules (planned_until) WHERE NOT paused AND deleted_at IS NULL;

-- One period of one schedule, made once however often it is looked for. A trial is for whoever asked for it.
CREATE TABLE schedule_runs (
    run_id      uuid PRIMARY KEY,
    schedule_id uuid NOT NULL REFERENCES schedules ON DELETE CASCADE,
    period      text NOT NULL,                         -- as an address writes it
    due_at      timestamptz NOT NULL,
    planned_at  timestamptz NOT NULL,
    late        boolean NOT NULL,
    trial       boolean NOT NULL
);
CREATE UNIQUE INDEX schedule_runs_once ON schedule_runs (schedule_id, period) WHERE NOT trial;
CREATE INDEX schedule_runs_of ON schedule_runs (schedule_id, due_at DESC);

-- The ledger: to whom, by which way, what became of it.
CREATE TABLE schedule_sends (
    run_id     uuid NOT NULL REFERENCES schedule_runs ON DELETE CASCADE,
    recipient  text NOT NULL,                          -- 'staff:<uuid>', or 'address:<e-mail>'
    channel    text NOT NULL,                          -- 'mail', a chat's channel, or 'none': there was no way
    address    text NOT NULL,                          -- the chat; of mail the address when it was sent
    status     text NOT NULL
               CHECK (status IN ('queued', 'sending', 'sent', 'uncertain', 'failed', 'unreachable', 'closed', 'left_out')),
    reason     text NOT NULL DEFAULT '',               -- a word of ours (schedules.why_…), or what the way out said
    attempts   int NOT NULL DEFAULT 0,
    made_at    timestamptz,                            -- when the figures were read
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (run_id, recipient, channel)
);

-- migrate:down
