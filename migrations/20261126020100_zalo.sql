-- migrate:up

-- Zalo numbers no updates. What comes from there is known again by a text, and numbered here in its order of arrival.
-- Telegram's updates have no text, and its index holds none of them.
ALTER TABLE inbox ADD COLUMN dedupe text;
CREATE UNIQUE INDEX inbox_dedupe ON inbox (bot, dedupe) WHERE dedupe IS NOT NULL;
CREATE SEQUENCE inbox_arrivals;

-- A person may be written to, and so often, only after they wrote (Zalo Official Account).
ALTER TABLE channel_identities ADD COLUMN last_heard_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE channel_identities ADD COLUMN told_since int NOT NULL DEFAULT 0; -- our messages since then

-- The choices that a notification offered where a channel has no buttons: a number typed next means one of these.
CREATE TABLE offered_choices (
    channel    text NOT NULL,
    chat_id    text NOT NULL,
    choices    jsonb NOT NULL,                   -- [{"label", "data"}]
    offered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, chat_id)
);

-- A channel's keys that change by themselves. One row an account; whoever renews them holds the row's lock.
CREATE TABLE channel_tokens (
    channel       text NOT NULL,
    account       text NOT NULL,
    refresh_token text NOT NULL,                 -- good for one use: the answer brings the next
    access_token  text NOT NULL DEFAULT '',
    expires_at    timestamptz NOT NULL DEFAULT 'epoch',
    renewed_at    timestamptz NOT NULL DEFAULT now(),
    error         text,                          -- why the last renewal failed
    PRIMARY KEY (channel, account)
);

ALTER TABLE notifications DROP CONSTRAINT notifications_status_check;
ALTER TABLE notifications ADD CONSTRAINT notifications_status_check
    CHECK (status IN ('queued', 'sending', 'sent', 'failed', 'unreachable', 'closed', 'uncertain'));

-- migrate:down
