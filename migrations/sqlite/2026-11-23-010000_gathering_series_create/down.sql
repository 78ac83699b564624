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
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, organizer_id) REFERENCES members (org_id, id)
);
INSERT INTO gatherings (org_id, id, title, kind, note, place_id, radius_m, starts_at, ends_at, time_zone, opens_minutes, closes_minutes, opens_at, check_in_until, closes_at, late_after_minutes, code_required, secret, roster, department_id, organizer_id, series_id, state, cancel_reason, created_at, closed_at, cancelled_at) SELECT org_id, id, title, kind, note, place_id, radius_m, starts_at, ends_at, time_zone, opens_minutes, closes_minutes, opens_at, check_in_until, closes_at, late_after_minutes, code_required, secret, roster, department_id, organizer_id, series_id, state, cancel_reason, created_at, closed_at, cancelled_at FROM gatherings_before;
DROP TABLE gatherings_before;
CREATE INDEX gatherings_by_start ON gatherings (org_id, starts_at, id);
CREATE INDEX gatherings_by_series ON gatherings (org_id, series_id, starts_at);
CREATE INDEX gatherings_due ON gatherings (org_id, closes_at) WHERE state = 'SCHEDULED';
DROP TABLE gathering_series_changes;
DROP TABLE gathering_series;
