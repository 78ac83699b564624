-- The type, the series and the leave that a shift names are there.
ALTER TABLE shifts ADD CONSTRAINT shifts_of_a_type FOREIGN KEY (org_id, type_id) REFERENCES shift_types (org_id, id);
ALTER TABLE shifts ADD CONSTRAINT shifts_of_a_series FOREIGN KEY (org_id, series_id) REFERENCES shift_series (org_id, id);
ALTER TABLE shifts ADD CONSTRAINT shifts_of_leave FOREIGN KEY (org_id, leave_id) REFERENCES leave_requests (org_id, id);
