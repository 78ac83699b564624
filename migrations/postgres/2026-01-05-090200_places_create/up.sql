CREATE TABLE places (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    address         text,
    latitude        double precision,
    longitude       double precision,
    radius_m        integer,
    polygon         jsonb,
    time_zone       text NOT NULL,
    external_ref    text,
    created_at      timestamptz NOT NULL,
    archived_at     timestamptz,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_place_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT place_has_both_coordinates CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CONSTRAINT place_latitude_in_range CHECK (latitude BETWEEN -90 AND 90),
    CONSTRAINT place_longitude_in_range CHECK (longitude BETWEEN -180 AND 180)
);
CREATE INDEX places_by_position ON places (org_id, latitude, longitude);
ALTER TABLE places ENABLE ROW LEVEL SECURITY;
ALTER TABLE places FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON places USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE clients (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    phone           text,
    member_id       uuid,
    notes           text,
    created_at      timestamptz NOT NULL,
    archived_at     timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON clients USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE client_places (
    org_id      uuid NOT NULL,
    client_id   uuid NOT NULL,
    place_id    uuid NOT NULL,
    label       text,
    PRIMARY KEY (org_id, client_id, place_id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id)
);
ALTER TABLE client_places ENABLE ROW LEVEL SECURITY;
ALTER TABLE client_places FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON client_places USING (org_id = zamu_org() OR zamu_platform());
