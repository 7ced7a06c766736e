-- migrate:up

-- Words that staff and rules sort reports by.
ALTER TABLE reports ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
-- By when a leader's open direction is to be carried out; such a report stands on top of every queue.
ALTER TABLE reports ADD COLUMN directed_due_at timestamptz;
-- The report that this one is a part of, when a coordinator split it between agencies.
ALTER TABLE reports ADD COLUMN part_of uuid REFERENCES reports CHECK (part_of <> report_id);
CREATE INDEX reports_parts ON reports (part_of) WHERE part_of IS NOT NULL;

-- migrate:down
