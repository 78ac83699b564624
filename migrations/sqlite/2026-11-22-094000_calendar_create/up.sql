-- Days on which nobody is expected. `scope_id` is the place, the department, or the nil id for everybody.
CREATE TABLE holidays (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    day             TEXT NOT NULL,
    name            TEXT NOT NULL,
    place_id        BLOB,
    department_id   BLOB,
    scope_id        BLOB NOT NULL,
    source          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    CONSTRAINT one_holiday_per_day_and_name UNIQUE (org_id, day, scope_id, name)
);

-- What a week looks like from a day on. No week: from then on the next wider scope says. Rows are only added.
CREATE TABLE business_hours (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    place_id        BLOB,
    department_id   BLOB,
    scope_id        BLOB NOT NULL,
    since           TEXT NOT NULL,
    week            TEXT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);
CREATE INDEX business_hours_by_scope ON business_hours (org_id, scope_id, since);
