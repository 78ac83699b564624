CREATE TABLE rule_decisions (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    hook            text NOT NULL,
    contract        integer NOT NULL,
    subject_id      uuid NOT NULL,
    event_at        timestamptz NOT NULL,
    decided_at      timestamptz NOT NULL,
    release         text NOT NULL,
    status          text NOT NULL,
    outcome         jsonb NOT NULL,
    reasons         jsonb NOT NULL,
    read            jsonb NOT NULL,
    layers          jsonb NOT NULL,
    operations      bigint NOT NULL,
    duration_us     bigint NOT NULL,
    problem         jsonb,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX rule_decisions_by_subject ON rule_decisions (org_id, subject_id, decided_at);
ALTER TABLE rule_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_decisions FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_decisions USING (org_id = zamu_org() OR zamu_platform());
