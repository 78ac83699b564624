ALTER TABLE rule_decisions
    ADD COLUMN release_number bigint NOT NULL DEFAULT 0,
    ADD COLUMN member_id uuid,
    ADD COLUMN mode text NOT NULL DEFAULT 'ON',
    ADD COLUMN diverges boolean NOT NULL DEFAULT false,
    ADD COLUMN facts text,
    ADD COLUMN scopes jsonb NOT NULL DEFAULT '[]';
CREATE INDEX rule_decisions_by_event ON rule_decisions (org_id, hook, event_at, id);
CREATE INDEX rule_decisions_by_member ON rule_decisions (org_id, member_id, event_at, id);
CREATE INDEX rule_decisions_with_facts ON rule_decisions (org_id, decided_at) WHERE facts IS NOT NULL;

CREATE TABLE rule_snapshots (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    digest          text NOT NULL,
    body            jsonb NOT NULL,
    PRIMARY KEY (org_id, digest)
);
ALTER TABLE rule_snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_snapshots USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE rule_snapshot_parts (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    digest          text NOT NULL,
    body            jsonb NOT NULL,
    PRIMARY KEY (org_id, digest)
);
ALTER TABLE rule_snapshot_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_snapshot_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_snapshot_parts USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE rule_retention (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    facts_days      integer NOT NULL,
    PRIMARY KEY (org_id)
);
ALTER TABLE rule_retention ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_retention FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_retention USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE rule_cases (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    hook            text NOT NULL,
    name            text NOT NULL,
    body            jsonb NOT NULL,
    decision_id     uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    CONSTRAINT one_rule_case_per_name UNIQUE (org_id, hook, name)
);
ALTER TABLE rule_cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_cases FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_cases USING (org_id = zamu_org() OR zamu_platform());
