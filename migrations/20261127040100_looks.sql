-- migrate:up

-- Every look at who reported, newest first, for those who watch over the looks.
CREATE INDEX report_events_looks ON report_events (at DESC) WHERE kind = 'identity_viewed';

-- migrate:down
