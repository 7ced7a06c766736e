-- migrate:up

-- What is published as open data and how, each change a row; the last one holds. Without a row nothing is published.
CREATE TABLE opendata_settings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    enabled     boolean NOT NULL,
    place       text NOT NULL CHECK (place IN ('commune', 'grid')),
    finest      text NOT NULL CHECK (finest IN ('half', 'day', 'week', 'month')),
    k           int NOT NULL CHECK (k BETWEEN 3 AND 100),
    ratings     boolean NOT NULL,
    texts       boolean NOT NULL,
    licence     text NOT NULL,
    publisher   text NOT NULL CHECK (length(publisher) BETWEEN 1 AND 200),
    first_month date NOT NULL CHECK (extract(day FROM first_month) = 1),
    changed_by  text NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

-- A month as it was made. It is never made again; a correction is another version, and only the last one is given out.
CREATE TABLE opendata_versions (
    month    date NOT NULL CHECK (extract(day FROM month) = 1),
    version  int NOT NULL CHECK (version > 0),
    made_at  timestamptz NOT NULL,
    options  jsonb NOT NULL,   -- how it was made anonymous
    told     jsonb NOT NULL,   -- how many rows were generalised and withheld, and why
    files    jsonb NOT NULL,   -- of each format: SHA-256 and size
    reason   text NOT NULL,    -- of a correction
    made_by  text NOT NULL,
    PRIMARY KEY (month, version)
);

-- migrate:down
