-- Which device a claim came from: one device in the hands of many can be seen.
ALTER TABLE punches ADD COLUMN device_id text;
CREATE INDEX punches_by_device ON punches (org_id, device_id, occurred_at) WHERE device_id IS NOT NULL;
DROP TRIGGER punches_are_immutable_on_update ON punches;
CREATE TRIGGER punches_are_immutable_on_update BEFORE UPDATE OF org_id, id, member_id, direction, source, occurred_at, received_at, device_at, latitude, longitude, accuracy_m, place_id, fence, distance_m, remark, mock_location, device, external_ref, client_ref, break_kind, trust, skew_seconds, emergency, made_by, reason_code, memo, said, device_id ON punches
    FOR EACH ROW EXECUTE FUNCTION zamu_immutable();
