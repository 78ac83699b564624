-- Kinds of leave an organization grants.
CREATE TABLE leave_types (
    org_id              BLOB NOT NULL REFERENCES organizations (id),
    id                  BLOB NOT NULL,
    name                TEXT NOT NULL,
    pay                 TEXT NOT NULL,
    counts              TEXT NOT NULL,
    half_days_allowed   BOOLEAN NOT NULL,
    needs_balance       BOOLEAN NOT NULL,
    yearly_half_days    INTEGER,
    source              TEXT NOT NULL,
    created_at          BIGINT NOT NULL,
    archived_at         BIGINT,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_leave_type_per_name UNIQUE (org_id, name)
);

-- Leave somebody asks for. `half_days` is what it takes, counted when it was asked for and again when it is granted.
CREATE TABLE leave_requests (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    type_id         BLOB NOT NULL,
    first_day       TEXT NOT NULL,
    last_day        TEXT NOT NULL,
    half            TEXT,
    half_days       INTEGER NOT NULL,
    reason          TEXT,
    status          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    decided_at      BIGINT,
    decided_by      BLOB,
    decision        TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES leave_types (org_id, id),
    CONSTRAINT leave_ends_after_it_starts CHECK (last_day >= first_day),
    CONSTRAINT leave_is_not_decided_by_its_member CHECK (decided_by <> member_id OR status = 'WITHDRAWN')
);
CREATE INDEX leave_requests_by_member ON leave_requests (org_id, member_id, first_day);

-- The ledger of leave: what was granted (above zero) and what was taken. Rows are only added.
CREATE TABLE leave_entries (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    type_id         BLOB NOT NULL,
    half_days       INTEGER NOT NULL,
    leave_id        BLOB,
    note            TEXT,
    made_by         BLOB,
    made_at         BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES leave_types (org_id, id),
    FOREIGN KEY (org_id, leave_id) REFERENCES leave_requests (org_id, id)
);
CREATE INDEX leave_entries_by_member ON leave_entries (org_id, member_id, type_id);
