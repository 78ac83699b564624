-- How the work ended against the shift, and what the rules ask for before the session counts as done.
ALTER TABLE work_sessions ADD COLUMN leaving TEXT;
ALTER TABLE work_sessions ADD COLUMN minutes_early INTEGER;
ALTER TABLE work_sessions ADD COLUMN required TEXT NOT NULL DEFAULT '[]';
