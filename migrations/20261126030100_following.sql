-- migrate:up

-- Open public reports by matter and place: whether somebody has reported the same thing already (app/reports/near.py).
CREATE INDEX reports_place ON reports (category, lat, lon)
    WHERE lat IS NOT NULL AND visibility = 'public'
      AND status NOT IN ('resolved', 'closed', 'rejected', 'duplicate', 'withdrawn');

-- What a follower adds to somebody else's report: for the staff on the case, not for its reporter or the public.
ALTER TABLE report_messages
    DROP CONSTRAINT report_messages_kind_check,
    ADD CONSTRAINT report_messages_kind_check CHECK (kind IN
        ('question', 'info', 'progress', 'resolution', 'reason', 'note', 'dispute', 'rating', 'voice'));
ALTER TABLE report_photos
    DROP CONSTRAINT report_photos_added_by_check,
    ADD CONSTRAINT report_photos_added_by_check CHECK (added_by IN ('citizen', 'staff', 'follower'));

-- What followers think of a result: one word a person, kept when they stop following. The reporter's own stands in
-- reports.rating, and the two are never mixed.
CREATE TABLE follower_ratings (
    report_id  uuid NOT NULL REFERENCES reports,
    citizen_id uuid NOT NULL REFERENCES citizens,
    rating     text NOT NULL CHECK (rating IN ('satisfied', 'acceptable', 'dissatisfied')),
    rated_at   timestamptz NOT NULL,
    PRIMARY KEY (report_id, citizen_id)
);

-- migrate:down
