-- What was said with a claim beside time and place: who is served, the service, the tasks. A session that is worked
-- out anew has nowhere else to take it from.
ALTER TABLE punches ADD COLUMN said TEXT NOT NULL DEFAULT '{}';
DROP TRIGGER punches_are_immutable_on_update;
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE OF org_id, id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref, client_ref, break_kind, trust, skew_seconds, emergency, made_by, reason_code, memo, said ON punches
    BEGIN SELECT RAISE(ABORT, 'rows of punches are immutable'); END;
