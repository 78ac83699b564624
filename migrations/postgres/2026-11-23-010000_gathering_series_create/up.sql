-- Attendance events that come again, on the days a recurrence rule says, at the same local time. `pattern` is what each of
-- them is like; what it points at stands in columns, so that it is there.
CREATE TABLE gathering_series (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    pattern         jsonb NOT NULL,
    place_id        uuid,
    department_id   uuid,
    organizer_id    uuid,
    time_zone       text NOT NULL,
    recurrence      text NOT NULL,
    first_day       date NOT NULL,
    last_day        date,
    planned_to      date NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, organizer_id) REFERENCES members (org_id, id)
);
CREATE INDEX gathering_series_by_creation ON gathering_series (org_id, created_at, id);

-- Where a series departs from its rule. Not moved anywhere: nothing is held for that day.
CREATE TABLE gathering_series_changes (
    org_id          uuid NOT NULL,
    series_id       uuid NOT NULL,
    day             date NOT NULL,
    moved           jsonb,
    reason          text,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, series_id, day),
    FOREIGN KEY (org_id, series_id) REFERENCES gathering_series (org_id, id)
);
ALTER TABLE gathering_series ENABLE ROW LEVEL SECURITY;
ALTER TABLE gathering_series FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON gathering_series USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE gathering_series_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE gathering_series_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON gathering_series_changes USING (org_id = zamu_org() OR zamu_platform());

-- The day of its rule an attendance event stands for. Series were known by their events alone: what was planned of them
-- stands for itself now.
ALTER TABLE gatherings ADD COLUMN series_day date;
SET LOCAL zamu.platform = 'on';
UPDATE gatherings SET series_id = NULL;
SET LOCAL zamu.platform = 'off';
ALTER TABLE gatherings ADD CONSTRAINT gatherings_of_a_series FOREIGN KEY (org_id, series_id) REFERENCES gathering_series (org_id, id);
ALTER TABLE gatherings ADD CONSTRAINT one_gathering_per_series_and_day UNIQUE (org_id, series_id, series_day);
