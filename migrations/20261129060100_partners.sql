-- migrate:up

-- Other Open311 servers that reports of an agency are sent to and whose news are fetched. The key is encrypted.
-- ``repeat``: what may be done when nobody knows whether a request arrived: 'ask' a person, send it again when the
-- partner's list has it not ('lists'), or send it again under the same Idempotency-Key ('key').
CREATE TABLE partners (
    partner_id    uuid PRIMARY KEY,
    name          text NOT NULL,
    url           text NOT NULL,
    endpoint      text NOT NULL,
    form          text NOT NULL CHECK (form IN ('json', 'xml')),
    jurisdiction  text NOT NULL,
    api_key       bytea,
    agency_id     text NOT NULL,
    originals     boolean NOT NULL,
    repeat        text NOT NULL CHECK (repeat IN ('ask', 'lists', 'key')),
    active        boolean NOT NULL DEFAULT false,
    services      jsonb NOT NULL DEFAULT '[]',
    services_at   timestamptz,
    has_updates   boolean NOT NULL DEFAULT false,
    updates_since timestamptz,
    pulled_at     timestamptz,
    pull_at       timestamptz NOT NULL DEFAULT now(),
    failing_since timestamptz,
    failure       text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now(),
    created_by    text NOT NULL
);

-- Which of our categories goes to which of a partner's services; ``fills``: what its attributes are filled with.
CREATE TABLE partner_services (
    partner_id   uuid NOT NULL REFERENCES partners ON DELETE CASCADE,
    category     text NOT NULL,
    service_code text NOT NULL,
    service_name text NOT NULL,
    attributes   jsonb NOT NULL DEFAULT '[]',
    fills        jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partner_id, category)
);

-- A report on its way to a partner, or there. ``sent``: what went along, without words. ``round``: above one for a
-- request about a report that was opened again. ``source``: the last news of theirs that was taken in.
CREATE TABLE partner_pushes (
    partner_id   uuid NOT NULL REFERENCES partners ON DELETE CASCADE,
    report_id    uuid NOT NULL,
    round        int NOT NULL DEFAULT 1,
    state        text NOT NULL DEFAULT 'waiting'
                 CHECK (state IN ('waiting', 'posting', 'unknown', 'token', 'sent', 'withheld', 'person')),
    reason       text NOT NULL DEFAULT '',
    sent         jsonb NOT NULL DEFAULT '{}',
    number       text,
    token        text,
    notice       text NOT NULL DEFAULT '',
    their_status text NOT NULL DEFAULT '',
    their_words  text NOT NULL DEFAULT '',
    their_at     timestamptz,
    tries        int NOT NULL DEFAULT 0,
    looks        int NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    posted_at    timestamptz,
    sent_at      timestamptz,
    error        text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, partner_id)
);
CREATE INDEX partner_pushes_due ON partner_pushes (partner_id, next_at)
    WHERE state IN ('waiting', 'posting', 'unknown', 'token');
CREATE INDEX partner_pushes_latest ON partner_pushes (partner_id, updated_at DESC);
CREATE INDEX partner_pushes_number ON partner_pushes (partner_id, number) WHERE number IS NOT NULL;

-- Every attempt to send, look up or fetch, and what came of it; never the key, never a report's words.
CREATE TABLE partner_attempts (
    partner_id uuid NOT NULL REFERENCES partners ON DELETE CASCADE,
    report_id  uuid,
    at         timestamptz NOT NULL DEFAULT now(),
    what       text NOT NULL CHECK (what IN ('send', 'look', 'token', 'pull')),
    came       text NOT NULL,
    said       text NOT NULL DEFAULT ''
);
CREATE INDEX partner_attempts_at ON partner_attempts (partner_id, at DESC);
CREATE INDEX partner_attempts_old ON partner_attempts (at);

-- Their news, each once. ``became``: what it was made of here.
CREATE TABLE partner_news (
    partner_id uuid NOT NULL,
    report_id  uuid NOT NULL,
    source     text NOT NULL,
    digest     text NOT NULL,
    status     text NOT NULL,
    words      text NOT NULL,
    became     text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (report_id, partner_id, source),
    FOREIGN KEY (report_id, partner_id) REFERENCES partner_pushes ON DELETE CASCADE
);

-- How far the history has been read for them.
CREATE TABLE partner_cursor (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    cursor_xid    xid8 NOT NULL,
    cursor_report uuid NOT NULL,
    cursor_seq    int NOT NULL
);
INSERT INTO partner_cursor (cursor_xid, cursor_report, cursor_seq)
VALUES (pg_snapshot_xmin(pg_current_snapshot()), '00000000-0000-0000-0000-000000000000', 0);

-- migrate:down
