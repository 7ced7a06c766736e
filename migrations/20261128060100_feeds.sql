-- migrate:up

-- A key that reads figures and the feed of reports, and nothing else.
ALTER TABLE api_tokens DROP CONSTRAINT api_tokens_scopes_check;
ALTER TABLE api_tokens ADD CONSTRAINT api_tokens_scopes_check
    CHECK (scopes <@ ARRAY['read', 'write', 'feed'] AND scopes <> '{}');

-- Now and then: every transaction below xid had finished by then. So whoever asks for what has changed since a moment
-- begins at a place in the history, whatever times the events themselves state (app/worklist/feed.py).
CREATE TABLE change_marks (
    at  timestamptz PRIMARY KEY,
    xid xid8 NOT NULL
);

-- migrate:down
