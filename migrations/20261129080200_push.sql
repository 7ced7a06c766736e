-- migrate:up

-- An app on a telephone is a way to reach a person too: its identity is the address its push service gave it.
ALTER TABLE channel_identities DROP CONSTRAINT channel_identities_channel_check;
ALTER TABLE channel_identities ADD CHECK (channel IN ('telegram', 'zalo_bot', 'zalo_oa', 'push'));

-- migrate:down
