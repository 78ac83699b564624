DROP TABLE api_tokens;
DROP TABLE sign_in_attempts;
DROP TABLE refresh_tokens;
DROP TABLE login_sessions;
DROP TABLE invitations;
DROP TABLE emergency_contacts;
DROP TABLE members;
DROP TABLE accounts;
