DROP INDEX one_leave_per_external_ref;
ALTER TABLE leave_requests DROP COLUMN external_ref;
