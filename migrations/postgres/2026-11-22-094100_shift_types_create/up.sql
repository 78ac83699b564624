-- A form that shifts are made in. A shift keeps the shape it was made with, so a type may change.
CREATE TABLE shift_types (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    shape           jsonb NOT NULL,
    created_at      timestamptz NOT NULL,
    archived_at     timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_shift_type_per_name UNIQUE (org_id, name)
);

-- Shifts that come again, on the days a recurrence rule says, at the same local time.
CREATE TABLE shift_series (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    place_id        uuid,
    type_id         uuid,
    shape           jsonb NOT NULL,
    recurrence      text NOT NULL,
    first_day       date NOT NULL,
    last_day        date,
    planned_to      date NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES shift_types (org_id, id)
);
CREATE INDEX shift_series_by_member ON shift_series (org_id, member_id);

-- Where a series departs from its rule. No day to move to: nothing is planned for it.
CREATE TABLE shift_series_changes (
    org_id          uuid NOT NULL,
    series_id       uuid NOT NULL,
    day             date NOT NULL,
    moved_to        date,
    shape           jsonb,
    reason          text,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, series_id, day),
    FOREIGN KEY (org_id, series_id) REFERENCES shift_series (org_id, id)
);

-- The shape of a shift that has one of its own; where its type, series or leave is named, it was made from that.
ALTER TABLE shifts ADD COLUMN shape jsonb;
ALTER TABLE shifts ADD COLUMN type_id uuid;
ALTER TABLE shifts ADD COLUMN series_id uuid;
ALTER TABLE shifts ADD COLUMN series_day date;
ALTER TABLE shifts ADD COLUMN leave_id uuid;
CREATE INDEX shifts_by_series ON shifts (org_id, series_id, series_day);
CREATE INDEX shifts_by_day ON shifts (org_id, work_date);
ALTER TABLE shift_types ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_types FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON shift_types USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE shift_series ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_series FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON shift_series USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE shift_series_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE shift_series_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON shift_series_changes USING (org_id = zamu_org() OR zamu_platform());
