ALTER TABLE gatherings DROP CONSTRAINT one_gathering_per_series_and_day;
ALTER TABLE gatherings DROP CONSTRAINT gatherings_of_a_series;
ALTER TABLE gatherings DROP COLUMN series_day;
DROP TABLE gathering_series_changes;
DROP TABLE gathering_series;
