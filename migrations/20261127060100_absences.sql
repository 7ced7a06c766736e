-- migrate:up
-- Who is away, by whole days of Vietnam's calendar, and who stands in. Taking one back removes it; account_events keeps
-- that it was there.
CREATE TABLE staff_absences (
    absence_id uuid PRIMARY KEY,
    staff_id   uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    deputy_id  uuid NOT NULL REFERENCES staff ON DELETE CASCADE,
    first_day  date NOT NULL,
    last_day   date NOT NULL CHECK (last_day >= first_day),
    CHECK (deputy_id <> staff_id)
);
CREATE INDEX staff_absences_by_staff ON staff_absences (staff_id, last_day);
CREATE INDEX staff_absences_by_deputy ON staff_absences (deputy_id, last_day);

-- migrate:down
