-- A person's time in a period. An approval pins the content it was given for, so that what changed later can be shown.
CREATE TABLE timesheets (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    starts_on       TEXT NOT NULL,
    ends_on         TEXT NOT NULL,
    state           TEXT NOT NULL,
    content         TEXT,
    hash            TEXT,
    submitted_at    BIGINT,
    decided_at      BIGINT,
    decided_by      BLOB,
    memo            TEXT,
    locked_at       BIGINT,
    locked_by       BLOB,
    changes         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT one_timesheet_per_period UNIQUE (org_id, member_id, starts_on),
    CONSTRAINT nobody_approves_their_own_timesheet CHECK (decided_by <> member_id)
);
CREATE INDEX timesheets_newest ON timesheets (org_id, created_at DESC, id DESC);

-- How long a timesheet is. No row: a month.
CREATE TABLE timesheet_policies (
    org_id          BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    period          TEXT NOT NULL,
    anchor          TEXT NOT NULL,
    set_at          BIGINT NOT NULL
);
