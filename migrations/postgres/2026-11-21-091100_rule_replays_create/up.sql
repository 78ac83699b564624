CREATE TABLE rule_replays (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    hook            text NOT NULL,
    state           text NOT NULL,
    candidate       jsonb NOT NULL,
    candidate_release bigint,
    from_at         timestamptz NOT NULL,
    to_at           timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    heartbeat_at    timestamptz NOT NULL,
    finished_at     timestamptz,
    total           bigint NOT NULL,
    done            bigint NOT NULL,
    result          jsonb,
    problem         text,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX one_running_replay_per_organization ON rule_replays (org_id) WHERE state = 'RUNNING';
CREATE INDEX rule_replays_by_age ON rule_replays (org_id, created_at);
ALTER TABLE rule_replays ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_replays FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_replays USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE rule_replay_changes (
    org_id          uuid NOT NULL,
    replay_id       uuid NOT NULL,
    decision_id     uuid NOT NULL,
    member_id       uuid,
    event_at        timestamptz NOT NULL,
    is_failing      boolean NOT NULL,
    body            jsonb NOT NULL,
    PRIMARY KEY (org_id, replay_id, event_at, decision_id),
    FOREIGN KEY (org_id, replay_id) REFERENCES rule_replays (org_id, id)
);
ALTER TABLE rule_replay_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_replay_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_replay_changes USING (org_id = zamu_org() OR zamu_platform());
