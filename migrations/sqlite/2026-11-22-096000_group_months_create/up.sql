-- The sums of whole months: a year of an organization is twelve rows for each department and place, not 365.
CREATE TABLE group_months (
    org_id              BLOB NOT NULL REFERENCES organizations (id),
    month               TEXT NOT NULL,
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
    PRIMARY KEY (org_id, month, department_id, place_id)
);

-- How far the days of an organization have been closed: every shift that ended until then was looked at.
CREATE TABLE day_closings (
    org_id              BLOB NOT NULL REFERENCES organizations (id),
    closed_to           BIGINT NOT NULL,
    PRIMARY KEY (org_id)
);
CREATE INDEX shifts_by_end ON shifts (org_id, ends_at, id);
CREATE INDEX shifts_of_a_day ON shifts (org_id, member_id, work_date);
