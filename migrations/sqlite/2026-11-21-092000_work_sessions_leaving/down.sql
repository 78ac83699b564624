ALTER TABLE work_sessions DROP COLUMN required;
ALTER TABLE work_sessions DROP COLUMN minutes_early;
ALTER TABLE work_sessions DROP COLUMN leaving;
