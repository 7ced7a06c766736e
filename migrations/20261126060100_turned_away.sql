-- migrate:up

-- Who asked a chat for something that is no field report and was told where to turn: what statistics call "không thuộc
-- phạm vi". No person and no words; ``key`` names the message, so that nothing counts twice.
CREATE TABLE turned_away (
    key      text PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    channel  text NOT NULL,
    category text NOT NULL
);
CREATE INDEX turned_away_by_time ON turned_away (at);

-- migrate:down
