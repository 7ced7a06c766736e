-- migrate:up

-- What burns most comes first: the order of every queue. A report with a leader's open direction counts as due 130 years
-- earlier than the direction says, so such reports stand before all others and among themselves by their own deadline.
-- (In seconds, because adding intervals to a timestamptz depends on the session's time zone, which a column must not.)
ALTER TABLE reports ADD COLUMN burns_at timestamptz NOT NULL GENERATED ALWAYS AS (coalesce(
    to_timestamp(extract(epoch FROM directed_due_at - timestamptz '2000-01-01 00:00:00+00')::float8 - 3155760000), due_at
)) STORED;

DROP INDEX reports_queue, reports_supervised, reports_open, reports_done;
CREATE INDEX reports_queue ON reports (agency_id, burns_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_supervised ON reports (supervisor_id, burns_at, report_id)
    WHERE supervisor_id IS NOT NULL;
CREATE INDEX reports_open ON reports (burns_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_done ON reports (agency_id, burns_at, report_id)
    WHERE status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');

-- What is done, the latest first; and everything, the newest first, for an agency as reports_newest for all.
CREATE INDEX reports_finished ON reports ((coalesce(resolved_at, ended_at)), report_id)
    WHERE status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_finished_by_agency ON reports (agency_id, (coalesce(resolved_at, ended_at)), report_id)
    WHERE status IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_of_agency ON reports (agency_id, submitted_at, report_id);

-- The tabs of a queue that show few among many open reports.
CREATE INDEX reports_of_officer ON reports (assignee_id, burns_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_unassigned ON reports (agency_id, burns_at, report_id)
    WHERE assignee_id IS NULL AND status IN ('assigned', 'in_progress');
CREATE INDEX reports_waiting ON reports (status, burns_at, report_id)
    WHERE status IN ('submitted', 'received', 'returned', 'awaiting_info');
-- What came to whoever has it now since a moment, to tell them of it.
CREATE INDEX reports_arrived ON reports ((coalesce(assigned_at, submitted_at)))
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');

-- Filters that find few among many.
CREATE INDEX reports_of_category ON reports (category, burns_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_of_commune ON reports (commune_code, burns_at, report_id)
    WHERE status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_tagged ON reports USING gin (tags) WHERE tags <> '{}';

-- migrate:down
