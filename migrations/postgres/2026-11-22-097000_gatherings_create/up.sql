-- Classes, meetings, shift calls: what people are expected at, for a while, at a place. Whether one is open follows from
-- the time; the instants of its window are kept so that the timetable finds what is due.
CREATE TABLE gatherings (
    org_id              uuid NOT NULL,
    id                  uuid NOT NULL,
    title               text NOT NULL,
    kind                text NOT NULL,
    note                text,
    place_id            uuid,
    radius_m            integer,
    starts_at           timestamptz NOT NULL,
    ends_at             timestamptz NOT NULL,
    time_zone           text NOT NULL,
    opens_minutes       integer NOT NULL,
    closes_minutes      integer,
    opens_at            timestamptz NOT NULL,
    check_in_until      timestamptz NOT NULL,
    closes_at           timestamptz NOT NULL,
    late_after_minutes  integer,
    code_required       boolean NOT NULL,
    secret              text NOT NULL,
    roster              text NOT NULL,
    department_id       uuid,
    organizer_id        uuid,
    series_id           uuid,
    state               text NOT NULL,
    cancel_reason       text,
    created_at          timestamptz NOT NULL,
    closed_at           timestamptz,
    cancelled_at        timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, organizer_id) REFERENCES members (org_id, id)
);
CREATE INDEX gatherings_by_start ON gatherings (org_id, starts_at, id);
CREATE INDEX gatherings_by_series ON gatherings (org_id, series_id, starts_at);
CREATE INDEX gatherings_due ON gatherings (org_id, closes_at) WHERE state = 'SCHEDULED';
ALTER TABLE gatherings ENABLE ROW LEVEL SECURITY;
ALTER TABLE gatherings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON gatherings USING (org_id = zamu_org() OR zamu_platform());

-- Who is invited by name.
CREATE TABLE gathering_members (
    org_id          uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    member_id       uuid NOT NULL,
    PRIMARY KEY (org_id, gathering_id, member_id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX gathering_members_by_member ON gathering_members (org_id, member_id, gathering_id);
ALTER TABLE gathering_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE gathering_members FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON gathering_members USING (org_id = zamu_org() OR zamu_platform());

-- What became of one person at one of them: one record each, whoever writes it first.
CREATE TABLE attendance_records (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    member_id       uuid NOT NULL,
    department_id   uuid,
    status          text NOT NULL,
    method          text,
    checked_in_at   timestamptz,
    in_received_at  timestamptz,
    in_device_at    timestamptz,
    checked_out_at  timestamptz,
    out_received_at timestamptz,
    out_device_at   timestamptz,
    latitude        double precision,
    longitude       double precision,
    accuracy_m      double precision,
    fence_in        text NOT NULL,
    distance_in_m   double precision,
    fence_out       text,
    distance_out_m  double precision,
    minutes_late    integer,
    flags           jsonb NOT NULL,
    needs_review    boolean NOT NULL,
    forced_by       uuid,
    reason          text,
    attested        boolean NOT NULL,
    note            text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, forced_by) REFERENCES members (org_id, id),
    CONSTRAINT one_record_per_gathering_and_member UNIQUE (org_id, gathering_id, member_id)
);
CREATE INDEX attendance_records_by_member ON attendance_records (org_id, member_id, gathering_id);
ALTER TABLE attendance_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE attendance_records FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON attendance_records USING (org_id = zamu_org() OR zamu_platform());

-- How often somebody guessed a check-in code, and since when.
CREATE TABLE gathering_guesses (
    org_id          uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    member_id       uuid NOT NULL,
    wrong           integer NOT NULL,
    since           timestamptz NOT NULL,
    PRIMARY KEY (org_id, gathering_id, member_id),
    FOREIGN KEY (org_id, gathering_id) REFERENCES gatherings (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
ALTER TABLE gathering_guesses ENABLE ROW LEVEL SECURITY;
ALTER TABLE gathering_guesses FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON gathering_guesses USING (org_id = zamu_org() OR zamu_platform());
