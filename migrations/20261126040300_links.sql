-- migrate:up

-- One person, several chats: a code shown in one chat and typed in another within minutes joins the two.
CREATE TABLE link_codes (
    code_hash       bytea PRIMARY KEY CHECK (length(code_hash) = 32),
    channel         text NOT NULL,              -- who asked for it
    channel_user_id text NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_by         text,                       -- the chat that typed it; one use
    UNIQUE (channel, channel_user_id)           -- a new code ends the one before
);
CREATE TABLE link_tries (
    channel         text NOT NULL,
    channel_user_id text NOT NULL,
    tries           int NOT NULL,
    since           timestamptz NOT NULL,
    PRIMARY KEY (channel, channel_user_id)
);
-- What a chat brought along, so that it can be taken apart again.
CREATE TABLE channel_links (
    channel         text NOT NULL,
    channel_user_id text NOT NULL,
    own_citizen     uuid NOT NULL REFERENCES citizens,   -- who it was, and will be again
    joined          uuid NOT NULL REFERENCES citizens,
    linked_at       timestamptz NOT NULL DEFAULT now(),
    reports         uuid[] NOT NULL,
    follows         uuid[] NOT NULL,
    PRIMARY KEY (channel, channel_user_id),
    FOREIGN KEY (channel, channel_user_id) REFERENCES channel_identities
);
CREATE INDEX channel_links_by_person ON channel_links (joined);

-- migrate:down
