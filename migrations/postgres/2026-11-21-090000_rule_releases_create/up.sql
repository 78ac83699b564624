-- What somebody proposes for one hook or pack; one draft each.
CREATE TABLE rule_drafts (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          uuid NOT NULL,
    topic       text NOT NULL,
    proposal    jsonb NOT NULL,
    takes_over  boolean NOT NULL,
    base        bigint NOT NULL,
    author_id   uuid NOT NULL,
    updated_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id),
    CONSTRAINT one_rule_draft_per_topic UNIQUE (org_id, topic)
);
ALTER TABLE rule_drafts ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_drafts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_drafts USING (org_id = zamu_org() OR zamu_platform());

-- Everything an organization decides for itself, frozen and numbered. Without an author it came from files or the
-- command line.
CREATE TABLE rule_releases (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    number      bigint NOT NULL,
    id          uuid NOT NULL,
    parent      bigint NOT NULL,
    digest      text NOT NULL,
    content     jsonb NOT NULL,
    files       jsonb NOT NULL,
    tests       jsonb NOT NULL,
    topics      jsonb NOT NULL,
    engine      text NOT NULL,
    origin      text NOT NULL,
    risk        text NOT NULL,
    state       text NOT NULL,
    note        text,
    author_id   uuid,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (org_id, number),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id),
    CONSTRAINT one_rule_release_per_id UNIQUE (org_id, id),
    CONSTRAINT one_author_per_rule_release UNIQUE (org_id, number, author_id),
    CONSTRAINT rule_release_follows_an_earlier_one CHECK (parent >= 0 AND parent < number)
);
ALTER TABLE rule_releases ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_releases FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_releases USING (org_id = zamu_org() OR zamu_platform());

-- The author travels with the review, so that the database itself refuses who approves their own work.
CREATE TABLE rule_reviews (
    org_id      uuid NOT NULL,
    number      bigint NOT NULL,
    member_id   uuid NOT NULL,
    author_id   uuid NOT NULL,
    verdict     text NOT NULL,
    note        text,
    digest      text NOT NULL,
    reviewed_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, number, member_id),
    FOREIGN KEY (org_id, number, author_id) REFERENCES rule_releases (org_id, number, author_id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT rule_reviewer_is_not_the_author CHECK (member_id <> author_id)
);
ALTER TABLE rule_reviews ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_reviews FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_reviews USING (org_id = zamu_org() OR zamu_platform());

-- From when on a release holds. Two that follow the same release cannot both hold.
CREATE TABLE rule_activations (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    number          bigint NOT NULL,
    parent          bigint NOT NULL,
    effective_from  timestamptz NOT NULL,
    activated_at    timestamptz NOT NULL,
    activated_by    uuid,
    alone           boolean NOT NULL,
    reason          text,
    cancelled_at    timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, number) REFERENCES rule_releases (org_id, number),
    FOREIGN KEY (org_id, activated_by) REFERENCES members (org_id, id)
);
CREATE UNIQUE INDEX one_rule_release_after_another ON rule_activations (org_id, parent) WHERE cancelled_at IS NULL;
CREATE INDEX rule_activations_by_release ON rule_activations (org_id, number);
ALTER TABLE rule_activations ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_activations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_activations USING (org_id = zamu_org() OR zamu_platform());

-- Who may approve changes to pay and to clinical rules.
CREATE TABLE rule_duties (
    org_id      uuid NOT NULL,
    member_id   uuid NOT NULL,
    duty        text NOT NULL,
    given_by    uuid,
    given_at    timestamptz NOT NULL,
    PRIMARY KEY (org_id, member_id, duty),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
ALTER TABLE rule_duties ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_duties FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_duties USING (org_id = zamu_org() OR zamu_platform());

-- The nodes of this server and what ships with each; nobody's rows.
CREATE TABLE rule_nodes (
    node        text PRIMARY KEY,
    digest      text NOT NULL,
    since       timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);

-- Which release of an organization a node runs on.
CREATE TABLE rule_node_releases (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    node        text NOT NULL,
    number      bigint NOT NULL,
    problem     text,
    since       timestamptz NOT NULL,
    PRIMARY KEY (org_id, node)
);
ALTER TABLE rule_node_releases ENABLE ROW LEVEL SECURITY;
ALTER TABLE rule_node_releases FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON rule_node_releases USING (org_id = zamu_org() OR zamu_platform());
