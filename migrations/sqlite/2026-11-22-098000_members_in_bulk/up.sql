-- Where a member belongs from a day on. Nothing before the first row: it is the department of the first row then too.
-- A move in the future waits until the day begins where the organization is.
CREATE TABLE member_departments (
    org_id          BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    effective_from  TEXT NOT NULL,
    department_id   BLOB,
    recorded_at     BIGINT NOT NULL,
    recorded_by     BLOB,
    applied_at      BIGINT,
    PRIMARY KEY (org_id, member_id, effective_from),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);
CREATE INDEX member_departments_waiting ON member_departments (org_id, effective_from) WHERE applied_at IS NULL;

-- A file of members and what became of its rows; the cells of the failed ones wait to be corrected.
CREATE TABLE member_imports (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    made_by         BLOB NOT NULL,
    made_at         BIGINT NOT NULL,
    resumed_at      BIGINT,
    options         TEXT NOT NULL,
    header          TEXT NOT NULL,
    counts          TEXT NOT NULL,
    failed          TEXT NOT NULL,
    remarks         TEXT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX member_imports_newest ON member_imports (org_id, made_at DESC, id DESC);

-- An invitation for somebody who is recorded already: who accepts becomes that member.
ALTER TABLE invitations ADD COLUMN member_id BLOB;

-- Whom to call when something happens to a client.
CREATE TABLE client_contacts (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    client_id       BLOB NOT NULL,
    name            TEXT NOT NULL,
    phone           TEXT NOT NULL,
    relation        TEXT,
    position        INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id)
);
CREATE INDEX client_contacts_by_client ON client_contacts (org_id, client_id, position);
ALTER TABLE clients ADD COLUMN other_phones TEXT NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN is_newborn BOOLEAN NOT NULL DEFAULT 0;
