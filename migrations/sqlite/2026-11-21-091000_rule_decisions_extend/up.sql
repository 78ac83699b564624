ALTER TABLE rule_decisions ADD COLUMN release_number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rule_decisions ADD COLUMN member_id BLOB;
ALTER TABLE rule_decisions ADD COLUMN mode TEXT NOT NULL DEFAULT 'ON';
ALTER TABLE rule_decisions ADD COLUMN diverges BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE rule_decisions ADD COLUMN facts TEXT;
ALTER TABLE rule_decisions ADD COLUMN scopes TEXT NOT NULL DEFAULT '[]';
CREATE INDEX rule_decisions_by_event ON rule_decisions (org_id, hook, event_at, id);
CREATE INDEX rule_decisions_by_member ON rule_decisions (org_id, member_id, event_at, id);
CREATE INDEX rule_decisions_with_facts ON rule_decisions (org_id, decided_at) WHERE facts IS NOT NULL;

CREATE TABLE rule_snapshots (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    digest          TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (org_id, digest)
);

CREATE TABLE rule_snapshot_parts (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    digest          TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (org_id, digest)
);

CREATE TABLE rule_retention (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    facts_days      INTEGER NOT NULL,
    PRIMARY KEY (org_id)
);

CREATE TABLE rule_cases (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    hook            TEXT NOT NULL,
    name            TEXT NOT NULL,
    body            TEXT NOT NULL,
    decision_id     BLOB NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_rule_case_per_name UNIQUE (org_id, hook, name)
);
