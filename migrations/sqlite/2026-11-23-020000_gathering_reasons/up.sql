-- Staff say why with a code of the organization's and a memo, as where they clock somebody in. What was written freely
-- before is the memo.
ALTER TABLE attendance_records ADD COLUMN reason_code TEXT;
ALTER TABLE attendance_records RENAME COLUMN reason TO memo;
