-- migrate:up

-- Rules files handed in on the administrators' page, byte for byte, until they are applied or forgotten: what is checked,
-- compared and replayed is what will be applied, whatever becomes of the session or the process meanwhile.
CREATE TABLE rule_candidates (
    hash    text PRIMARY KEY CHECK (hash = encode(sha256(source), 'hex')),
    source  bytea NOT NULL,
    name    text NOT NULL,
    kept_by text NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX rule_candidates_by_time ON rule_candidates (kept_at);

-- migrate:down
