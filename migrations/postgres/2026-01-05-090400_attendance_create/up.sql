CREATE TABLE work_sessions (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    id                  uuid NOT NULL,
    member_id           uuid NOT NULL,
    department_id       uuid,
    place_id            uuid,
    client_id           uuid,
    shift_id            uuid,
    service             text,
    status              text NOT NULL,
    work_date           date NOT NULL,
    clocked_in_at       timestamptz NOT NULL,
    clocked_out_at      timestamptz,
    lateness            text,
    minutes_late        integer,
    fence_in            text NOT NULL,
    distance_in_m       double precision,
    fence_out           text,
    distance_out_m      double precision,
    flags               jsonb NOT NULL,
    needs_review        boolean NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id),
    FOREIGN KEY (org_id, shift_id) REFERENCES shifts (org_id, id),
    CONSTRAINT session_ends_after_it_starts CHECK (clocked_out_at >= clocked_in_at)
);
CREATE UNIQUE INDEX one_open_session_per_member ON work_sessions (org_id, member_id) WHERE status = 'ACTIVE';
CREATE INDEX work_sessions_newest ON work_sessions (org_id, clocked_in_at DESC, id DESC);
CREATE INDEX work_sessions_by_member ON work_sessions (org_id, member_id, clocked_in_at DESC, id DESC);
ALTER TABLE work_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE work_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON work_sessions USING (org_id = zamu_org() OR zamu_platform());

-- One immutable claim "in / out at this time and place". Three times: as the device said, as the server received, as corrected.
CREATE TABLE punches (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    session_id      uuid NOT NULL,
    member_id       uuid NOT NULL,
    direction       text NOT NULL,
    source          text NOT NULL,
    occurred_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    device_at       timestamptz,
    latitude        double precision,
    longitude       double precision,
    accuracy_m      double precision,
    place_id        uuid,
    fence           text NOT NULL,
    distance_m      double precision,
    remark          text,
    mock_location   boolean NOT NULL,
    device          jsonb NOT NULL,
    external_ref    text,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    CONSTRAINT one_punch_per_external_ref UNIQUE (org_id, external_ref)
);
CREATE INDEX punches_by_session ON punches (org_id, session_id, occurred_at);
ALTER TABLE punches ENABLE ROW LEVEL SECURITY;
ALTER TABLE punches FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON punches USING (org_id = zamu_org() OR zamu_platform());
CREATE FUNCTION zamu_immutable() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'rows of % are immutable', TG_TABLE_NAME; END $$;
CREATE TRIGGER punches_are_immutable BEFORE UPDATE OR DELETE ON punches FOR EACH ROW EXECUTE FUNCTION zamu_immutable();

CREATE TABLE session_notes (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL,
    session_id  uuid NOT NULL,
    author_id   uuid NOT NULL,
    body        text NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id)
);
CREATE INDEX session_notes_by_session ON session_notes (org_id, session_id, created_at);
ALTER TABLE session_notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE session_notes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON session_notes USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE location_pings (
    org_id          uuid NOT NULL,
    session_id      uuid NOT NULL,
    captured_at     timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    latitude        double precision NOT NULL,
    longitude       double precision NOT NULL,
    accuracy_m      double precision NOT NULL,
    mock_location   boolean NOT NULL,
    PRIMARY KEY (org_id, session_id, captured_at),
    FOREIGN KEY (org_id, session_id) REFERENCES work_sessions (org_id, id)
);
ALTER TABLE location_pings ENABLE ROW LEVEL SECURITY;
ALTER TABLE location_pings FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON location_pings USING (org_id = zamu_org() OR zamu_platform());
