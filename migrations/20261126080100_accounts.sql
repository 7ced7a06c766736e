-- Second factors, sessions that can be told apart, limits of what somebody sees, single sign-on.

-- migrate:up

ALTER TABLE staff
    ADD COLUMN email              text NOT NULL DEFAULT '' CHECK (email = lower(email)),
    ADD COLUMN categories         text[] NOT NULL DEFAULT '{}',     -- empty: every category of their agencies
    ADD COLUMN communes           text[] NOT NULL DEFAULT '{}',     -- empty: every commune
    ADD COLUMN password_temporary boolean NOT NULL DEFAULT false;   -- given by somebody else: to be changed first
CREATE UNIQUE INDEX staff_email ON staff (email) WHERE email <> '';

ALTER TABLE staff_sessions
    ADD COLUMN session_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN browser    text NOT NULL DEFAULT '',                 -- family and system, such as 'Firefox/Windows'
    ADD COLUMN address    text NOT NULL DEFAULT '';                 -- the network alone, such as '203.0.113.0/24'

-- Secrets of authenticator apps, encrypted with a key that is not in the database. ``pending`` is shown to its owner for
-- some minutes and becomes ``secret`` with the first right code. No code of ``last_step`` or before is taken again.
CREATE TABLE second_factors (
    staff_id      uuid PRIMARY KEY REFERENCES staff ON DELETE CASCADE,
    secret        bytea,
    pending       bytea,
    pending_until timestamptz,
    last_step     bigint NOT NULL DEFAULT 0,
    since         timestamptz,
    CHECK ((pending IS NULL) = (pending_until IS NULL)),
    CHECK (secret IS NOT NULL OR pending IS NOT NULL),
    CHECK ((secret IS NULL) = (since IS NULL))
);

CREATE TABLE recovery_codes (
    staff_id  uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (staff_id, code_hash)
);

-- Sign-ins whose password was right and that wait for the second factor. ``password_hash`` is the one that was checked:
-- a reset meanwhile ends them. NULL after single sign-on.
CREATE TABLE sign_ins_begun (
    token_hash    bytea PRIMARY KEY CHECK (length(token_hash) = 32),
    staff_id      uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    password_hash text,
    expires_at    timestamptz NOT NULL
);

-- Who somebody is at an identity provider.
CREATE TABLE provider_identities (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    staff_id  uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    linked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX provider_identities_by_staff ON provider_identities (staff_id);

-- Sign-ins that are at the provider at this moment; taken out by the first answer, so that none counts twice.
CREATE TABLE single_sign_ons (
    state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
    nonce      text NOT NULL,
    verifier   text NOT NULL,
    wanted     text NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX account_events_by_staff ON account_events (staff_id, event_id DESC);

-- migrate:down
