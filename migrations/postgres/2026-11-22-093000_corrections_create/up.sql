-- What a worker asks to have changed about their own punches, and what became of it. The effect is kept as it was when
-- it was approved.
CREATE TABLE corrections (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    member_id       uuid NOT NULL,
    state           text NOT NULL,
    changes         jsonb NOT NULL,
    reason_code     text NOT NULL,
    memo            text,
    requested_at    timestamptz NOT NULL,
    decided_at      timestamptz,
    decided_by      uuid,
    decision_memo   text,
    effect          jsonb,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT nobody_decides_their_own_correction CHECK (decided_by <> member_id)
);
CREATE INDEX corrections_newest ON corrections (org_id, requested_at DESC, id DESC);
CREATE INDEX corrections_by_member ON corrections (org_id, member_id, requested_at DESC);
ALTER TABLE corrections ENABLE ROW LEVEL SECURITY;
ALTER TABLE corrections FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON corrections USING (org_id = zamu_org() OR zamu_platform());
