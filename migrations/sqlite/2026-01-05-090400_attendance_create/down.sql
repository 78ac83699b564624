DROP TABLE location_pings;
DROP TABLE session_notes;
DROP TABLE punches;
DROP TABLE work_sessions;
