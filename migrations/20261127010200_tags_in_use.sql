-- migrate:up

-- Which tags an agency uses, to choose from.
CREATE INDEX reports_tagged_by_agency ON reports (agency_id) WHERE tags <> '{}';
-- All reports of a commune, the newest first.
CREATE INDEX reports_sent_in_commune ON reports (commune_code, submitted_at, report_id);
-- Replaced by it.
DROP INDEX reports_near;

-- migrate:down
