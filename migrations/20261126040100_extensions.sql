-- migrate:up

-- A deadline put off because the agency asked for it and a coordinator agreed (domain: gia hạn).
ALTER TABLE reports
    ADD COLUMN extension_wanted timestamptz,   -- asked for, and no coordinator has answered yet
    ADD COLUMN extended_to      timestamptz;   -- granted: the deadline is not before this as long as the clock runs on

-- The coordinators' desk: what waits for a decision.
CREATE INDEX reports_extension_wanted ON reports (due_at, report_id) WHERE extension_wanted IS NOT NULL;

-- migrate:down
