-- A claim keeps what was said; which session it belongs to and what part it plays there is worked out again whenever
-- another claim arrives, so those two columns may change and nothing else.
DROP TRIGGER punches_are_immutable ON punches;
ALTER TABLE punches ALTER COLUMN session_id DROP NOT NULL;
ALTER TABLE punches ADD COLUMN role text NOT NULL DEFAULT 'OPENS';
ALTER TABLE punches ADD COLUMN client_ref text;
ALTER TABLE punches ADD COLUMN break_kind text;
ALTER TABLE punches ADD COLUMN trust text NOT NULL DEFAULT 'SERVER';
ALTER TABLE punches ADD COLUMN skew_seconds integer;
ALTER TABLE punches ADD COLUMN emergency boolean NOT NULL DEFAULT false;
ALTER TABLE punches ADD COLUMN made_by uuid;
ALTER TABLE punches ADD COLUMN reason_code text;
ALTER TABLE punches ADD COLUMN memo text;
UPDATE punches SET role = 'CLOSES' WHERE direction = 'OUT';
ALTER TABLE punches ADD CONSTRAINT one_punch_per_client_ref UNIQUE (org_id, member_id, client_ref);
CREATE INDEX punches_by_member ON punches (org_id, member_id, occurred_at);
CREATE TRIGGER punches_are_immutable_on_delete BEFORE DELETE ON punches FOR EACH ROW EXECUTE FUNCTION zamu_immutable();
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE OF org_id, id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref, client_ref, break_kind, trust, skew_seconds, emergency, made_by, reason_code, memo ON punches
    FOR EACH ROW EXECUTE FUNCTION zamu_immutable();

-- What somebody changed about a claim: a layer above it. The newest layer counts.
CREATE TABLE punch_edits (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    punch_id        uuid NOT NULL,
    member_id       uuid NOT NULL,
    change          text NOT NULL,
    occurred_at     timestamptz,
    reason_code     text NOT NULL,
    memo            text,
    attested        boolean NOT NULL,
    made_by         uuid,
    made_at         timestamptz NOT NULL,
    correction_id   uuid,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, punch_id) REFERENCES punches (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX punch_edits_by_punch ON punch_edits (org_id, punch_id, made_at);
CREATE INDEX punch_edits_by_member ON punch_edits (org_id, member_id, made_at);
ALTER TABLE punch_edits ENABLE ROW LEVEL SECURITY;
ALTER TABLE punch_edits FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON punch_edits USING (org_id = zamu_org() OR zamu_platform());
ALTER TABLE work_sessions ADD COLUMN breaks jsonb NOT NULL DEFAULT '[]';
ALTER TABLE work_sessions ADD COLUMN hours jsonb;
ALTER TABLE work_sessions ADD COLUMN paid_minutes integer;
ALTER TABLE work_sessions ADD COLUMN tasks jsonb NOT NULL DEFAULT '[]';
ALTER TABLE work_sessions ADD COLUMN is_manual boolean NOT NULL DEFAULT false;
CREATE INDEX work_sessions_by_day ON work_sessions (org_id, member_id, work_date);

-- What a session was until something replaced it: every past state can be shown again.
CREATE TABLE session_versions (
    org_id          uuid NOT NULL,
    session_id      uuid NOT NULL,
    number          integer NOT NULL,
    since           timestamptz NOT NULL,
    until           timestamptz NOT NULL,
    body            jsonb NOT NULL,
    PRIMARY KEY (org_id, session_id, number),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id)
);
ALTER TABLE session_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE session_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON session_versions USING (org_id = zamu_org() OR zamu_platform());

-- What a day counts as for one person. No status: not decided yet, or nothing was planned.
CREATE TABLE work_days (
    org_id          uuid NOT NULL,
    member_id       uuid NOT NULL,
    work_date       date NOT NULL,
    department_id   uuid,
    place_id        uuid,
    status          text,
    leave           text NOT NULL,
    is_holiday      boolean NOT NULL,
    first_in        timestamptz,
    last_out        timestamptz,
    decided_at      timestamptz,
    PRIMARY KEY (org_id, member_id, work_date),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id)
);
CREATE INDEX work_days_by_date ON work_days (org_id, work_date, member_id);
ALTER TABLE work_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE work_days FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON work_days USING (org_id = zamu_org() OR zamu_platform());

-- The measures of a day, by person, department and place (the nil id: none): what reports of a person add up.
CREATE TABLE day_parts (
    org_id              uuid NOT NULL,
    member_id           uuid NOT NULL,
    work_date           date NOT NULL,
    department_id       uuid NOT NULL,
    place_id            uuid NOT NULL,
    people_days         bigint NOT NULL,
    planned_minutes     bigint NOT NULL,
    worked_minutes      bigint NOT NULL,
    paid_minutes        bigint NOT NULL,
    regular_minutes     bigint NOT NULL,
    overtime_minutes    bigint NOT NULL,
    night_minutes       bigint NOT NULL,
    holiday_minutes     bigint NOT NULL,
    break_minutes       bigint NOT NULL,
    rounding_minutes    bigint NOT NULL,
    sessions            bigint NOT NULL,
    starts              bigint NOT NULL,
    late_count          bigint NOT NULL,
    late_minutes        bigint NOT NULL,
    early_count         bigint NOT NULL,
    early_minutes       bigint NOT NULL,
    present_days        bigint NOT NULL,
    late_days           bigint NOT NULL,
    half_days           bigint NOT NULL,
    absent_days         bigint NOT NULL,
    leave_days          bigint NOT NULL,
    confirmed           bigint NOT NULL,
    compliant           bigint NOT NULL,
    PRIMARY KEY (org_id, member_id, work_date, department_id, place_id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX day_parts_by_date ON day_parts (org_id, work_date);
ALTER TABLE day_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON day_parts USING (org_id = zamu_org() OR zamu_platform());

-- The same added up over people, changed in the same transaction: what reports of an organization add up.
CREATE TABLE group_days (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    work_date           date NOT NULL,
    department_id       uuid NOT NULL,
    place_id            uuid NOT NULL,
    people_days         bigint NOT NULL,
    planned_minutes     bigint NOT NULL,
    worked_minutes      bigint NOT NULL,
    paid_minutes        bigint NOT NULL,
    regular_minutes     bigint NOT NULL,
    overtime_minutes    bigint NOT NULL,
    night_minutes       bigint NOT NULL,
    holiday_minutes     bigint NOT NULL,
    break_minutes       bigint NOT NULL,
    rounding_minutes    bigint NOT NULL,
    sessions            bigint NOT NULL,
    starts              bigint NOT NULL,
    late_count          bigint NOT NULL,
    late_minutes        bigint NOT NULL,
    early_count         bigint NOT NULL,
    early_minutes       bigint NOT NULL,
    present_days        bigint NOT NULL,
    late_days           bigint NOT NULL,
    half_days           bigint NOT NULL,
    absent_days         bigint NOT NULL,
    leave_days          bigint NOT NULL,
    confirmed           bigint NOT NULL,
    compliant           bigint NOT NULL,
    PRIMARY KEY (org_id, work_date, department_id, place_id)
);
ALTER TABLE group_days ENABLE ROW LEVEL SECURITY;
ALTER TABLE group_days FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON group_days USING (org_id = zamu_org() OR zamu_platform());

-- Something a person must look at. One open per subject, kind and code.
CREATE TABLE exceptions (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    subject         text NOT NULL,
    kind            text NOT NULL,
    code            text NOT NULL,
    severity        text NOT NULL,
    state           text NOT NULL,
    score           integer NOT NULL,
    detail          jsonb NOT NULL,
    member_id       uuid NOT NULL,
    department_id   uuid,
    place_id        uuid,
    session_id      uuid,
    punch_id        uuid,
    work_date       date NOT NULL,
    assigned_to     uuid,
    opened_at       timestamptz NOT NULL,
    closed_at       timestamptz,
    closed_by       uuid,
    reason_code     text,
    resolution_code text,
    memo            text,
    attested        boolean NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, punch_id) REFERENCES punches (org_id, id)
);
CREATE UNIQUE INDEX one_open_exception_per_kind ON exceptions (org_id, subject, kind, code) WHERE closed_at IS NULL;
CREATE INDEX exceptions_newest ON exceptions (org_id, opened_at DESC, id DESC);
CREATE INDEX exceptions_by_subject ON exceptions (org_id, subject);
CREATE INDEX exceptions_by_member ON exceptions (org_id, member_id, work_date);
ALTER TABLE exceptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE exceptions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON exceptions USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE exception_changes (
    org_id          uuid NOT NULL,
    exception_id    uuid NOT NULL,
    number          integer NOT NULL,
    at              timestamptz NOT NULL,
    change          text NOT NULL,
    made_by         uuid,
    detail          jsonb NOT NULL,
    PRIMARY KEY (org_id, exception_id, number),
    FOREIGN KEY (org_id, exception_id) REFERENCES exceptions (org_id, id)
);
ALTER TABLE exception_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE exception_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON exception_changes USING (org_id = zamu_org() OR zamu_platform());
