-- The organization a transaction acts for; null outside one. Row-level security is the second line behind the
-- stores: `zamu.org` is set at the start of every transaction, `zamu.platform` only by the lobby and the dispatcher.
CREATE FUNCTION zamu_org() RETURNS uuid LANGUAGE sql STABLE
    AS $$ SELECT nullif(current_setting('zamu.org', true), '')::uuid $$;
CREATE FUNCTION zamu_platform() RETURNS boolean LANGUAGE sql STABLE
    AS $$ SELECT coalesce(current_setting('zamu.platform', true), '') = 'on' $$;

CREATE TABLE organizations (
    id              uuid PRIMARY KEY,
    slug            text NOT NULL CONSTRAINT one_organization_per_slug UNIQUE,
    name            text NOT NULL,
    time_zone       text NOT NULL,
    currency        text NOT NULL,
    created_at      timestamptz NOT NULL,
    deactivated_at  timestamptz
);
ALTER TABLE organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON organizations USING (id = zamu_org() OR zamu_platform());

CREATE TABLE departments (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          uuid NOT NULL,
    parent_id   uuid,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL,
    archived_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, parent_id) REFERENCES departments (org_id, id)
);
CREATE UNIQUE INDEX one_department_per_name ON departments
    (org_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid), lower(name)) WHERE archived_at IS NULL;
ALTER TABLE departments ENABLE ROW LEVEL SECURITY;
ALTER TABLE departments FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON departments USING (org_id = zamu_org() OR zamu_platform());
