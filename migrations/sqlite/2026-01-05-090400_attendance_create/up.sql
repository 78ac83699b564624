CREATE TABLE work_sessions (
    org_id              BLOB NOT NULL REFERENCES organizations (id),
    id                  BLOB NOT NULL,
    member_id           BLOB NOT NULL,
    department_id       BLOB,
    place_id            BLOB,
    client_id           BLOB,
    shift_id            BLOB,
    service             TEXT,
    status              TEXT NOT NULL,
    work_date           TEXT NOT NULL,
    clocked_in_at       BIGINT NOT NULL,
    clocked_out_at      BIGINT,
    lateness            TEXT,
    minutes_late        INTEGER,
    fence_in            TEXT NOT NULL,
    distance_in_m       DOUBLE,
    fence_out           TEXT,
    distance_out_m      DOUBLE,
    flags               TEXT NOT NULL,
    needs_review        BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id),
    FOREIGN KEY (org_id, shift_id) REFERENCES shifts (org_id, id),
    CONSTRAINT session_ends_after_it_starts CHECK (clocked_out_at >= clocked_in_at)
);
CREATE UNIQUE INDEX one_open_session_per_member ON work_sessions (org_id, member_id) WHERE status = 'ACTIVE';
CREATE INDEX work_sessions_newest ON work_sessions (org_id, clocked_in_at DESC, id DESC);
CREATE INDEX work_sessions_by_member ON work_sessions (org_id, member_id, clocked_in_at DESC, id DESC);

-- One immutable claim "in / out at this time and place". Three times: as the device said, as the server received, as corrected.
CREATE TABLE punches (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    session_id      BLOB NOT NULL,
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
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    CONSTRAINT one_punch_per_external_ref UNIQUE (org_id, external_ref)
);
CREATE INDEX punches_by_session ON punches (org_id, session_id, occurred_at);
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE ON punches
    BEGIN SELECT RAISE(ABORT, 'rows of punches are immutable'); END;
CREATE TRIGGER punches_are_immutable_on_delete BEFORE DELETE ON punches
    BEGIN SELECT RAISE(ABORT, 'rows of punches are immutable'); END;

CREATE TABLE session_notes (
    org_id      BLOB NOT NULL,
    id          BLOB NOT NULL,
    session_id  BLOB NOT NULL,
    author_id   BLOB NOT NULL,
    body        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id)
);
CREATE INDEX session_notes_by_session ON session_notes (org_id, session_id, created_at);

CREATE TABLE location_pings (
    org_id          BLOB NOT NULL,
    session_id      BLOB NOT NULL,
    captured_at     BIGINT NOT NULL,
    received_at     BIGINT NOT NULL,
    latitude        DOUBLE NOT NULL,
    longitude       DOUBLE NOT NULL,
    accuracy_m      DOUBLE NOT NULL,
    mock_location   BOOLEAN NOT NULL,
    PRIMARY KEY (org_id, session_id, captured_at),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id)
);
