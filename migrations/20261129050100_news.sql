-- migrate:up

-- What was published or resolved last, for feeds and digests (app/reports/news.py).
CREATE INDEX reports_news ON reports (greatest(published_at, resolved_at) DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX reports_news_in_commune ON reports (commune_code, greatest(published_at, resolved_at) DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX reports_news_of_category ON reports (category, greatest(published_at, resolved_at) DESC, report_id DESC)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;

-- migrate:down
