-- migrate:up

-- Every change of the rules in force: which version, from which, by whom, why. Append-only, like the reports' history.
CREATE TABLE rule_set_activations (
    activation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version       text NOT NULL REFERENCES rule_sets,
    previous      text REFERENCES rule_sets,    -- NULL for the very first
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    by            text NOT NULL,
    how           text NOT NULL CHECK (how IN ('file', 'command', 'rollback')),
    note          text NOT NULL,
    warnings      text[] NOT NULL DEFAULT '{}',  -- what the check warned of and the person applied nevertheless
    CHECK (version <> previous OR how = 'file')  -- a file that came to say what was in force already
);
CREATE INDEX rule_set_activations_by_how ON rule_set_activations (how, activation_id);
CREATE TRIGGER rule_set_activations_append_only BEFORE UPDATE OR DELETE ON rule_set_activations
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rule_set_activations_no_truncate BEFORE TRUNCATE ON rule_set_activations
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was in force before there was this table came from the file.
INSERT INTO rule_set_activations (version, at, by, how, note)
SELECT version, created_at, applied_by, 'file', note FROM rule_sets WHERE active;

-- Handed on, or the matter turned out to be another: what "rules that send wrongly" is counted from.
CREATE INDEX report_events_rerouted ON report_events (report_id)
    WHERE kind IN ('returned', 'transferred', 'reclassified');

-- migrate:down
