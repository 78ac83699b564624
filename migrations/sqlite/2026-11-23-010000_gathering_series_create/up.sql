-- Attendance events that come again, on the days a recurrence rule says, at the same local time. `pattern` is what each of
-- them is like; what it points at stands in columns, so that it is there.
CREATE TABLE gathering_series (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    pattern         TEXT NOT NULL,
    place_id        BLOB,
    department_id   BLOB,
    organizer_id    BLOB,
    time_zone       TEXT NOT NULL,
    recurrence      TEXT NOT NULL,
    first_day       TEXT NOT NULL,
    last_day        TEXT,
    planned_to      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, organizer_id) REFERENCES members (org_id, id)
);
CREATE INDEX gathering_series_by_creation ON gathering_series (org_id, created_at, id);

-- Where a series departs from its rule. Not moved anywhere: nothing is held for that day.
CREATE TABLE gathering_series_changes (
    org_id          BLOB NOT NULL,
    series_id       BLOB NOT NULL,
    day             TEXT NOT NULL,
    moved           TEXT,
    reason          TEXT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, series_id, day),
    FOREIGN KEY (org_id, series_id) REFERENCES gathering_series (org_id, id)
);

-- The day of its rule an attendance event stands for. SQLite adds a key over two columns only to a new table, so the rows
-- move; what points at them is looked at when all is in place. Series were known by their events alone: what was planned
-- of them stands for itself now.
PRAGMA defer_foreign_keys = ON;
CREATE TABLE gatherings_before AS SELECT * FROM gatherings;
DROP TABLE gatherings;
CREATE TABLE gatherings (
    org_id              BLOB NOT NULL,
    id                  BLOB NOT NULL,
    title               TEXT NOT NULL,
    kind                TEXT NOT NULL,
    note                TEXT,
    place_id            BLOB,
    radius_m            INTEGER,
    starts_at           BIGINT NOT NULL,
    ends_at             BIGINT NOT NULL,
    time_zone           TEXT NOT NULL,
    opens_minutes       INTEGER NOT NULL,
    closes_minutes      INTEGER,
    opens_at            BIGINT NOT NULL,
    check_in_until      BIGINT NOT NULL,
    closes_at           BIGINT NOT NULL,
    late_after_minutes  INTEGER,
    code_required       BOOLEAN NOT NULL,
    secret              TEXT NOT NULL,
    roster              TEXT NOT NULL,
    department_id       BLOB,
    organizer_id        BLOB,
    series_id           BLOB,
    state               TEXT NOT NULL,
    cancel_reason       TEXT,
    created_at          BIGINT NOT NULL,
    closed_at           BIGINT,
    cancelled_at        BIGINT,
    series_day          TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, organizer_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, series_id) REFERENCES gathering_series (org_id, id),
    CONSTRAINT one_gathering_per_series_and_day UNIQUE (org_id, series_id, series_day)
);
INSERT INTO gatherings (org_id, id, title, kind, note, place_id, radius_m, starts_at, ends_at, time_zone, opens_minutes, closes_minutes, opens_at, check_in_until, closes_at, late_after_minutes, code_required, secret, roster, department_id, organizer_id, series_id, state, cancel_reason, created_at, closed_at, cancelled_at) SELECT org_id, id, title, kind, note, place_id, radius_m, starts_at, ends_at, time_zone, opens_minutes, closes_minutes, opens_at, check_in_until, closes_at, late_after_minutes, code_required, secret, roster, department_id, organizer_id, NULL, state, cancel_reason, created_at, closed_at, cancelled_at FROM gatherings_before;
DROP TABLE gatherings_before;
CREATE INDEX gatherings_by_start ON gatherings (org_id, starts_at, id);
CREATE INDEX gatherings_by_series ON gatherings (org_id, series_id, starts_at);
CREATE INDEX gatherings_due ON gatherings (org_id, closes_at) WHERE state = 'SCHEDULED';
