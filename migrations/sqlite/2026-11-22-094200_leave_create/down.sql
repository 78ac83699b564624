DROP TABLE leave_entries;
DROP TABLE leave_requests;
DROP TABLE leave_types;
