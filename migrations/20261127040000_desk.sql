-- migrate:up

-- The coordinators' desk: what waits for them, each list in the order in which it is shown.
CREATE INDEX reports_intake ON reports (intake_due_at, report_id) WHERE status IN ('submitted', 'received');
CREATE INDEX reports_returned ON reports (due_at, report_id) WHERE status = 'returned';
CREATE INDEX reports_competence ON reports (due_at, report_id)
    WHERE handovers >= 2 AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');
CREATE INDEX reports_objected ON reports (due_at, report_id)
    WHERE supervisor_id IS NOT NULL AND status = 'in_progress';

-- migrate:down
