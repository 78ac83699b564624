CREATE TABLE shifts (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    place_id        BLOB,
    kind            TEXT NOT NULL,
    work_date       TEXT NOT NULL,
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    break_minutes   INTEGER NOT NULL,
    external_ref    TEXT,
    created_at      BIGINT NOT NULL,
    cancelled_at    BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    FOREIGN KEY (org_id, place_id) REFERENCES places (org_id, id),
    CONSTRAINT one_shift_per_external_ref UNIQUE (org_id, external_ref),
    CONSTRAINT shift_ends_after_it_starts CHECK (ends_at > starts_at)
);
CREATE INDEX shifts_by_member ON shifts (org_id, member_id, starts_at);
