DROP INDEX work_sessions_by_shift;
DROP INDEX location_pings_by_age;
