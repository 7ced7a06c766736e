-- migrate:up

-- Which chat account is which member of staff. Whether the account is still open is asked at every act, not kept here.
CREATE TABLE staff_identities (
    channel            text NOT NULL CHECK (channel IN ('telegram', 'zalo_bot', 'zalo_oa')),
    channel_user_id    text NOT NULL CHECK (channel_user_id <> ''),
    staff_id           uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    lang               text NOT NULL CHECK (lang IN ('vi', 'en')),
    code_hash          bytea NOT NULL CHECK (length(code_hash) = 32),   -- the code it was linked by: the same again is no error
    linked_at          timestamptz NOT NULL DEFAULT now(),
    unreachable_since  timestamptz,
    PRIMARY KEY (channel, channel_user_id)
);
CREATE INDEX staff_identities_by_staff ON staff_identities (staff_id);

-- One code at a time for each account; used up by linking.
CREATE TABLE staff_chat_codes (
    staff_id   uuid PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    code_hash  bytea NOT NULL UNIQUE CHECK (length(code_hash) = 32),
    expires_at timestamptz NOT NULL
);

CREATE TABLE staff_code_attempts (
    channel         text NOT NULL,
    channel_user_id text NOT NULL,
    failures        int NOT NULL CHECK (failures > 0),
    tried_at        timestamptz NOT NULL,
    PRIMARY KEY (channel, channel_user_id)
);

-- Groups the bot is in. Without an agency: a group like any other, which has been told that it is none of ours.
CREATE TABLE agency_chats (
    channel           text NOT NULL CHECK (channel IN ('telegram', 'zalo_bot', 'zalo_oa')),
    chat_id           text NOT NULL CHECK (chat_id <> ''),
    agency_id         text REFERENCES agencies,
    title             text NOT NULL DEFAULT '',
    linked_by         uuid REFERENCES staff,
    since             timestamptz NOT NULL DEFAULT now(),
    unreachable_since timestamptz,
    PRIMARY KEY (channel, chat_id)
);
CREATE UNIQUE INDEX agency_chats_of_agency ON agency_chats (channel, agency_id) WHERE agency_id IS NOT NULL;

-- Messages that show a case, so that they can be brought up to date. ``shown_seq``: the event they show.
CREATE TABLE staff_cards (
    report_id  uuid NOT NULL REFERENCES reports,
    channel    text NOT NULL,
    chat_id    text NOT NULL,
    message_id text NOT NULL,
    shown_seq  int NOT NULL DEFAULT 0,
    PRIMARY KEY (report_id, channel, chat_id, message_id)
);

-- What an officer has begun to say about a case in a chat: words, photos, and what they are for.
CREATE TABLE staff_drafts (
    channel         text NOT NULL,
    chat_id         text NOT NULL,
    channel_user_id text NOT NULL,
    code            text NOT NULL,
    state           jsonb NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, chat_id, channel_user_id, code)
);
CREATE INDEX staff_drafts_by_age ON staff_drafts (updated_at);

-- The morning's summary: at most one a day for each group and lead.
CREATE TABLE staff_digests (
    day             date NOT NULL,
    recipient       text NOT NULL,             -- 'agency:<id>' or 'staff:<uuid>'
    channel         text NOT NULL,
    channel_user_id text NOT NULL,
    agency_id       text NOT NULL REFERENCES agencies,
    lang            text NOT NULL CHECK (lang IN ('vi', 'en')),
    status          text NOT NULL DEFAULT 'queued'
                    CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'unreachable', 'uncertain', 'nothing')),
    attempts        int NOT NULL DEFAULT 0,
    reason          text,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (day, recipient, channel)
);

-- migrate:down
