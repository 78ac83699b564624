CREATE TABLE places (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    address         TEXT,
    latitude        DOUBLE,
    longitude       DOUBLE,
    radius_m        INTEGER,
    polygon         TEXT,
    time_zone       TEXT NOT NULL,
    external_ref    TEXT,
    created_at      BIGINT NOT NULL,
    archived_at     BIGINT,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_place_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT place_has_both_coordinates CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CONSTRAINT place_latitude_in_range CHECK (latitude BETWEEN -90 AND 90),
    CONSTRAINT place_longitude_in_range CHECK (longitude BETWEEN -180 AND 180)
);
CREATE INDEX places_by_position ON places (org_id, latitude, longitude);

CREATE TABLE clients (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    phone           TEXT,
    member_id       BLOB,
    notes           TEXT,
    created_at      BIGINT NOT NULL,
    archived_at     BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);

CREATE TABLE client_places (
    org_id      BLOB NOT NULL,
    client_id   BLOB NOT NULL,
    place_id    BLOB NOT NULL,
    label       TEXT,
    PRIMARY KEY (org_id, client_id, place_id),
    FOREIGN KEY (org_id, client_id) REFERENCES clients (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id)
);
