-- How often an exception changed: the number of its newest history row, and what a preview is compared by.
ALTER TABLE exceptions ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX exceptions_by_session ON exceptions (org_id, session_id) WHERE session_id IS NOT NULL;

-- The codes an organization explains its time with; those that ship need no row until somebody changes them.
CREATE TABLE exception_codes (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    kind            TEXT NOT NULL,
    code            TEXT NOT NULL,
    label           TEXT NOT NULL,
    memo_required   BOOLEAN NOT NULL,
    is_active       BOOLEAN NOT NULL,
    position        INTEGER NOT NULL,
    profile         TEXT NOT NULL,
    PRIMARY KEY (org_id, kind, code)
);
