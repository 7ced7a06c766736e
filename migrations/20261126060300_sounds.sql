-- migrate:up

-- Voice messages, kept beside a report's words. A voice tells who speaks, so they are the coordinators' alone.
CREATE TABLE sound_blobs (
    sha256       bytea PRIMARY KEY CHECK (length(sha256) = 32),
    content_type text NOT NULL,
    size_bytes   int NOT NULL CHECK (size_bytes > 0),
    seconds      int NOT NULL CHECK (seconds >= 0),
    created_at   timestamptz NOT NULL DEFAULT now(),
    touched_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sound_blobs_by_touch ON sound_blobs (touched_at);

CREATE TABLE report_sounds (
    report_id uuid NOT NULL REFERENCES reports,
    sha256    bytea NOT NULL REFERENCES sound_blobs,
    at        timestamptz NOT NULL,
    PRIMARY KEY (report_id, sha256)
);
CREATE INDEX report_sounds_by_blob ON report_sounds (sha256);

-- What a draft's state names, so that it is not swept away as an orphan.
CREATE TABLE draft_sounds (
    channel text NOT NULL,
    chat_id text NOT NULL,
    sha256  bytea NOT NULL REFERENCES sound_blobs,
    PRIMARY KEY (channel, chat_id, sha256),
    FOREIGN KEY (channel, chat_id) REFERENCES drafts ON DELETE CASCADE
);
CREATE INDEX draft_sounds_by_blob ON draft_sounds (sha256);

-- migrate:down
