-- A person's time in a period. An approval pins the content it was given for, so that what changed later can be shown.
CREATE TABLE timesheets (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date NOT NULL,
    state           text NOT NULL,
    content         jsonb,
    hash            text,
    submitted_at    timestamptz,
    decided_at      timestamptz,
    decided_by      uuid,
    memo            text,
    locked_at       timestamptz,
    locked_by       uuid,
    changes         jsonb NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT one_timesheet_per_period UNIQUE (org_id, member_id, starts_on),
    CONSTRAINT nobody_approves_their_own_timesheet CHECK (decided_by <> member_id)
);
CREATE INDEX timesheets_newest ON timesheets (org_id, created_at DESC, id DESC);
ALTER TABLE timesheets ENABLE ROW LEVEL SECURITY;
ALTER TABLE timesheets FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON timesheets USING (org_id = zamu_org() OR zamu_platform());

-- How long a timesheet is. No row: a month.
CREATE TABLE timesheet_policies (
    org_id          uuid NOT NULL PRIMARY KEY REFERENCES organizations (id),
    period          text NOT NULL,
    anchor          date NOT NULL,
    set_at          timestamptz NOT NULL
);
ALTER TABLE timesheet_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE timesheet_policies FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON timesheet_policies USING (org_id = zamu_org() OR zamu_platform());
