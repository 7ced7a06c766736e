-- migrate:up

-- Which processes run, by their own word: each writes its line anew every half minute.
CREATE TABLE processes (
    name       text NOT NULL CHECK (name IN ('api', 'worker', 'bot')),
    host       text NOT NULL,
    pid        int NOT NULL,
    version    text NOT NULL,
    started_at timestamptz NOT NULL,
    beat_at    timestamptz NOT NULL,
    PRIMARY KEY (name, host, pid)
);

-- Backups that were finished, by the word of whoever makes them: 'phananh backup done'.
CREATE TABLE backups (
    backup_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    size_bytes bigint CHECK (size_bytes > 0),
    note       text NOT NULL DEFAULT '' CHECK (length(note) <= 200)
);

-- migrate:down
