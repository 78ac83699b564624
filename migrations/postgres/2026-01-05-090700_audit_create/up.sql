-- Who did what, on what, why, under which permission. Written to the outbox in the transaction of the change, numbered,
-- hash-chained and appended here by the dispatcher; never updated.
CREATE TABLE audit_entries (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    number          bigint NOT NULL,
    id              uuid NOT NULL,
    at              timestamptz NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        uuid,
    action          text NOT NULL,
    permission      text NOT NULL,
    target_kind     text NOT NULL,
    target_id       uuid,
    reason          text,
    request_id      text NOT NULL,
    detail          jsonb NOT NULL,
    previous_hash   text NOT NULL,
    hash            text NOT NULL,
    PRIMARY KEY (org_id, number),
    CONSTRAINT one_audit_entry_per_id UNIQUE (org_id, id)
);
ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON audit_entries USING (org_id = zamu_org() OR zamu_platform());
CREATE TRIGGER audit_entries_are_immutable BEFORE UPDATE OR DELETE ON audit_entries
    FOR EACH ROW EXECUTE FUNCTION zamu_immutable();
