-- Where a member belongs from a day on. Nothing before the first row: it is the department of the first row then too.
-- A move in the future waits until the day begins where the organization is.
CREATE TABLE member_departments (
    org_id          uuid NOT NULL,
    member_id       uuid NOT NULL,
    effective_from  date NOT NULL,
    department_id   uuid,
    recorded_at     timestamptz NOT NULL,
    recorded_by     uuid,
    applied_at      timestamptz,
    PRIMARY KEY (org_id, member_id, effective_from),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);
CREATE INDEX member_departments_waiting ON member_departments (org_id, effective_from) WHERE applied_at IS NULL;
ALTER TABLE member_departments ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_departments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON member_departments USING (org_id = zamu_org() OR zamu_platform());

-- A file of members and what became of its rows; the cells of the failed ones wait to be corrected.
CREATE TABLE member_imports (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    made_by         uuid NOT NULL,
    made_at         timestamptz NOT NULL,
    resumed_at      timestamptz,
    options         jsonb NOT NULL,
    header          jsonb NOT NULL,
    counts          jsonb NOT NULL,
    failed          jsonb NOT NULL,
    remarks         jsonb NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX member_imports_newest ON member_imports (org_id, made_at DESC, id DESC);
ALTER TABLE member_imports ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_imports FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON member_imports USING (org_id = zamu_org() OR zamu_platform());

-- An invitation for somebody who is recorded already: who accepts becomes that member.
ALTER TABLE invitations ADD COLUMN member_id uuid;

-- Whom to call when something happens to a client.
CREATE TABLE client_contacts (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    client_id       uuid NOT NULL,
    name            text NOT NULL,
    phone           text NOT NULL,
    relation        text,
    position        integer NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id)
);
CREATE INDEX client_contacts_by_client ON client_contacts (org_id, client_id, position);
ALTER TABLE client_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE client_contacts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON client_contacts USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE clients ADD COLUMN other_phones jsonb NOT NULL DEFAULT '[]';
ALTER TABLE clients ADD COLUMN is_newborn boolean NOT NULL DEFAULT false;
