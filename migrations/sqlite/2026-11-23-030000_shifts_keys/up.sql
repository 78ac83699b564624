-- The type, the series and the leave that a shift names are there. SQLite adds a key over two columns only to a new table,
-- so the rows move; what points at them is looked at when all is in place.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE shifts_before AS SELECT * FROM shifts;
DROP TABLE shifts;
CREATE TABLE shifts (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    place_id        BLOB,
    kind            TEXT NOT NULL,
    work_date       TEXT NOT NULL,
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    break_minutes   INTEGER NOT NULL,
    external_ref    TEXT,
    created_at      BIGINT NOT NULL,
    cancelled_at    BIGINT,
    shape           TEXT,
    type_id         BLOB,
    series_id       BLOB,
    series_day      TEXT,
    leave_id        BLOB,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES shift_types (org_id, id),
    FOREIGN KEY (org_id, series_id) REFERENCES shift_series (org_id, id),
    FOREIGN KEY (org_id, leave_id) REFERENCES leave_requests (org_id, id),
    CONSTRAINT one_shift_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT shift_ends_after_it_starts CHECK (ends_at > starts_at)
);
INSERT INTO shifts (org_id, id, member_id, place_id, kind, work_date, starts_at, ends_at, break_minutes, external_ref, created_at, cancelled_at, shape, type_id, series_id, series_day, leave_id) SELECT org_id, id, member_id, place_id, kind, work_date, starts_at, ends_at, break_minutes, external_ref, created_at, cancelled_at, shape, type_id, series_id, series_day, leave_id FROM shifts_before;
DROP TABLE shifts_before;
CREATE INDEX shifts_by_member ON shifts (org_id, member_id, starts_at);
CREATE INDEX shifts_by_series ON shifts (org_id, series_id, series_day);
CREATE INDEX shifts_by_day ON shifts (org_id, work_date);
CREATE INDEX shifts_by_end ON shifts (org_id, ends_at, id);
CREATE INDEX shifts_of_a_day ON shifts (org_id, member_id, work_date);
