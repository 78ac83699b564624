-- Days on which nobody is expected. `scope_id` is the place, the department, or the nil id for everybody.
CREATE TABLE holidays (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    day             date NOT NULL,
    name            text NOT NULL,
    place_id        uuid,
    department_id   uuid,
    scope_id        uuid NOT NULL,
    source          text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    CONSTRAINT one_holiday_per_day_and_name UNIQUE (org_id, day, scope_id, name)
);

-- What a week looks like from a day on. No week: from then on the next wider scope says. Rows are only added.
CREATE TABLE business_hours (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    place_id        uuid,
    department_id   uuid,
    scope_id        uuid NOT NULL,
    since           date NOT NULL,
    week            jsonb,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);
CREATE INDEX business_hours_by_scope ON business_hours (org_id, scope_id, since);
ALTER TABLE holidays ENABLE ROW LEVEL SECURITY;
ALTER TABLE holidays FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON holidays USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE business_hours ENABLE ROW LEVEL SECURITY;
ALTER TABLE business_hours FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON business_hours USING (org_id = zamu_org() OR zamu_platform());
