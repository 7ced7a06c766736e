-- migrate:up

-- Filters of the queue that somebody has given a name: the query of the page's address. Colleagues of the agency named in
-- shared_with see it as well.
CREATE TABLE queue_filters (
    filter_id   uuid PRIMARY KEY,
    staff_id    uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    query       text NOT NULL CHECK (length(query) <= 2000),
    place       int NOT NULL,                             -- the owner's order; grows downwards
    shared_with text REFERENCES agencies,
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX queue_filters_of_staff ON queue_filters (staff_id, place);
CREATE INDEX queue_filters_shared ON queue_filters (shared_with) WHERE shared_with IS NOT NULL;

-- migrate:down
