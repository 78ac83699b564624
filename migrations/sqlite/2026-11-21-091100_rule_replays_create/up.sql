CREATE TABLE rule_replays (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    hook            TEXT NOT NULL,
    state           TEXT NOT NULL,
    candidate       TEXT NOT NULL,
    candidate_release BIGINT,
    from_at         BIGINT NOT NULL,
    to_at           BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    heartbeat_at    BIGINT NOT NULL,
    finished_at     BIGINT,
    total           BIGINT NOT NULL,
    done            BIGINT NOT NULL,
    result          TEXT,
    problem         TEXT,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX one_running_replay_per_organization ON rule_replays (org_id) WHERE state = 'RUNNING';
CREATE INDEX rule_replays_by_age ON rule_replays (org_id, created_at);

CREATE TABLE rule_replay_changes (
    org_id          BLOB NOT NULL,
    replay_id       BLOB NOT NULL,
    decision_id     BLOB NOT NULL,
    member_id       BLOB,
    event_at        BIGINT NOT NULL,
    is_failing      BOOLEAN NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (org_id, replay_id, event_at, decision_id),
    FOREIGN KEY (org_id, replay_id) REFERENCES rule_replays (org_id, id)
);
