-- How often an exception changed: the number of its newest history row, and what a preview is compared by.
ALTER TABLE exceptions ADD COLUMN changes integer NOT NULL DEFAULT 0;
CREATE INDEX exceptions_by_session ON exceptions (org_id, session_id) WHERE session_id IS NOT NULL;

-- The codes an organization explains its time with; those that ship need no row until somebody changes them.
CREATE TABLE exception_codes (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    kind            text NOT NULL,
    code            text NOT NULL,
    label           text NOT NULL,
    memo_required   boolean NOT NULL,
    is_active       boolean NOT NULL,
    position        integer NOT NULL,
    profile         text NOT NULL,
    PRIMARY KEY (org_id, kind, code)
);
ALTER TABLE exception_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE exception_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON exception_codes USING (org_id = zamu_org() OR zamu_platform());
