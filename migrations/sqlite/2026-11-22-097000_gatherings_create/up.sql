-- Classes, meetings, shift calls: what people are expected at, for a while, at a place. Whether one is open follows from
-- the time; the instants of its window are kept so that the timetable finds what is due.
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
CREATE INDEX gatherings_by_start ON gatherings (org_id, starts_at, id);
CREATE INDEX gatherings_by_series ON gatherings (org_id, series_id, starts_at);
CREATE INDEX gatherings_due ON gatherings (org_id, closes_at) WHERE state = 'SCHEDULED';

-- Who is invited by name.
CREATE TABLE gathering_members (
    org_id          BLOB NOT NULL,
    gathering_id    BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    PRIMARY KEY (org_id, gathering_id, member_id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX gathering_members_by_member ON gathering_members (org_id, member_id, gathering_id);

-- What became of one person at one of them: one record each, whoever writes it first.
CREATE TABLE attendance_records (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    gathering_id    BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    department_id   BLOB,
    status          TEXT NOT NULL,
    method          TEXT,
    checked_in_at   BIGINT,
    in_received_at  BIGINT,
    in_device_at    BIGINT,
    checked_out_at  BIGINT,
    out_received_at BIGINT,
    out_device_at   BIGINT,
    latitude        DOUBLE,
    longitude       DOUBLE,
    accuracy_m      DOUBLE,
    fence_in        TEXT NOT NULL,
    distance_in_m   DOUBLE,
    fence_out       TEXT,
    distance_out_m  DOUBLE,
    minutes_late    INTEGER,
    flags           TEXT NOT NULL,
    needs_review    BOOLEAN NOT NULL,
    forced_by       BLOB,
    reason          TEXT,
    attested        BOOLEAN NOT NULL,
    note            TEXT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, forced_by) REFERENCES members (org_id, id),
    CONSTRAINT one_record_per_gathering_and_member UNIQUE (org_id, gathering_id, member_id)
);
CREATE INDEX attendance_records_by_member ON attendance_records (org_id, member_id, gathering_id);

-- How often somebody guessed a check-in code, and since when.
CREATE TABLE gathering_guesses (
    org_id          BLOB NOT NULL,
    gathering_id    BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    wrong           INTEGER NOT NULL,
    since           BIGINT NOT NULL,
    PRIMARY KEY (org_id, gathering_id, member_id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
