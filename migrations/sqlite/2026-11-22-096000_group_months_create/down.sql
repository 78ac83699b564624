DROP INDEX shifts_of_a_day;
DROP INDEX shifts_by_end;
DROP TABLE day_closings;
DROP TABLE group_months;
