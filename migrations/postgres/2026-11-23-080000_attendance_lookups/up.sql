CREATE INDEX work_sessions_by_shift ON work_sessions (org_id, shift_id) WHERE shift_id IS NOT NULL;
CREATE INDEX location_pings_by_age ON location_pings (org_id, received_at);
