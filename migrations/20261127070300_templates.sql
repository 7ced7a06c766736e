-- migrate:up

-- What is often said to citizens and colleagues, with places to fill in. Those of the operations centre are for all,
-- those of an agency for its own staff and for the agencies below it.
CREATE TABLE response_templates (
    template_id uuid PRIMARY KEY,
    agency_id   text NOT NULL REFERENCES agencies,
    act         text NOT NULL,
    group_id    text,                          -- for one group of categories, for one category, or for any
    category    text,
    title       text NOT NULL CHECK (title <> ''),
    body        text NOT NULL CHECK (body <> ''),
    body_en     text NOT NULL DEFAULT '',
    active      boolean NOT NULL DEFAULT true,
    version     int NOT NULL DEFAULT 1,
    used        int NOT NULL DEFAULT 0,
    CHECK (group_id IS NULL OR category IS NULL)
);
CREATE INDEX response_templates_of ON response_templates (agency_id, act) WHERE active;

-- Who changed what and when: the template as it was from then on.
CREATE TABLE response_template_changes (
    template_id uuid NOT NULL REFERENCES response_templates,
    version     int NOT NULL,
    at          timestamptz NOT NULL,
    staff_id    uuid REFERENCES staff,         -- NULL: the system, with its first set
    active      boolean NOT NULL,
    title       text NOT NULL,
    body        text NOT NULL,
    body_en     text NOT NULL,
    PRIMARY KEY (template_id, version)
);

-- migrate:down
