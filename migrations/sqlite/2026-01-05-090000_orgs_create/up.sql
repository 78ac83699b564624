-- The same tables, columns, keys and names as on PostgreSQL, in what SQLite can store: identifiers are 16-byte blobs,
-- instants are microseconds since 1970 in UTC, documents are JSON text, calendar dates are YYYY-MM-DD.
-- There is no row-level security here: one file serves one machine, and the stores filter by organization.
CREATE TABLE organizations (
    id              BLOB NOT NULL PRIMARY KEY,
    slug            TEXT NOT NULL CONSTRAINT one_organization_per_slug UNIQUE,
    name            TEXT NOT NULL,
    time_zone       TEXT NOT NULL,
    currency        TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    deactivated_at  BIGINT
);

CREATE TABLE departments (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    id          BLOB NOT NULL,
    parent_id   BLOB,
    name        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    archived_at BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, parent_id) REFERENCES departments (org_id, id)
);
CREATE UNIQUE INDEX one_department_per_name ON departments
    (org_id, coalesce(parent_id, x'00000000000000000000000000000000'), lower(name)) WHERE archived_at IS NULL;
