-- migrate:up

-- What a browser gives along with its push address, so that a message can be locked for it alone. They go with the
-- address: when a person is erased, a device switches it off, or a report goes into a chat.
CREATE TABLE push_keys (
    channel text NOT NULL CHECK (channel = 'push'),
    channel_user_id text NOT NULL,
    p256dh bytea NOT NULL CHECK (length(p256dh) = 65),
    auth bytea NOT NULL CHECK (length(auth) = 16),
    PRIMARY KEY (channel, channel_user_id),
    FOREIGN KEY (channel, channel_user_id) REFERENCES channel_identities ON UPDATE CASCADE ON DELETE CASCADE
);

-- migrate:down
