-- migrate:up

-- Of a pull from another system's server: up to when its reports had been asked for. The next pull goes on from there.
ALTER TABLE import_runs ADD COLUMN seen_until timestamptz;

-- migrate:down
