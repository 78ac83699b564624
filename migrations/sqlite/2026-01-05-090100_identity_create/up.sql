-- Accounts, login sessions and sign-in attempts exist before anyone belongs to an organization: the lobby.
CREATE TABLE accounts (
    id                  BLOB NOT NULL PRIMARY KEY,
    phone               TEXT CONSTRAINT one_account_per_phone UNIQUE,
    email               TEXT CONSTRAINT one_account_per_email UNIQUE,
    password_hash       TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    CONSTRAINT account_has_a_handle CHECK (phone IS NOT NULL OR email IS NOT NULL)
);

CREATE TABLE members (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    account_id      BLOB REFERENCES accounts (id),
    role            TEXT NOT NULL,
    department_id   BLOB,
    name            TEXT NOT NULL,
    title           TEXT,
    phone           TEXT,
    email           TEXT,
    tags            TEXT NOT NULL,
    external_ref    TEXT,
    joined_at       BIGINT NOT NULL,
    deactivated_at  BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    CONSTRAINT one_membership_per_account UNIQUE (org_id, account_id),
    CONSTRAINT one_member_per_external_ref UNIQUE (org_id, external_ref)
);
CREATE INDEX members_by_account ON members (account_id);
CREATE INDEX members_by_department ON members (org_id, department_id);

CREATE TABLE emergency_contacts (
    org_id      BLOB NOT NULL,
    id          BLOB NOT NULL,
    member_id   BLOB NOT NULL,
    name        TEXT NOT NULL,
    phone       TEXT NOT NULL,
    relation    TEXT,
    position    INTEGER NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX emergency_contacts_by_member ON emergency_contacts (org_id, member_id, position);

CREATE TABLE invitations (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    phone           TEXT,
    email           TEXT,
    role            TEXT NOT NULL,
    department_id   BLOB,
    title           TEXT,
    token_hash      TEXT NOT NULL CONSTRAINT one_invitation_per_token UNIQUE,
    invited_by      BLOB NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    accepted_at     BIGINT,
    revoked_at      BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);

CREATE TABLE login_sessions (
    id              BLOB NOT NULL PRIMARY KEY,
    account_id      BLOB NOT NULL REFERENCES accounts (id),
    org_id          BLOB,
    member_id       BLOB,
    device          TEXT,
    ip              TEXT,
    user_agent      TEXT,
    created_at      BIGINT NOT NULL,
    last_seen_at    BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    revoked_at      BIGINT,
    revoked_because TEXT
);
CREATE INDEX login_sessions_by_account ON login_sessions (account_id, created_at);
CREATE INDEX login_sessions_by_member ON login_sessions (org_id, member_id);

-- Single-use refresh tokens; a login session is the family that dies when one is used twice.
CREATE TABLE refresh_tokens (
    token_hash  TEXT NOT NULL PRIMARY KEY,
    login_id    BLOB NOT NULL REFERENCES login_sessions (id),
    issued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);
CREATE INDEX refresh_tokens_by_login ON refresh_tokens (login_id);

CREATE TABLE sign_in_attempts (
    key             TEXT NOT NULL PRIMARY KEY,
    failures        INTEGER NOT NULL,
    first_failed_at BIGINT NOT NULL,
    last_failed_at  BIGINT NOT NULL,
    locked_until    BIGINT
);

CREATE TABLE api_tokens (
    org_id          BLOB NOT NULL REFERENCES organizations (id),
    id              BLOB NOT NULL,
    name            TEXT NOT NULL,
    prefix          TEXT NOT NULL,
    token_hash      TEXT NOT NULL CONSTRAINT one_api_token_per_hash UNIQUE,
    scopes          TEXT NOT NULL,
    created_by      BLOB NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    revoked_at      BIGINT,
    PRIMARY KEY (org_id, id)
);
