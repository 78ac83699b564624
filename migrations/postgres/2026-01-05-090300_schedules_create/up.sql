CREATE TABLE shifts (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    place_id        uuid,
    kind            text NOT NULL,
    work_date       date NOT NULL,
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    break_minutes   integer NOT NULL,
    external_ref    text,
    created_at      timestamptz NOT NULL,
    cancelled_at    timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    CONSTRAINT one_shift_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT shift_ends_after_it_starts CHECK (ends_at > starts_at)
);
CREATE INDEX shifts_by_member ON shifts (org_id, member_id, starts_at);
ALTER TABLE shifts ENABLE ROW LEVEL SECURITY;
ALTER TABLE shifts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON shifts USING (org_id = zamu_org() OR zamu_platform());
