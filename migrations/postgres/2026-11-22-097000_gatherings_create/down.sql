DROP TABLE gathering_guesses;
DROP TABLE attendance_records;
DROP TABLE gathering_members;
DROP TABLE gatherings;
