-- Who did what, on what, why, under which permission. Written to the outbox in the transaction of the change, numbered,
-- hash-chained and appended here by the dispatcher; never updated.
CREATE TABLE audit_entries (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    number          BIGINT NOT NULL,
    id              BLOB NOT NULL,
    at              BIGINT NOT NULL,
    actor_kind      TEXT NOT NULL,
    actor_id        BLOB,
    action          TEXT NOT NULL,
    permission      TEXT NOT NULL,
    target_kind     TEXT NOT NULL,
    target_id       BLOB,
    reason          TEXT,
    request_id      TEXT NOT NULL,
    detail          TEXT NOT NULL,
    previous_hash   TEXT NOT NULL,
    hash            TEXT NOT NULL,
    PRIMARY KEY (org_id, number),
    CONSTRAINT one_audit_entry_per_id UNIQUE (org_id, id)
);
CREATE TRIGGER audit_entries_are_immutable_on_update BEFORE UPDATE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'rows of audit_entries are immutable'); END;
CREATE TRIGGER audit_entries_are_immutable_on_delete BEFORE DELETE ON audit_entries
    BEGIN SELECT RAISE(ABORT, 'rows of audit_entries are immutable'); END;
