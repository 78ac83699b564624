-- Accounts, login sessions and sign-in attempts exist before anyone belongs to an organization: the lobby.
CREATE TABLE accounts (
    id                  uuid PRIMARY KEY,
    phone               text CONSTRAINT one_account_per_phone UNIQUE,
    email               text CONSTRAINT one_account_per_email UNIQUE,
    password_hash       text NOT NULL,
    password_changed_at timestamptz NOT NULL,
    created_at          timestamptz NOT NULL,
    CONSTRAINT account_has_a_handle CHECK (phone IS NOT NULL OR email IS NOT NULL)
);

CREATE TABLE members (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    account_id      uuid REFERENCES accounts (id),
    role            text NOT NULL,
    department_id   uuid,
    name            text NOT NULL,
    title           text,
    phone           text,
    email           text,
    tags            jsonb NOT NULL,
    external_ref    text,
    joined_at       timestamptz NOT NULL,
    deactivated_at  timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    CONSTRAINT one_membership_per_account UNIQUE (org_id, account_id),
    CONSTRAINT one_member_per_external_ref UNIQUE (org_id, external_ref)
);
CREATE INDEX members_by_account ON members (account_id);
CREATE INDEX members_by_department ON members (org_id, department_id);
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON members USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE emergency_contacts (
    org_id      uuid NOT NULL,
    id          uuid NOT NULL,
    member_id   uuid NOT NULL,
    name        text NOT NULL,
    phone       text NOT NULL,
    relation    text,
    position    integer NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, member_id) REFERENCES members (org_id, id)
);
CREATE INDEX emergency_contacts_by_member ON emergency_contacts (org_id, member_id, position);
ALTER TABLE emergency_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE emergency_contacts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON emergency_contacts USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE invitations (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    phone           text,
    email           text,
    role            text NOT NULL,
    department_id   uuid,
    title           text,
    token_hash      text NOT NULL CONSTRAINT one_invitation_per_token UNIQUE,
    invited_by      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    accepted_at     timestamptz,
    revoked_at      timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id)
);
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON invitations USING (org_id = zamu_org() OR zamu_platform());

CREATE TABLE login_sessions (
    id              uuid PRIMARY KEY,
    account_id      uuid NOT NULL REFERENCES accounts (id),
    org_id          uuid,
    member_id       uuid,
    device          text,
    ip              text,
    user_agent      text,
    created_at      timestamptz NOT NULL,
    last_seen_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    revoked_because text
);
CREATE INDEX login_sessions_by_account ON login_sessions (account_id, created_at);
CREATE INDEX login_sessions_by_member ON login_sessions (org_id, member_id);

-- Single-use refresh tokens; a login session is the family that dies when one is used twice.
CREATE TABLE refresh_tokens (
    token_hash  text PRIMARY KEY,
    login_id    uuid NOT NULL REFERENCES login_sessions (id),
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz
);
CREATE INDEX refresh_tokens_by_login ON refresh_tokens (login_id);

CREATE TABLE sign_in_attempts (
    key             text PRIMARY KEY,
    failures        integer NOT NULL,
    first_failed_at timestamptz NOT NULL,
    last_failed_at  timestamptz NOT NULL,
    locked_until    timestamptz
);

CREATE TABLE api_tokens (
    org_id          uuid NOT NULL REFERENCES organizations (id),
    id              uuid NOT NULL,
    name            text NOT NULL,
    prefix          text NOT NULL,
    token_hash      text NOT NULL CONSTRAINT one_api_token_per_hash UNIQUE,
    scopes          jsonb NOT NULL,
    created_by      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    last_used_at    timestamptz,
    revoked_at      timestamptz,
    PRIMARY KEY (org_id, id)
);
ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own_organization ON api_tokens USING (org_id = zamu_org() OR zamu_platform());
