-- migrate:up

-- Who hears of what is published in an area: an e-mail address, or a person known by a chat. A row ends with the wish.
CREATE TABLE area_followers (
    follower_id uuid PRIMARY KEY,
    address     text CHECK (address <> ''),
    citizen_id  uuid UNIQUE REFERENCES citizens,
    lang        text NOT NULL CHECK (lang IN ('vi', 'en')),
    rhythm      text NOT NULL CHECK (rhythm IN ('daily', 'weekly')),
    consent     text NOT NULL,                        -- the words that were agreed to
    consent_at  timestamptz NOT NULL,
    told_until  timestamptz NOT NULL,                 -- what became known by then has been told, or never will be
    CHECK ((address IS NULL) <> (citizen_id IS NULL))
);
CREATE UNIQUE INDEX area_followers_address ON area_followers (lower(address));
CREATE INDEX area_followers_due ON area_followers (rhythm, told_until);

CREATE TABLE followed_areas (
    follower_id uuid NOT NULL REFERENCES area_followers ON DELETE CASCADE,
    commune     text NOT NULL CHECK (commune ~ '^(\d{5})?$'),   -- '': the whole province
    topic_group text NOT NULL,
    category    text NOT NULL CHECK (category = '' OR topic_group = ''),
    PRIMARY KEY (follower_id, commune, topic_group, category)
);

-- What somebody asked for by mail and has not confirmed. The address is whoever's; it is forgotten after two days.
CREATE TABLE follow_requests (
    request_id  uuid PRIMARY KEY,
    address     text NOT NULL,
    mailbox     bytea NOT NULL CHECK (length(mailbox) = 32),    -- keyed digest, the same for all spellings of a mailbox
    lang        text NOT NULL CHECK (lang IN ('vi', 'en')),
    commune     text NOT NULL,
    topic_group text NOT NULL,
    category    text NOT NULL,
    rhythm      text NOT NULL CHECK (rhythm IN ('daily', 'weekly')),
    consent     text NOT NULL,
    asked_at    timestamptz NOT NULL,
    status      text NOT NULL CHECK (status IN ('queued', 'sending', 'sent', 'uncertain', 'failed', 'unreachable')),
    attempts    int NOT NULL DEFAULT 0
);
CREATE INDEX follow_requests_by_mailbox ON follow_requests (mailbox, asked_at);
CREATE INDEX follow_requests_by_age ON follow_requests (asked_at);

-- The ledger: a message for each period, and what became of it.
CREATE TABLE area_digests (
    follower_id uuid NOT NULL REFERENCES area_followers ON DELETE CASCADE,
    until       timestamptz NOT NULL,
    since       timestamptz NOT NULL,
    status      text NOT NULL CHECK (status IN
                    ('queued', 'sending', 'sent', 'uncertain', 'failed', 'unreachable', 'closed', 'nothing')),
    channel     text NOT NULL DEFAULT '',
    reason      text NOT NULL DEFAULT '',
    attempts    int NOT NULL DEFAULT 0,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (follower_id, until)
);
CREATE INDEX area_digests_by_age ON area_digests (updated_at);

-- migrate:down
