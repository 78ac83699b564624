ALTER TABLE shifts DROP CONSTRAINT shifts_of_leave;
ALTER TABLE shifts DROP CONSTRAINT shifts_of_a_series;
ALTER TABLE shifts DROP CONSTRAINT shifts_of_a_type;
