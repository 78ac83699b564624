DROP TABLE business_hours;
DROP TABLE holidays;
