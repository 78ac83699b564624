-- What a worker asks to have changed about their own punches, and what became of it. The effect is kept as it was when
-- it was approved.
CREATE TABLE corrections (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    member_id       BLOB NOT NULL,
    state           TEXT NOT NULL,
    changes         TEXT NOT NULL,
    reason_code     TEXT NOT NULL,
    memo            TEXT,
    requested_at    BIGINT NOT NULL,
    decided_at      BIGINT,
    decided_by      BLOB,
    decision_memo   TEXT,
    effect          TEXT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT nobody_decides_their_own_correction CHECK (decided_by <> member_id)
);
CREATE INDEX corrections_newest ON corrections (org_id, requested_at DESC, id DESC);
CREATE INDEX corrections_by_member ON corrections (org_id, member_id, requested_at DESC);
