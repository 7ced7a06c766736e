-- migrate:up

-- What was learned from the province's own handled reports to guess categories by (docs/guessing.md). Words of fewer
-- than three reports and anything with a digit are not in it.
CREATE TABLE category_models (
    version    text PRIMARY KEY,               -- hash of what it learned from and of how
    rule_set   text NOT NULL REFERENCES rule_sets,
    categories text[] NOT NULL,                -- sorted; it serves rules with these very categories
    recipe     text NOT NULL,                  -- how it learned; a program that learns in another way does not use it
    metrics    jsonb NOT NULL,                 -- cross-validated, as printed when it was learned
    packed     bytea NOT NULL,                 -- words, rarities, weights
    learned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    active     boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX category_models_one_active ON category_models (active) WHERE active;

-- migrate:down
