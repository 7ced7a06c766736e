-- migrate:up

-- Only contrib extensions that every packaged or managed PostgreSQL ships.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- ---------------------------------------------------------------- rules and places

CREATE TABLE rule_sets (
    version    text PRIMARY KEY,               -- content hash
    source     text NOT NULL,
    note       text NOT NULL DEFAULT '',
    applied_by text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    active     boolean NOT NULL DEFAULT false   -- whose agencies stand in the table agencies
);
CREATE UNIQUE INDEX rule_sets_one_active ON rule_sets (active) WHERE active;

CREATE TABLE place_sets (
    set_id        uuid PRIMARY KEY,
    source        text NOT NULL,
    sha256        bytea NOT NULL,
    imported_at   timestamptz NOT NULL DEFAULT now(),
    commune_count int NOT NULL CHECK (commune_count > 0),
    active        boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX place_sets_one_active ON place_sets (active) WHERE active;

CREATE TABLE communes (
    set_id        uuid NOT NULL REFERENCES place_sets ON DELETE CASCADE,
    code          text NOT NULL CHECK (code ~ '^\d{5}$'),
    name          text NOT NULL,
    full_name     text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('xã', 'phường', 'đặc khu')),
    province_code text NOT NULL CHECK (province_code ~ '^\d{2}$'),
    province_name text NOT NULL,
    lat           float8 NOT NULL,
    lon           float8 NOT NULL,
    boundary      bytea,                       -- WKB, lon/lat, WGS 84
    PRIMARY KEY (set_id, code)
);

-- ---------------------------------------------------------------- agencies and their people

CREATE TABLE agencies (
    agency_id    text PRIMARY KEY CHECK (agency_id ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
    parent_id    text REFERENCES agencies,
    kind         text NOT NULL
                 CHECK (kind IN ('operations_centre', 'department', 'enterprise', 'commune_office', 'security')),
    name         text NOT NULL CHECK (name <> ''),
    name_en      text NOT NULL DEFAULT '',
    commune_code text CHECK (commune_code ~ '^\d{5}$'),
    active       boolean NOT NULL DEFAULT true,
    CHECK ((kind = 'commune_office') = (commune_code IS NOT NULL))
);

CREATE TABLE staff (
    staff_id      uuid PRIMARY KEY,
    agency_id     text NOT NULL REFERENCES agencies,
    username      text NOT NULL CHECK (username ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    full_name     text NOT NULL CHECK (full_name <> ''),
    role          text NOT NULL CHECK (role IN ('officer', 'lead', 'coordinator', 'leader', 'administrator')),
    password_hash text NOT NULL,
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX staff_username ON staff (username);
CREATE INDEX staff_by_agency ON staff (agency_id) WHERE active;

-- Failed sign-ins by the name that was typed, whether or not anybody has it: a pause must not tell who exists.
CREATE TABLE sign_in_attempts (
    username_hash bytea PRIMARY KEY CHECK (length(username_hash) = 32),
    failures      int NOT NULL CHECK (failures >= 0),
    locked_until  timestamptz,
    tried_at      timestamptz NOT NULL
);

CREATE TABLE staff_sessions (
    token_hash   bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    staff_id     uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    csrf         text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX staff_sessions_by_staff ON staff_sessions (staff_id);

CREATE TABLE api_tokens (
    token_hash   bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    token_id     uuid NOT NULL UNIQUE,
    staff_id     uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    name         text NOT NULL CHECK (name <> ''),
    scopes       text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'write'] AND scopes <> '{}'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    expires_at   timestamptz,
    revoked_at   timestamptz
);

-- Who did what to accounts: sign-ins, refusals, new staff, resets, tokens. Append-only like the reports' history.
CREATE TABLE account_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    kind       text NOT NULL,
    actor      text NOT NULL,
    staff_id   uuid,
    data       jsonb NOT NULL DEFAULT '{}'
);

-- ---------------------------------------------------------------- citizens

CREATE TABLE citizens (
    citizen_id      uuid PRIMARY KEY,
    lang            text NOT NULL DEFAULT 'vi' CHECK (lang IN ('vi', 'en')),
    consent_version text,
    consent_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((consent_version IS NULL) = (consent_at IS NULL))
);

-- How a citizen is reached in a channel. One person may have several; an identity belongs to one person.
CREATE TABLE channel_identities (
    channel            text NOT NULL CHECK (channel IN ('telegram', 'zalo_bot', 'zalo_oa')),
    channel_user_id    text NOT NULL CHECK (channel_user_id <> ''),
    citizen_id         uuid NOT NULL REFERENCES citizens,
    display_name       text NOT NULL DEFAULT '',
    unreachable_since  timestamptz,
    unreachable_reason text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, channel_user_id)
);
CREATE INDEX channel_identities_by_citizen ON channel_identities (citizen_id);

-- What a person asked for by law about their data; the times count from requested_at (Luật 91/2025/QH15).
CREATE TABLE data_requests (
    citizen_id   uuid NOT NULL REFERENCES citizens,
    kind         text NOT NULL CHECK (kind IN ('erase')),
    requested_at timestamptz NOT NULL DEFAULT now(),
    done_at      timestamptz,
    PRIMARY KEY (citizen_id, kind, requested_at)
);
CREATE UNIQUE INDEX data_requests_open ON data_requests (citizen_id, kind) WHERE done_at IS NULL;

-- ---------------------------------------------------------------- reports

CREATE TABLE reports (
    report_id         uuid PRIMARY KEY,
    code              text NOT NULL CHECK (code ~ '^PA-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$'),
    secret_hash       bytea NOT NULL CHECK (length(secret_hash) = 32),
    version           int NOT NULL CHECK (version > 0),   -- grows by one with each change; writers state what they saw
    last_seq          int NOT NULL CHECK (last_seq >= version),
    last_hash         bytea NOT NULL CHECK (length(last_hash) = 32),

    status            text NOT NULL CHECK (status IN ('submitted', 'received', 'assigned', 'in_progress', 'awaiting_info',
                          'returned', 'resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')),
    category          text NOT NULL,
    body              text NOT NULL CHECK (length(body) BETWEEN 5 AND 4000),
    search_text       text NOT NULL,                      -- folded: no accents, lower case
    channel           text NOT NULL CHECK (channel IN ('web', 'api', 'telegram', 'zalo_bot', 'zalo_oa', 'hotline', 'open311')),
    lang              text NOT NULL CHECK (lang IN ('vi', 'en')),

    lat               float8 CHECK (lat BETWEEN -90 AND 90),
    lon               float8 CHECK (lon BETWEEN -180 AND 180),
    address           text NOT NULL DEFAULT '',
    commune_code      text CHECK (commune_code ~ '^\d{5}$'),
    commune_name      text NOT NULL DEFAULT '',
    province_code     text CHECK (province_code ~ '^\d{2}$'),
    place_approximate boolean NOT NULL,

    agency_id         text NOT NULL REFERENCES agencies,
    assignee_id       uuid REFERENCES staff,
    urgency           text NOT NULL CHECK (urgency IN ('urgent', 'normal', 'complex')),
    visibility        text NOT NULL CHECK (visibility IN ('public', 'private')),
    published_at      timestamptz,
    rule_set          text NOT NULL,
    rule_id           text NOT NULL,

    submitted_at      timestamptz NOT NULL,
    assigned_at       timestamptz,
    resolved_at       timestamptz,
    ended_at          timestamptz,                        -- closed, rejected, duplicate or withdrawn
    intake_due_at     timestamptz NOT NULL,
    due_at            timestamptz NOT NULL,
    handling          text NOT NULL,                      -- the limit due_at was counted with, such as '3 working days'
    paused_at         timestamptz,                        -- set while the handling clock stands still
    handovers         int NOT NULL DEFAULT 0,             -- returns and transfers: from the second on, a dispute over competence
    supervisor_id     text REFERENCES agencies,           -- watches the second try after a dispute
    duplicate_of      uuid REFERENCES reports,
    rating            text CHECK (rating IN ('satisfied', 'acceptable', 'dissatisfied')),
    updated_at        timestamptz NOT NULL,

    CHECK ((lat IS NULL) = (lon IS NULL)),
    CHECK ((commune_code IS NULL) = (province_code IS NULL)),
    CHECK ((status = 'duplicate') = (duplicate_of IS NOT NULL)),
    CHECK (duplicate_of <> report_id),
    CHECK ((status = 'awaiting_info') = (paused_at IS NOT NULL)),
    CHECK ((status IN ('closed', 'rejected', 'duplicate', 'withdrawn')) = (ended_at IS NOT NULL)),
    CHECK ((status IN ('resolved', 'closed')) = (resolved_at IS NOT NULL))
);
-- The queue: what an agency still has to do, soonest deadline first; keyset pages need report_id as the tie-break.
CREATE INDEX reports_queue ON reports (agency_id, due_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_supervised ON reports (supervisor_id, due_at, report_id)
    WHERE supervisor_id IS NOT NULL;
CREATE INDEX reports_open ON reports (due_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_done ON reports (agency_id, due_at, report_id)
    WHERE status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_newest ON reports (submitted_at DESC, report_id DESC);
CREATE INDEX reports_to_close ON reports (resolved_at) WHERE status = 'resolved';
CREATE INDEX reports_awaiting ON reports (paused_at) WHERE status = 'awaiting_info';
CREATE INDEX reports_merged ON reports (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX reports_near ON reports (commune_code, category, submitted_at DESC);
CREATE INDEX reports_search ON reports USING gin (search_text gin_trgm_ops);

-- Uniqueness that does not start with report_id lives in small tables of its own, so that the reports can be spread over
-- several servers later.
CREATE TABLE report_codes (
    code      text PRIMARY KEY,
    report_id uuid NOT NULL
);

CREATE TABLE idempotency_keys (
    scope      text NOT NULL,
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    body_hash  bytea NOT NULL CHECK (length(body_hash) = 32),
    report_id  uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- Who reported: the coordinators' alone. Kept apart from reports so that no list or export carries it by accident.
CREATE TABLE report_contacts (
    report_id       uuid PRIMARY KEY REFERENCES reports,
    citizen_id      uuid REFERENCES citizens,
    name            text NOT NULL DEFAULT '',
    phone           text NOT NULL DEFAULT '',
    email           text NOT NULL DEFAULT '',
    consent_version text NOT NULL,
    consent_at      timestamptz NOT NULL
);
CREATE INDEX report_contacts_by_citizen ON report_contacts (citizen_id, report_id) WHERE citizen_id IS NOT NULL;

CREATE TABLE report_followers (
    report_id  uuid NOT NULL REFERENCES reports,
    citizen_id uuid NOT NULL REFERENCES citizens,
    since      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, citizen_id)
);
CREATE INDEX report_followers_by_citizen ON report_followers (citizen_id);

-- Every word said about a report. The history holds only each one's digest, so that a person's words can be erased
-- by law without breaking the chain.
CREATE TABLE report_messages (
    report_id   uuid NOT NULL REFERENCES reports,
    message_id  uuid NOT NULL,
    at          timestamptz NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('question', 'info', 'progress', 'resolution', 'reason', 'note', 'dispute', 'rating')),
    author_kind text NOT NULL CHECK (author_kind IN ('citizen', 'staff', 'system')),
    author_id   uuid,
    visibility  text NOT NULL CHECK (visibility IN ('public', 'reporter', 'staff')),
    body        text NOT NULL CHECK (length(body) <= 4000),
    client_key  text,
    PRIMARY KEY (report_id, message_id)
);
CREATE UNIQUE INDEX report_messages_client_key ON report_messages (report_id, client_key) WHERE client_key IS NOT NULL;

-- ---------------------------------------------------------------- photos

CREATE TABLE photo_blobs (
    sha256       bytea PRIMARY KEY CHECK (length(sha256) = 32),
    phash        bigint NOT NULL,
    width        int NOT NULL CHECK (width > 0),
    height       int NOT NULL CHECK (height > 0),
    size_bytes   int NOT NULL CHECK (size_bytes > 0),
    content_type text NOT NULL,
    taken_at     timestamptz,
    lat          float8,
    lon          float8,
    created_at   timestamptz NOT NULL DEFAULT now(),
    touched_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX photo_blobs_by_touch ON photo_blobs (touched_at);

CREATE TABLE report_photos (
    report_id uuid NOT NULL REFERENCES reports,
    photo_id  uuid NOT NULL,
    sha256    bytea NOT NULL REFERENCES photo_blobs,
    stage     text NOT NULL CHECK (stage IN ('before', 'info', 'after')),
    at        timestamptz NOT NULL,
    added_by  text NOT NULL CHECK (added_by IN ('citizen', 'staff')),
    PRIMARY KEY (report_id, photo_id),
    UNIQUE (report_id, sha256, stage)
);
CREATE INDEX report_photos_by_blob ON report_photos (sha256);

-- ---------------------------------------------------------------- history

CREATE TABLE report_events (
    report_id  uuid NOT NULL REFERENCES reports,
    seq        int NOT NULL CHECK (seq > 0),
    kind       text NOT NULL,
    at         timestamptz NOT NULL,
    actor_kind text NOT NULL CHECK (actor_kind IN ('citizen', 'staff', 'system')),
    actor_id   uuid,
    data       jsonb NOT NULL,
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    xid        xid8 NOT NULL DEFAULT pg_current_xact_id(),   -- lets a reader see where all commits are in (app/history)
    PRIMARY KEY (report_id, seq)
);
CREATE INDEX report_events_in_order ON report_events (xid, report_id, seq);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER report_events_append_only BEFORE UPDATE OR DELETE ON report_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_events_no_truncate BEFORE TRUNCATE ON report_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_events_append_only BEFORE UPDATE OR DELETE ON account_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_events_no_truncate BEFORE TRUNCATE ON account_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- ---------------------------------------------------------------- chats

-- Updates from a channel, written before they are acknowledged and unique, so that nothing is lost or handled twice.
CREATE TABLE inbox (
    bot          text NOT NULL,
    update_id    bigint NOT NULL,
    chat_id      text NOT NULL,
    payload      jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    attempts     int NOT NULL DEFAULT 0,
    error        text,
    PRIMARY KEY (bot, update_id)
);
CREATE INDEX inbox_waiting ON inbox (bot, chat_id, update_id) WHERE processed_at IS NULL;

CREATE TABLE drafts (
    channel     text NOT NULL,
    chat_id     text NOT NULL,
    citizen_id  uuid NOT NULL REFERENCES citizens,
    draft_id    uuid NOT NULL,                 -- becomes the idempotency key of the report
    state       jsonb NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    reminded_at timestamptz,
    PRIMARY KEY (channel, chat_id)
);
CREATE INDEX drafts_by_age ON drafts (updated_at);

-- The photos that a draft's state names, so that they are not swept away as orphans.
CREATE TABLE draft_photos (
    channel  text NOT NULL,
    chat_id  text NOT NULL,
    sha256   bytea NOT NULL REFERENCES photo_blobs,
    PRIMARY KEY (channel, chat_id, sha256),
    FOREIGN KEY (channel, chat_id) REFERENCES drafts ON DELETE CASCADE
);
CREATE INDEX draft_photos_by_blob ON draft_photos (sha256);

-- What the dialogue answered, written with the draft in one transaction and sent afterwards.
CREATE TABLE outbox (
    channel    text NOT NULL,
    chat_id    text NOT NULL,
    message_id bigint GENERATED ALWAYS AS IDENTITY,
    payload    jsonb NOT NULL,
    status     text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'uncertain')),
    attempts   int NOT NULL DEFAULT 0,
    error      text,
    created_at timestamptz NOT NULL DEFAULT now(),
    sent_at    timestamptz,
    PRIMARY KEY (channel, chat_id, message_id)
);
CREATE INDEX outbox_waiting ON outbox (channel, chat_id, message_id) WHERE status IN ('queued', 'sending');

-- One row per message and person: what became of it, and why.
CREATE TABLE notifications (
    report_id       uuid NOT NULL REFERENCES reports,
    seq             int NOT NULL,              -- the event it tells of
    recipient       text NOT NULL,             -- 'citizen:<uuid>' or 'staff:<uuid>'
    channel         text NOT NULL,
    channel_user_id text NOT NULL,
    template        text NOT NULL,
    lang            text NOT NULL CHECK (lang IN ('vi', 'en')),
    status          text NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'unreachable', 'uncertain')),
    attempts        int NOT NULL DEFAULT 0,
    reason          text,
    provider_ref    text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, seq, recipient, channel)
);
CREATE INDEX notifications_by_age ON notifications (updated_at, status);

-- migrate:down
