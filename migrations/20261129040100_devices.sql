-- migrate:up

-- One-use codes that show reports on another device, or give them to a chat (app/reports/devices.py).
CREATE TABLE device_codes (
    code_hash  bytea PRIMARY KEY CHECK (length(code_hash) = 32),
    reports    uuid[] NOT NULL CHECK (cardinality(reports) BETWEEN 1 AND 20),
    expires_at timestamptz NOT NULL,
    used_by    text                        -- the chat that took them; '' for a browser
);
CREATE INDEX device_codes_old ON device_codes (expires_at);

-- How a channel's bot is called, as its channel says: for links that open it.
CREATE TABLE channel_bots (
    channel text PRIMARY KEY,
    name    text NOT NULL
);

-- migrate:down
