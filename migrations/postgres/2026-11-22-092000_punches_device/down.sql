DROP TRIGGER punches_are_immutable_on_update ON punches;
DROP INDEX punches_by_device;
ALTER TABLE punches DROP COLUMN device_id;
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE OF org_id, id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref, client_ref, break_kind, trust, skew_seconds, emergency, made_by, reason_code, memo, said ON punches
    FOR EACH ROW EXECUTE FUNCTION zamu_immutable();
