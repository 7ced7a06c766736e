-- migrate:up

-- What everybody may read, by time, by commune and by category, and where it is: the public list and its map.
CREATE INDEX reports_public ON reports (submitted_at DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX reports_public_in_commune ON reports (commune_code, submitted_at DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX reports_public_of_category ON reports (category, submitted_at DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX reports_public_place ON reports (lat, lon) INCLUDE (code, category, commune_code, status)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL AND lat IS NOT NULL;

-- migrate:down
