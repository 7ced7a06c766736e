-- migrate:up

-- Photos that come piece by piece over bad lines. Whoever knows the id is who sends it.
CREATE TABLE uploads (
    upload_id  uuid PRIMARY KEY,
    metadata   text NOT NULL,                 -- as the sender's program wrote it
    name       text NOT NULL,                 -- of the file
    length     bigint NOT NULL CHECK (length >= 0),
    received   bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND length),
    sha256     bytea CHECK (length(sha256) = 32),   -- once it is kept as a photo; its pieces are gone then
    expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_expire ON uploads (expires_at);

CREATE TABLE upload_pieces (
    upload_id uuid NOT NULL REFERENCES uploads ON DELETE CASCADE,
    start     bigint NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (upload_id, start)
);
-- Photos are compressed already.
ALTER TABLE upload_pieces ALTER COLUMN data SET STORAGE EXTERNAL;

-- migrate:down
