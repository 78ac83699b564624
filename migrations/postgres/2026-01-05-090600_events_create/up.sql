-- Written in the transaction of the change: events (stream EVENT) and audit entries (stream AUDIT). The one dispatcher
-- numbers them without gaps, in order of id, and moves them to `events` and `audit_entries`.
CREATE TABLE outbox (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES organizations (id),
    stream      text NOT NULL,
    kind        text NOT NULL,
    version     integer NOT NULL,
    payload     jsonb NOT NULL,
    occurred_at timestamptz NOT NULL
);
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON outbox USING (org_id = zamu_org() OR zamu_platform());

-- `number` is dense per organization; `position` orders the whole log for the nodes that tail it.
CREATE TABLE events (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    number      bigint NOT NULL,
    position    bigint NOT NULL CONSTRAINT one_event_per_position UNIQUE,
    id          uuid NOT NULL CONSTRAINT one_event_per_id UNIQUE,
    kind        text NOT NULL,
    version     integer NOT NULL,
    payload     jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    numbered_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, number)
);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON events USING (org_id = zamu_org() OR zamu_platform());

-- The last number given out, per organization, for events and for the audit chain.
CREATE TABLE heads (
    org_id          uuid PRIMARY KEY REFERENCES organizations (id),
    last_event      bigint NOT NULL,
    last_audit      bigint NOT NULL,
    last_audit_hash text NOT NULL
);
ALTER TABLE heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE heads FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON heads USING (org_id = zamu_org() OR zamu_platform());

-- Same key and same input: the first answer again. Same key, other input: refused.
CREATE TABLE idempotency_keys (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    actor_id    uuid NOT NULL,
    key         text NOT NULL,
    action      text NOT NULL,
    input_hash  text NOT NULL,
    subject_id  uuid NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT one_effect_per_idempotency_key PRIMARY KEY (org_id, actor_id, key)
);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON idempotency_keys USING (org_id = zamu_org() OR zamu_platform());
