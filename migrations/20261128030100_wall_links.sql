-- migrate:up

-- Links that open the wall display without signing in. The token itself is known only to whoever was shown it.
CREATE TABLE wall_links (
    link_id      uuid PRIMARY KEY,
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL CHECK (expires_at > made_at),
    revoked_at   timestamptz,
    last_seen_at timestamptz
);

-- The newest results that may be shown, of those that have been published.
CREATE INDEX reports_shown_results ON reports (resolved_at DESC)
    WHERE published_at IS NOT NULL AND resolved_at IS NOT NULL AND visibility = 'public';

-- migrate:down
