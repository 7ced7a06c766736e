-- migrate:up

-- How many of a report's parts are still being worked on. It is written together with the part that begins or ends, so
-- that of parts that end at the same moment exactly one is the last.
ALTER TABLE reports ADD COLUMN open_parts int NOT NULL DEFAULT 0 CHECK (open_parts >= 0);

-- migrate:down
