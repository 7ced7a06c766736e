-- migrate:up

-- The device on which a member of staff is told what the bell counts: the one that they switched it on last.
CREATE TABLE staff_push (
    staff_id uuid PRIMARY KEY REFERENCES staff,
    address  text NOT NULL UNIQUE CHECK (address <> ''), -- whoever signs in there next takes it over
    p256dh   bytea NOT NULL CHECK (length(p256dh) = 65),
    auth     bytea NOT NULL CHECK (length(auth) = 16),
    lang     text NOT NULL CHECK (lang IN ('vi', 'en')),
    since    timestamptz NOT NULL DEFAULT now()
);

-- migrate:down
