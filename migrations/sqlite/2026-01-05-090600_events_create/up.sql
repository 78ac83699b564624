-- Written in the transaction of the change: events (stream EVENT) and audit entries (stream AUDIT). The one dispatcher
-- numbers them without gaps, in order of id, and moves them to `events` and `audit_entries`.
CREATE TABLE outbox (
    id          BLOB NOT NULL PRIMARY KEY,
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    stream      TEXT NOT NULL,
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    occurred_at BIGINT NOT NULL
);

-- `number` is dense per organization; `position` orders the whole log for the nodes that tail it.
CREATE TABLE events (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    number      BIGINT NOT NULL,
    position    BIGINT NOT NULL CONSTRAINT one_event_per_position UNIQUE,
    id          BLOB NOT NULL CONSTRAINT one_event_per_id UNIQUE,
    kind        TEXT NOT NULL,
    version     INTEGER NOT NULL,
    payload     TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    numbered_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, number)
);

-- The last number given out, per organization, for events and for the audit chain.
CREATE TABLE heads (
    org_id          BLOB NOT NULL PRIMARY KEY REFERENCES organizations (id),
    last_event      BIGINT NOT NULL,
    last_audit      BIGINT NOT NULL,
    last_audit_hash TEXT NOT NULL
);

-- Same key and same input: the first answer again. Same key, other input: refused.
CREATE TABLE idempotency_keys (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    actor_id    BLOB NOT NULL,
    key         TEXT NOT NULL,
    action      TEXT NOT NULL,
    input_hash  TEXT NOT NULL,
    subject_id  BLOB NOT NULL,
    created_at  BIGINT NOT NULL,
    CONSTRAINT one_effect_per_idempotency_key PRIMARY KEY (org_id, actor_id, key)
);
