-- migrate:up

-- Words after which a person looks at a report before anybody else does. Small letters, composed, single spaces.
CREATE TABLE watchwords (
    word     text PRIMARY KEY CHECK (length(word) BETWEEN 2 AND 60),
    reason   text NOT NULL CHECK (length(reason) BETWEEN 5 AND 300),
    added_by text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
