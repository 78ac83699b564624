-- How the work ended against the shift, and what the rules ask for before the session counts as done.
ALTER TABLE work_sessions ADD COLUMN leaving text;
ALTER TABLE work_sessions ADD COLUMN minutes_early integer;
ALTER TABLE work_sessions ADD COLUMN required jsonb NOT NULL DEFAULT '[]';
