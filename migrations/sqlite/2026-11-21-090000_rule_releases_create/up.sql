-- What somebody proposes for one hook or pack; one draft each.
CREATE TABLE rule_drafts (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    id          BLOB NOT NULL,
    topic       TEXT NOT NULL,
    proposal    TEXT NOT NULL,
    takes_over  BOOLEAN NOT NULL,
    base        BIGINT NOT NULL,
    author_id   BLOB NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id),
    CONSTRAINT one_rule_draft_per_topic UNIQUE (org_id, topic)
);

-- Everything an organization decides for itself, frozen and numbered. Without an author it came from files or the
-- command line.
CREATE TABLE rule_releases (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    number      BIGINT NOT NULL,
    id          BLOB NOT NULL,
    parent      BIGINT NOT NULL,
    digest      TEXT NOT NULL,
    content     TEXT NOT NULL,
    files       TEXT NOT NULL,
    tests       TEXT NOT NULL,
    topics      TEXT NOT NULL,
    engine      TEXT NOT NULL,
    origin      TEXT NOT NULL,
    risk        TEXT NOT NULL,
    state       TEXT NOT NULL,
    note        TEXT,
    author_id   BLOB,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, number),
    FOREIGN KEY (org_id, author_id) REFERENCES members (org_id, id),
    CONSTRAINT one_rule_release_per_id UNIQUE (org_id, id),
    CONSTRAINT one_author_per_rule_release UNIQUE (org_id, number, author_id),
    CONSTRAINT rule_release_follows_an_earlier_one CHECK (parent >= 0 AND parent < number)
);

-- The author travels with the review, so that the database itself refuses who approves their own work.
CREATE TABLE rule_reviews (
    org_id      BLOB NOT NULL,
    number      BIGINT NOT NULL,
    member_id   BLOB NOT NULL,
    author_id   BLOB NOT NULL,
    verdict     TEXT NOT NULL,
    note        TEXT,
    digest      TEXT NOT NULL,
    reviewed_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, number, member_id),
    FOREIGN KEY (org_id, number, author_id) REFERENCES rule_releases (org_id, number, author_id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id),
    CONSTRAINT rule_reviewer_is_not_the_author CHECK (member_id <> author_id)
);

-- From when on a release holds. Two that follow the same release cannot both hold.
CREATE TABLE rule_activations (
    org_id          BLOB NOT NULL,
    id              BLOB NOT NULL,
    number          BIGINT NOT NULL,
    parent          BIGINT NOT NULL,
    effective_from  BIGINT NOT NULL,
    activated_at    BIGINT NOT NULL,
    activated_by    BLOB,
    alone           BOOLEAN NOT NULL,
    reason          TEXT,
    cancelled_at    BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, number) REFERENCES rule_releases (org_id, number),
    FOREIGN KEY (org_id, activated_by) REFERENCES members (org_id, id)
);
CREATE UNIQUE INDEX one_rule_release_after_another ON rule_activations (org_id, parent) WHERE cancelled_at IS NULL;
CREATE INDEX rule_activations_by_release ON rule_activations (org_id, number);

-- Who may approve changes to pay and to clinical rules.
CREATE TABLE rule_duties (
    org_id      BLOB NOT NULL,
    member_id   BLOB NOT NULL,
    duty        TEXT NOT NULL,
    given_by    BLOB,
    given_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, member_id, duty),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);

-- The nodes of this server and what ships with each; nobody's rows.
CREATE TABLE rule_nodes (
    node        TEXT NOT NULL PRIMARY KEY,
    digest      TEXT NOT NULL,
    since       BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL
);

-- Which release of an organization a node runs on.
CREATE TABLE rule_node_releases (
    org_id      BLOB NOT NULL REFERENCES organizations (id),
    node        TEXT NOT NULL,
    number      BIGINT NOT NULL,
    problem     TEXT,
    since       BIGINT NOT NULL,
    PRIMARY KEY (org_id, node)
);
