CREATE TABLE rule_decisions (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    hook            TEXT NOT NULL,
    contract        INTEGER NOT NULL,
    subject_id      BLOB NOT NULL,
    event_at        BIGINT NOT NULL,
    decided_at      BIGINT NOT NULL,
    release         TEXT NOT NULL,
    status          TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    reasons         TEXT NOT NULL,
    read            TEXT NOT NULL,
    layers          TEXT NOT NULL,
    operations      BIGINT NOT NULL,
    duration_us     BIGINT NOT NULL,
    problem         TEXT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX rule_decisions_by_subject ON rule_decisions (org_id, subject_id, decided_at);
