-- migrate:up

-- Reports that wait for their parts: a few among many.
CREATE INDEX reports_waiting_for_parts ON reports (report_id) WHERE open_parts > 0;

-- migrate:down
