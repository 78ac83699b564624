DROP TABLE timesheet_policies;
DROP TABLE timesheets;
