-- migrate:up

-- Leaders' directions: the open ones by deadline, on top of every queue, and all of them by when they were given.
CREATE INDEX reports_directed ON reports (directed_due_at, report_id) WHERE directed_due_at IS NOT NULL;
CREATE INDEX report_events_directed ON report_events (at DESC, report_id, seq) WHERE kind = 'directed';

-- migrate:down
