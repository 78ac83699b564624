-- Leave that another system granted is known by the name it has there, so that it comes in once.
ALTER TABLE leave_requests ADD COLUMN external_ref TEXT;
CREATE UNIQUE INDEX one_leave_per_external_ref ON leave_requests (org_id, external_ref);
