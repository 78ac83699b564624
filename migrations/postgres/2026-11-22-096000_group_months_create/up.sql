-- The sums of whole months: a year of an organization is twelve rows for each department and place, not 365.
CREATE TABLE group_months (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    month               date NOT NULL,
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
    PRIMARY KEY (org_id, month, department_id, place_id)
);
ALTER TABLE group_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE group_months FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON group_months USING (org_id = zamu_org() OR zamu_platform());

-- How far the days of an organization have been closed: every shift that ended until then was looked at.
CREATE TABLE day_closings (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    closed_to           timestamptz NOT NULL,
    PRIMARY KEY (org_id)
);
ALTER TABLE day_closings ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_closings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON day_closings USING (org_id = zamu_org() OR zamu_platform());
CREATE INDEX shifts_by_end ON shifts (org_id, ends_at, id);
CREATE INDEX shifts_of_a_day ON shifts (org_id, member_id, work_date);
