-- Kinds of leave an organization grants.
CREATE TABLE leave_types (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    id                  uuid NOT NULL,
    name                text NOT NULL,
    pay                 text NOT NULL,
    counts              text NOT NULL,
    half_days_allowed   boolean NOT NULL,
    needs_balance       boolean NOT NULL,
    yearly_half_days    integer,
    source              text NOT NULL,
    created_at          timestamptz NOT NULL,
    archived_at         timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_leave_type_per_name UNIQUE (org_id, name)
);

-- Leave somebody asks for. `half_days` is what it takes, counted when it was asked for and again when it is granted.
CREATE TABLE leave_requests (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    type_id         uuid NOT NULL,
    first_day       date NOT NULL,
    last_day        date NOT NULL,
    half            text,
    half_days       integer NOT NULL,
    reason          text,
    status          text NOT NULL,
    created_at      timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      uuid,
    decision        text,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES leave_types (org_id, id),
    CONSTRAINT leave_ends_after_it_starts CHECK (last_day >= first_day),
    CONSTRAINT leave_is_not_decided_by_its_member CHECK (decided_by <> member_id OR status = 'WITHDRAWN')
);
CREATE INDEX leave_requests_by_member ON leave_requests (org_id, member_id, first_day);

-- The ledger of leave: what was granted (above zero) and what was taken. Rows are only added.
CREATE TABLE leave_entries (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    type_id         uuid NOT NULL,
    half_days       integer NOT NULL,
    leave_id        uuid,
    note            text,
    made_by         uuid,
    made_at         timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, type_id) REFERENCES leave_types (org_id, id),
    FOREIGN KEY (org_id, leave_id) REFERENCES leave_requests (org_id, id)
);
CREATE INDEX leave_entries_by_member ON leave_entries (org_id, member_id, type_id);
ALTER TABLE leave_types ENABLE ROW LEVEL SECURITY;
ALTER TABLE leave_types FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON leave_types USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE leave_requests ENABLE ROW LEVEL SECURITY;
ALTER TABLE leave_requests FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON leave_requests USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE leave_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE leave_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON leave_entries USING (org_id = zamu_org() OR zamu_platform());
