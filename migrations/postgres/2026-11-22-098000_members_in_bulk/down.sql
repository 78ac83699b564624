ALTER TABLE clients DROP COLUMN is_newborn;
ALTER TABLE clients DROP COLUMN other_phones;
DROP TABLE client_contacts;
ALTER TABLE invitations DROP COLUMN member_id;
DROP TABLE member_imports;
DROP TABLE member_departments;
