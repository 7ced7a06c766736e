-- migrate:up

-- What waits on the coordinators' desk, what burns most first.
CREATE INDEX reports_on_desk ON reports (burns_at, report_id) WHERE status IN ('submitted', 'received', 'returned');

-- migrate:down
