-- A form that shifts are made in. A shift keeps the shape it was made with, so a type may change.
CREATE TABLE shift_types (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    shape           TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    archived_at     BIGINT,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_shift_type_per_name UNIQUE (org_id, name)
);

-- Shifts that come again, on the days a recurrence rule says, at the same local time.
CREATE TABLE shift_series (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    place_id        BLOB,
    type_id         BLOB,
    shape           TEXT NOT NULL,
    recurrence      TEXT NOT NULL,
    first_day       TEXT NOT NULL,
    last_day        TEXT,
    planned_to      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES shift_types (org_id, id)
);
CREATE INDEX shift_series_by_member ON shift_series (org_id, member_id);

-- Where a series departs from its rule. No day to move to: nothing is planned for it.
CREATE TABLE shift_series_changes (
    org_id          BLOB NOT NULL,
    series_id       BLOB NOT NULL,
    day             TEXT NOT NULL,
    moved_to        TEXT,
    shape           TEXT,
    reason          TEXT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, series_id, day),
    FOREIGN KEY (org_id, series_id) REFERENCES shift_series (org_id, id)
);

-- The shape of a shift that has one of its own; where its type, series or leave is named, it was made from that.
ALTER TABLE shifts ADD COLUMN shape TEXT;
ALTER TABLE shifts ADD COLUMN type_id BLOB;
ALTER TABLE shifts ADD COLUMN series_id BLOB;
ALTER TABLE shifts ADD COLUMN series_day TEXT;
ALTER TABLE shifts ADD COLUMN leave_id BLOB;
CREATE INDEX shifts_by_series ON shifts (org_id, series_id, series_day);
CREATE INDEX shifts_by_day ON shifts (org_id, work_date);
