ALTER TABLE attendance_records RENAME COLUMN memo TO reason;
ALTER TABLE attendance_records DROP COLUMN reason_code;
