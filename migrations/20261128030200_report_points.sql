-- migrate:up

-- Everything that was reported about a place, whatever has become of it.
CREATE INDEX reports_points ON reports (lat, lon) INCLUDE (report_id) WHERE lat IS NOT NULL;

-- migrate:down
