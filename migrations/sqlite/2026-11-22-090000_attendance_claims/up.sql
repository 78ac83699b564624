-- A claim keeps what was said; which session it belongs to and what part it plays there is worked out again whenever
-- another claim arrives, so those two columns may change and nothing else.
DROP TRIGGER punches_are_immutable_on_update;
DROP TRIGGER punches_are_immutable_on_delete;
DROP INDEX punches_by_session;
ALTER TABLE punches RENAME TO punches_before;
CREATE TABLE punches (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    session_id      BLOB,
    member_id       BLOB NOT NULL,
    direction       TEXT NOT NULL,
    source          TEXT NOT NULL,
    occurred_at     BIGINT NOT NULL,
    received_at     BIGINT NOT NULL,
    device_at       BIGINT,
    latitude        DOUBLE,
    longitude       DOUBLE,
    accuracy_m      DOUBLE,
    place_id        BLOB,
    fence           TEXT NOT NULL,
    distance_m      DOUBLE,
    remark          TEXT,
    mock_location   BOOLEAN NOT NULL,
    device          TEXT NOT NULL,
    external_ref    TEXT,
    role            TEXT NOT NULL DEFAULT 'OPENS',
    client_ref      TEXT,
    break_kind      TEXT,
    trust           TEXT NOT NULL DEFAULT 'SERVER',
    skew_seconds    INTEGER,
    emergency       BOOLEAN NOT NULL DEFAULT 0,
    made_by         BLOB,
    reason_code     TEXT,
    memo            TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    CONSTRAINT one_punch_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT one_punch_per_client_ref UNIQUE (org_id, member_id, client_ref)
);
INSERT INTO punches (org_id, id, session_id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref) SELECT org_id, id, session_id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref FROM punches_before;
UPDATE punches SET role = 'CLOSES' WHERE direction = 'OUT';
DROP TABLE punches_before;
CREATE INDEX punches_by_session ON punches (org_id, session_id, occurred_at);
CREATE INDEX punches_by_member ON punches (org_id, member_id, occurred_at);
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE OF org_id, id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref, client_ref, break_kind, trust, skew_seconds, emergency, made_by, reason_code, memo ON punches
    BEGIN SELECT RAISE(ABORT, 'rows of punches are immutable'); END;
CREATE TRIGGER punches_are_immutable_on_delete BEFORE DELETE ON punches
    BEGIN SELECT RAISE(ABORT, 'rows of punches are immutable'); END;

-- What somebody changed about a claim: a layer above it. The newest layer counts.
CREATE TABLE punch_edits (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    punch_id        BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    change          TEXT NOT NULL,
    occurred_at     BIGINT,
    reason_code     TEXT NOT NULL,
    memo            TEXT,
    attested        BOOLEAN NOT NULL,
    made_by         BLOB,
    made_at         BIGINT NOT NULL,
    correction_id   BLOB,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, punch_id) REFERENCES punches (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX punch_edits_by_punch ON punch_edits (org_id, punch_id, made_at);
CREATE INDEX punch_edits_by_member ON punch_edits (org_id, member_id, made_at);
ALTER TABLE work_sessions ADD COLUMN breaks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE work_sessions ADD COLUMN hours TEXT;
ALTER TABLE work_sessions ADD COLUMN paid_minutes INTEGER;
ALTER TABLE work_sessions ADD COLUMN tasks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE work_sessions ADD COLUMN is_manual BOOLEAN NOT NULL DEFAULT 0;
CREATE INDEX work_sessions_by_day ON work_sessions (org_id, member_id, work_date);

-- What a session was until something replaced it: every past state can be shown again.
CREATE TABLE session_versions (
    org_id          BLOB NOT NULL,
    session_id      BLOB NOT NULL,
    number          INTEGER NOT NULL,
    since           BIGINT NOT NULL,
    until           BIGINT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (org_id, session_id, number),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id)
);

-- What a day counts as for one person. No status: not decided yet, or nothing was planned.
CREATE TABLE work_days (
    org_id          BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    work_date       TEXT NOT NULL,
    department_id   BLOB,
    place_id        BLOB,
    status          TEXT,
    leave           TEXT NOT NULL,
    is_holiday      BOOLEAN NOT NULL,
    first_in        BIGINT,
    last_out        BIGINT,
    decided_at      BIGINT,
    PRIMARY KEY (org_id, member_id, work_date),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id)
);
CREATE INDEX work_days_by_date ON work_days (org_id, work_date, member_id);

-- The measures of a day, by person, department and place (the nil id: none): what reports of a person add up.
CREATE TABLE day_parts (
    org_id              BLOB NOT NULL,
    member_id           BLOB NOT NULL,
    work_date           TEXT NOT NULL,
    department_id       BLOB NOT NULL,
    place_id            BLOB NOT NULL,
    people_days         BIGINT NOT NULL,
    planned_minutes     BIGINT NOT NULL,
    worked_minutes      BIGINT NOT NULL,
    paid_minutes        BIGINT NOT NULL,
    regular_minutes     BIGINT NOT NULL,
    overtime_minutes    BIGINT NOT NULL,
    night_minutes       BIGINT NOT NULL,
    holiday_minutes     BIGINT NOT NULL,
    break_minutes       BIGINT NOT NULL,
    rounding_minutes    BIGINT NOT NULL,
    sessions            BIGINT NOT NULL,
    starts              BIGINT NOT NULL,
    late_count          BIGINT NOT NULL,
    late_minutes        BIGINT NOT NULL,
    early_count         BIGINT NOT NULL,
    early_minutes       BIGINT NOT NULL,
    present_days        BIGINT NOT NULL,
    late_days           BIGINT NOT NULL,
    half_days           BIGINT NOT NULL,
    absent_days         BIGINT NOT NULL,
    leave_days          BIGINT NOT NULL,
    confirmed           BIGINT NOT NULL,
    compliant           BIGINT NOT NULL,
    PRIMARY KEY (org_id, member_id, work_date, department_id, place_id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX day_parts_by_date ON day_parts (org_id, work_date);

-- The same added up over people, changed in the same transaction: what reports of an organization add up.
CREATE TABLE group_days (
    org_id              BLOB NOT NULL REFERENCES organizations (id),
    work_date           TEXT NOT NULL,
    department_id       BLOB NOT NULL,
    place_id            BLOB NOT NULL,
    people_days         BIGINT NOT NULL,
    planned_minutes     BIGINT NOT NULL,
    worked_minutes      BIGINT NOT NULL,
    paid_minutes        BIGINT NOT NULL,
    regular_minutes     BIGINT NOT NULL,
    overtime_minutes    BIGINT NOT NULL,
    night_minutes       BIGINT NOT NULL,
    holiday_minutes     BIGINT NOT NULL,
    break_minutes       BIGINT NOT NULL,
    rounding_minutes    BIGINT NOT NULL,
    sessions            BIGINT NOT NULL,
    starts              BIGINT NOT NULL,
    late_count          BIGINT NOT NULL,
    late_minutes        BIGINT NOT NULL,
    early_count         BIGINT NOT NULL,
    early_minutes       BIGINT NOT NULL,
    present_days        BIGINT NOT NULL,
    late_days           BIGINT NOT NULL,
    half_days           BIGINT NOT NULL,
    absent_days         BIGINT NOT NULL,
    leave_days          BIGINT NOT NULL,
    confirmed           BIGINT NOT NULL,
    compliant           BIGINT NOT NULL,
    PRIMARY KEY (org_id, work_date, department_id, place_id)
);

-- Something a person must look at. One open per subject, kind and code.
CREATE TABLE exceptions (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    subject         TEXT NOT NULL,
    kind            TEXT NOT NULL,
    code            TEXT NOT NULL,
    severity        TEXT NOT NULL,
    state           TEXT NOT NULL,
    score           INTEGER NOT NULL,
    detail          TEXT NOT NULL,
    member_id       BLOB NOT NULL,
    department_id   BLOB,
    place_id        BLOB,
    session_id      BLOB,
    punch_id        BLOB,
    work_date       TEXT NOT NULL,
    assigned_to     BLOB,
    opened_at       BIGINT NOT NULL,
    closed_at       BIGINT,
    closed_by       BLOB,
    reason_code     TEXT,
    resolution_code TEXT,
    memo            TEXT,
    attested        BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, punch_id) REFERENCES punches (org_id, id)
);
CREATE UNIQUE INDEX one_open_exception_per_kind ON exceptions (org_id, subject, kind, code) WHERE closed_at IS NULL;
CREATE INDEX exceptions_newest ON exceptions (org_id, opened_at DESC, id DESC);
CREATE INDEX exceptions_by_subject ON exceptions (org_id, subject);
CREATE INDEX exceptions_by_member ON exceptions (org_id, member_id, work_date);

CREATE TABLE exception_changes (
    org_id          BLOB NOT NULL,
    exception_id    BLOB NOT NULL,
    number          INTEGER NOT NULL,
    at              BIGINT NOT NULL,
    change          TEXT NOT NULL,
    made_by         BLOB,
    detail          TEXT NOT NULL,
    PRIMARY KEY (org_id, exception_id, number),
    FOREIGN KEY (org_id, exception_id) REFERENCES exceptions (org_id, id)
);
