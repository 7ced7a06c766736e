-- migrate:up

-- A key that sends reports and updates through Open311, and nothing else.
ALTER TABLE api_tokens DROP CONSTRAINT api_tokens_scopes_check;
ALTER TABLE api_tokens ADD CONSTRAINT api_tokens_scopes_check
    CHECK (scopes <@ ARRAY['read', 'write', 'feed', 'open311'] AND scopes <> '{}');

-- What everybody may read by when it changed, and what agencies said about it (app/reports/published.py).
CREATE INDEX reports_public_changes ON reports (updated_at)
    WHERE published_at IS NOT NULL AND visibility = 'public' AND part_of IS NULL;
CREATE INDEX report_messages_told ON report_messages (at, message_id)
    WHERE visibility = 'public' AND kind IN ('progress', 'resolution');

-- migrate:down
