//! One organization never sees another's data: every operation file, run as the owner of another organization who
//! holds the first one's ids.
//!
//! Accepted are `NOT_FOUND`, `FORBIDDEN`, and answers in which none of those ids occur. An operation without an entry in
//! [`variables`] fails, by name.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use futures_util::stream::{BoxStream, StreamExt as _};
use serde_json::{Value, json};

use crate::support::people::TestOrg;
use crate::support::{Answer, PASSWORD, TestApp, operations};

/// What the first organization has, by the name of the kind.
struct Foreign {
    acme: TestOrg,
    ids: Vec<(&'static str, String)>,
}

impl Foreign {
    async fn new(app: &TestApp) -> Self {
        let acme = app.organization("acme").await;
        let invited =
            json!({"input": {"name": "Zuri", "email": "zuri@example.org", "role": "WORKER"}});
        let invitation = acme.owner.run("identity/invite_member", invited).await;
        let token =
            json!({"input": {"name": "Payroll", "scopes": ["VIEW_MEMBERS"], "expiresInDays": 30}});
        let token = acme.owner.run("identity/create_api_token", token).await;
        let contacts = json!({"input": {"contacts": [{"name": "Amani", "phone": "0712345678"}]}});
        let contacts = acme
            .worker
            .run("identity/set_emergency_contacts", contacts)
            .await;
        let table = json!({"input": {
            "idempotencyKey": "table", "mapping": {"name": "name"}, "csv": "name\nNobody\n",
        }});
        let table = acme.owner.run("imports/import_members", table).await;
        let logins = acme.worker.run("identity/my_logins", json!({})).await;
        let kept = Kept::new(&acme).await;
        let planned = Planned::new(&acme).await;
        let ids = vec![
            ("holiday", planned.holiday),
            ("shiftType", planned.shift_type),
            ("series", planned.series),
            ("leaveType", planned.leave_type),
            ("leave", planned.leave),
            ("place", kept.place),
            ("client", kept.client),
            ("shift", kept.shift),
            ("session", kept.session),
            ("punch", kept.punch),
            ("correction", kept.correction),
            ("gathering", kept.gathering),
            ("record", kept.record),
            ("attendanceSeries", kept.series),
            ("decision", kept.decision),
            ("case", kept.case),
            ("replay", kept.replay),
            ("draft", kept.draft),
            ("release", kept.release),
            ("organization", acme.id.to_string()),
            ("department", acme.field.to_string()),
            ("team", acme.night.to_string()),
            ("owner", acme.owner.member.to_string()),
            ("supervisor", acme.supervisor.member.to_string()),
            ("member", acme.worker.member.to_string()),
            ("import", table.text("/importMembers/import/id")),
            ("clientContact", kept.client_contact),
            ("invitation", invitation.text("/inviteMember/invitation/id")),
            ("apiToken", token.text("/createApiToken/apiToken/id")),
            (
                "contact",
                contacts.text("/setEmergencyContacts/emergencyContacts/0/id"),
            ),
            ("exception", only_exception(app, &acme).await),
            ("login", logins.text("/myLogins/0/id")),
        ];
        Self { acme, ids }
    }

    fn id(&self, kind: &str) -> &str {
        self.ids
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, id)| id.as_str())
            .unwrap()
    }
}

/// Something a person of the organization must look at.
async fn only_exception(app: &TestApp, org: &TestOrg) -> String {
    let found = [crate::exceptions::found(
        zamu::exceptions::model::Kind::LateIn,
        9,
    )];
    crate::exceptions::find(app, &org.owner, &org.worker, Some(org.night), &found).await;
    let queue = org
        .owner
        .run("exceptions/exceptions", json!({"first": 1}))
        .await;
    queue.text("/exceptions/edges/0/node/id")
}

/// What the first organization keeps of places and plans.
struct Kept {
    place: String,
    client: String,
    client_contact: String,
    shift: String,
    session: String,
    punch: String,
    correction: String,
    gathering: String,
    record: String,
    series: String,
    decision: String,
    case: String,
    replay: String,
    draft: String,
    release: String,
}

impl Kept {
    async fn new(acme: &TestOrg) -> Self {
        let point = json!({"latitude": -0.0917, "longitude": 34.768});
        let place = json!({"input": {"name": "Clinic", "position": point}});
        let place = acme
            .owner
            .run("places/create_place", place)
            .await
            .text("/createPlace/id");
        let client = json!({"input": {"name": "Mama Atieno", "places": [place]}});
        let client = acme
            .owner
            .run("places/create_client", client)
            .await
            .text("/createClient/id");
        let contacts =
            json!({"client": client, "contacts": [{"name": "Akinyi", "phone": "0712000111"}]});
        let contacts = acme
            .owner
            .run("places/set_client_contacts", json!({"input": contacts}))
            .await;
        let shift = json!({"member": acme.worker.member, "place": place, "date": "2026-03-10", "starts": "08:00", "ends": "17:00"});
        let shift = acme
            .owner
            .run("schedules/plan_shift", json!({"input": shift}))
            .await;
        let session = acme
            .worker
            .run(
                "attendance/clock_in",
                json!({"input": {"idempotencyKey": "in"}}),
            )
            .await;
        let claims = json!({"id": session.text("/clockIn/id")});
        let claims = acme.worker.run("attendance/session", claims).await;
        let punch = claims.text("/session/punches/0/id");
        let judged = Judged::new(acme).await;
        let event = json!({"idempotencyKey": "plan", "title": "Briefing", "kind": "MEETING", "date": "2026-03-02",
            "starts": "08:05", "ends": "09:00", "roster": "EVERYBODY"});
        let weekly =
            json!({"input": {"event": event, "recurrence": "FREQ=WEEKLY", "to": "2026-03-09"}});
        let planned = acme
            .owner
            .run("gatherings/schedule_attendance_series", weekly)
            .await;
        let gathering = planned.text("/scheduleAttendanceSeries/events/edges/1/node/id");
        let check_in = json!({"input": {"idempotencyKey": "here", "event": gathering}});
        let record = acme.worker.run("gatherings/check_in", check_in).await;
        let rule = json!({"input": {"hook": "attendance.lateness", "source": "fn lateness(clock_in, settings) { on_time() }"}});
        let draft = acme.admin.run("rules/save_rule_draft", rule).await;
        let draft = draft.text("/saveRuleDraft/id");
        let submit = json!({"input": {"drafts": [draft], "note": "for everybody"}});
        let release = acme.admin.run("rules/submit_rule_release", submit).await;
        Self {
            draft,
            release: release.text("/submitRuleRelease/id"),
            place,
            client,
            client_contact: contacts.text("/setClientContacts/emergencyContacts/0/id"),
            shift: shift.text("/planShift/id"),
            session: session.text("/clockIn/id"),
            correction: correction(acme, &punch).await,
            punch,
            gathering,
            record: record.text("/checkIn/id"),
            series: planned.text("/scheduleAttendanceSeries/id"),
            decision: judged.decision,
            case: judged.case,
            replay: judged.replay,
        }
    }
}

/// What the first organization keeps of its calendar and of leave.
struct Planned {
    holiday: String,
    shift_type: String,
    series: String,
    leave_type: String,
    leave: String,
}

impl Planned {
    async fn new(acme: &TestOrg) -> Self {
        let run =
            async |path: &str, input: Value| acme.owner.run(path, json!({"input": input})).await;
        let holiday = json!({"date": "2026-03-04", "name": "Founders' day"});
        let holiday = run("schedules/add_holiday", holiday).await;
        let shape = json!({"pattern": "FIXED", "spans": [{"starts": "08:00", "ends": "12:00"}]});
        let kind = json!({"name": "Morning", "shape": shape});
        let kind = run("schedules/add_shift_type", kind).await;
        let kind = kind.text("/addShiftType/id");
        let series = json!({
            "members": [acme.worker.member], "type": kind, "recurrence": "FREQ=WEEKLY;BYDAY=SA", "from": "2026-03-07",
        });
        let series = run("schedules/create_shift_series", series).await;
        let leave = json!({"name": "Study leave", "pay": "FULL", "counts": "WORKING_DAYS"});
        let leave_type = run("leave/add_leave_type", leave).await;
        let leave_type = leave_type.text("/addLeaveType/id");
        let leave = json!({"type": leave_type, "from": "2026-04-06", "to": "2026-04-07"});
        let leave = acme
            .worker
            .run("leave/request_leave", json!({"input": leave}))
            .await;
        Self {
            holiday: holiday.text("/addHoliday/holiday/id"),
            shift_type: kind,
            series: series.text("/createShiftSeries/series/0/id"),
            leave_type,
            leave: leave.text("/requestLeave/id"),
        }
    }
}

/// A shape a stranger plans with.
fn morning() -> Value {
    json!({"pattern": "FIXED", "spans": [{"starts": "08:00", "ends": "12:00"}]})
}

/// What the worker of the first organization asks for.
async fn correction(acme: &TestOrg, punch: &str) -> String {
    let ask = json!({
        "idempotencyKey": "ask", "changes": [{ "void": punch }], "reasonCode": "FORGOT_TO_CLOCK_IN",
    });
    let asked = acme
        .worker
        .run("corrections/request_correction", json!({ "input": ask }))
        .await;
    asked.text("/requestCorrection/id")
}

/// What the first organization keeps of its rules' decisions.
struct Judged {
    decision: String,
    case: String,
    replay: String,
}

impl Judged {
    async fn new(acme: &TestOrg) -> Self {
        let owner = &acme.owner;
        let decisions = json!({"filter": {"hook": "attendance.geofence"}});
        let decisions = owner.run("rules/rule_decisions", decisions).await;
        let decision = decisions.text("/ruleDecisions/edges/0/node/id");
        let keep = json!({"input": {"decision": decision, "name": "no fence"}});
        let case = owner.run("rules/keep_decision_as_test", keep).await;
        let replay = json!({"hook": "attendance.geofence", "candidate": {"release": 0}, "from": "2026-01-01T00:00:00Z"});
        let replay = owner
            .run("rules/replay_rules", json!({"input": replay}))
            .await;
        Self {
            decision,
            case: case.text("/keepDecisionAsTest/id"),
            replay: replay.text("/replayRules/id"),
        }
    }
}

/// What a stranger sends with an operation: the first organization's ids wherever one fits.
#[expect(
    clippy::match_same_arms,
    reason = "a table: one row for each operation, however alike"
)]
fn variables(path: &str, foreign: &Foreign) -> Option<Value> {
    let id = |kind: &str| foreign.id(kind);
    let input = |input: Value| Some(json!({"input": input}));
    match path {
        "places/place" => Some(json!({"id": id("place")})),
        "places/client" => Some(json!({"id": id("client")})),
        "places/places" | "places/clients" | "schedules/shifts" | "schedules/my_shifts" => {
            Some(json!({}))
        }
        "places/nearby_places" | "places/nearby_clients" => {
            Some(json!({"position": {"latitude": -0.0917, "longitude": 34.768}, "withinM": 50_000}))
        }
        "places/create_place" => input(json!({"name": "Mine"})),
        "places/update_place" => input(json!({"place": id("place"), "name": "Taken over"})),
        "places/archive_place" => input(json!({"place": id("place")})),
        "places/create_client" => {
            input(json!({"name": "Mine", "member": id("member"), "places": [id("place")]}))
        }
        "places/update_client" => input(json!({"client": id("client"), "name": "Taken over"})),
        "places/set_client_contacts" => input(json!({"client": id("client"), "contacts": []})),
        "places/archive_client" => input(json!({"client": id("client")})),
        "places/add_client_place" | "places/remove_client_place" => {
            input(json!({"client": id("client"), "place": id("place")}))
        }
        "schedules/plan_shift" => input(json!({
            "member": id("member"), "place": id("place"), "date": "2026-03-11", "starts": "08:00", "ends": "17:00",
        })),
        "schedules/cancel_shift" => input(json!({"shift": id("shift")})),
        "schedules/change_shift" => input(json!({
            "shift": id("shift"), "date": "2026-03-11", "starts": "08:00", "ends": "17:00",
        })),
        "schedules/plan_shifts" => input(json!({
            "members": [id("member")], "dates": ["2026-03-11"], "type": id("shiftType"),
        })),
        "schedules/create_shift_series" => input(json!({
            "members": [id("member")], "place": id("place"), "shape": morning(), "recurrence": "FREQ=DAILY", "from": "2026-03-11",
        })),
        "schedules/move_occurrence" => {
            input(json!({"series": id("series"), "day": "2026-03-07", "to": "2026-03-08"}))
        }
        "schedules/skip_occurrence" => input(json!({"series": id("series"), "day": "2026-03-07"})),
        "schedules/end_shift_series" => {
            input(json!({"series": id("series"), "from": "2026-03-07", "reason": "mischief"}))
        }
        "schedules/shift_series" => Some(json!({"member": id("member")})),
        "schedules/shift_types" | "schedules/business_hours" | "leave/leave_types" => {
            Some(json!({}))
        }
        "schedules/add_shift_type" => input(json!({"name": "Mine", "shape": morning()})),
        "schedules/change_shift_type" => {
            input(json!({"id": id("shiftType"), "name": "Taken over", "shape": morning()}))
        }
        "schedules/set_business_hours" => {
            input(json!({"place": id("place"), "since": "2026-03-01", "week": []}))
        }
        "schedules/holidays" => Some(json!({"from": "2026-01-01", "to": "2026-12-31"})),
        "schedules/add_holiday" => {
            input(json!({"date": "2026-03-04", "name": "Mine", "department": id("department")}))
        }
        "schedules/remove_holiday" => input(json!({"holiday": id("holiday")})),
        "schedules/adopt_holidays" => input(json!({"country": "KE", "year": 2026})),
        "leave/add_leave_type" => {
            input(json!({"name": "Mine", "pay": "FULL", "counts": "CALENDAR_DAYS"}))
        }
        "leave/change_leave_type" => input(json!({
            "id": id("leaveType"), "leave": {"name": "Taken over", "pay": "FULL", "counts": "CALENDAR_DAYS"},
        })),
        "leave/adopt_leave_types" => input(json!({"country": "KE"})),
        "leave/request_leave" => {
            input(json!({"type": id("leaveType"), "from": "2026-04-06", "to": "2026-04-07"}))
        }
        "leave/approve_leave" | "leave/reject_leave" | "leave/withdraw_leave" => {
            input(json!({"leave": id("leave")}))
        }
        "leave/take_back_leave" => input(json!({"leave": id("leave"), "reason": "mischief"})),
        "leave/grant_leave" => input(json!({
            "idempotencyKey": "g", "member": id("member"), "type": id("leaveType"), "halfDays": 2,
        })),
        "leave/leave_requests" | "leave/leave_balances" => Some(json!({"member": id("member")})),
        "attendance/session" => Some(json!({"id": id("session")})),
        "attendance/sessions" | "attendance/active_sessions" => Some(
            json!({"filter": {"member": id("member"), "place": id("place"), "department": id("team")}}),
        ),
        "attendance/my_active_session"
        | "rules/rule_status"
        | "rules/rule_hooks"
        | "rules/rule_health"
        | "rules/rule_packs"
        | "rules/rule_bindings"
        | "rules/rule_drafts"
        | "rules/rule_releases"
        | "rules/rule_approvers"
        | "audit/audit_entries"
        | "audit/audit_verification" => Some(json!({})),
        "rules/rule_hook" => Some(json!({"name": "attendance.lateness"})),
        "rules/complete_rule" => {
            Some(json!({"hook": "attendance.lateness", "source": "", "line": 1, "column": 1}))
        }
        "rules/check_rule" => input(json!({
            "hook": "attendance.lateness",
            "source": "fn lateness(clock_in, settings) { inherit() }",
        })),
        "rules/enable_rule_pack" | "rules/disable_rule_pack" => {
            input(json!({"pack": "field-teams"}))
        }
        "rules/rule_release" => Some(json!({"number": 1})),
        "rules/rule_settings" => Some(
            json!({"hook": "attendance.lateness", "department": id("team"), "place": id("place")}),
        ),
        "rules/save_rule_draft" => input(
            json!({"hook": "attendance.lateness", "source": "fn lateness(clock_in, settings) { excused() }"}),
        ),
        "rules/set_rule_settings" => input(json!({
            "hook": "attendance.lateness", "place": id("place"), "values": [{"name": "grace_minutes", "value": 9}],
        })),
        "rules/set_rule_mode" => input(json!({"hook": "attendance.lateness", "mode": "AUDIT"})),
        "rules/copy_rule_to_organization" => input(json!({"hook": "attendance.lateness"})),
        "rules/discard_rule_draft" | "rules/rebase_rule_draft" => {
            input(json!({"draft": id("draft")}))
        }
        "rules/submit_rule_release" => input(json!({"drafts": [id("draft")], "note": "mine"})),
        "rules/review_rule_release" => {
            input(json!({"release": id("release"), "verdict": "REJECT"}))
        }
        "rules/activate_rule_release" => input(json!({"release": id("release")})),
        "rules/roll_back_rules" => input(json!({"to": id("release"), "reason": "mischief"})),
        "rules/disable_rule" => input(json!({"hook": "attendance.lateness", "reason": "mischief"})),
        "rules/appoint_rule_approver" | "rules/dismiss_rule_approver" => {
            input(json!({"member": id("member"), "duty": "FINANCE"}))
        }
        "gatherings/schedule_attendance_event" => input(json!({
            "idempotencyKey": "x", "title": "Mine", "kind": "CLASS", "date": "2026-03-03", "starts": "08:00",
            "ends": "09:00", "roster": "MEMBERS", "members": [id("member")], "place": id("place"),
            "department": id("team"), "organizer": id("owner"),
        })),
        "gatherings/schedule_attendance_series" => {
            let event = json!({
                "idempotencyKey": "y", "title": "Mine", "kind": "CLASS", "date": "2026-03-03", "starts": "08:00",
                "ends": "09:00", "roster": "DEPARTMENT", "department": id("team"),
            });
            input(json!({"event": event, "recurrence": "FREQ=DAILY;COUNT=2"}))
        }
        "gatherings/attendance_series" => Some(json!({})),
        "gatherings/move_attendance_occurrence" => input(json!({
            "series": id("attendanceSeries"), "day": "2026-03-09", "to": "2026-03-10",
        })),
        "gatherings/skip_attendance_occurrence" => {
            input(json!({"series": id("attendanceSeries"), "day": "2026-03-09"}))
        }
        "gatherings/end_attendance_series" => {
            input(json!({"series": id("attendanceSeries"), "from": "2026-03-09"}))
        }
        "gatherings/update_attendance_event" => {
            input(json!({"event": id("gathering"), "title": "Taken over"}))
        }
        "gatherings/cancel_attendance_event" => {
            input(json!({"event": id("gathering"), "andFollowing": true}))
        }
        "gatherings/check_in" | "gatherings/check_out" => {
            input(json!({"idempotencyKey": path, "event": id("gathering")}))
        }
        "gatherings/force_check_in" | "gatherings/force_check_out" => input(json!({
            "event": id("gathering"), "member": id("member"), "reasonCode": "OTHER", "memo": "mischief", "attested": true,
        })),
        "gatherings/mark_attendance" => input(json!({
            "event": id("gathering"), "member": id("member"), "status": "ABSENT", "reasonCode": "OTHER", "memo": "mischief",
        })),
        "gatherings/correct_attendance" => input(
            json!({"record": id("record"), "status": "ABSENT", "reasonCode": "OTHER", "memo": "mischief"}),
        ),
        "gatherings/attendance_event"
        | "gatherings/attendance_event_code"
        | "gatherings/watch_attendance_event_counts" => Some(json!({"id": id("gathering")})),
        "gatherings/attendance_record" => Some(json!({"id": id("record")})),
        "gatherings/attendance_events" | "gatherings/my_attendance_events" => {
            Some(json!({"filter": {"place": id("place"), "series": id("attendanceSeries")}}))
        }
        "gatherings/active_attendance_events" => Some(json!({})),
        "gatherings/attendance_history" => Some(json!({"member": id("member")})),
        "gatherings/attendance_by_member" => Some(
            json!({"filter": {"event": id("gathering"), "member": id("member"), "department": id("team")}}),
        ),
        "corrections/force_clock_in" | "corrections/force_clock_out" => input(json!({
            "idempotencyKey": "f", "member": id("member"), "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
        })),
        "corrections/enter_punches" => input(json!({
            "idempotencyKey": "e", "member": id("member"), "place": id("place"), "client": id("client"),
            "clockedInAt": "2026-03-01T05:00:00Z", "clockedOutAt": "2026-03-01T06:00:00Z",
            "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
        })),
        "corrections/correct_punch" => input(json!({
            "idempotencyKey": "c", "punch": id("punch"), "at": "2026-03-02T04:00:00Z",
            "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
        })),
        "corrections/void_punch" | "corrections/restore_punch" => input(json!({
            "idempotencyKey": path, "punch": id("punch"), "reasonCode": "FORGOT_TO_CLOCK_IN", "attested": true,
        })),
        "corrections/request_correction" => input(json!({
            "idempotencyKey": "r", "changes": [{"void": id("punch")}], "reasonCode": "FORGOT_TO_CLOCK_IN",
        })),
        "corrections/approve_correction" => {
            input(json!({"correction": id("correction"), "attested": true}))
        }
        "corrections/reject_correction" => {
            input(json!({"correction": id("correction"), "memo": "no"}))
        }
        "corrections/withdraw_correction" => input(json!({"correction": id("correction")})),
        "corrections/correction" => Some(json!({"id": id("correction")})),
        "corrections/corrections" => Some(json!({"filter": {"member": id("member")}})),
        "corrections/correction_preview" => {
            Some(json!({"member": id("member"), "changes": [{"void": id("punch")}]}))
        }
        "corrections/session_versions" => Some(json!({"id": id("session")})),
        "timesheets/timesheet" => Some(json!({"member": id("member"), "date": "2026-03-02"})),
        "timesheets/timesheets" => {
            Some(json!({"filter": {"member": id("member"), "department": id("team")}}))
        }
        "timesheets/timesheet_policy" => Some(json!({})),
        "timesheets/set_timesheet_policy" => input(json!({"period": "WEEK"})),
        "timesheets/submit_timesheet" => input(json!({"date": "2026-03-02", "hash": "0"})),
        "timesheets/approve_timesheet" => {
            input(json!({"member": id("member"), "date": "2026-03-02", "hash": "0"}))
        }
        "timesheets/return_timesheet" => {
            input(json!({"member": id("member"), "date": "2026-03-02", "memo": "no"}))
        }
        "timesheets/lock_timesheet" | "timesheets/reopen_timesheet" => {
            input(json!({"member": id("member"), "date": "2026-03-02", "reason": "mischief"}))
        }
        "attendance/watch_session_events" => Some(json!({"after": 0})),
        "attendance/watch_active_sessions" => Some(json!({"filter": {"member": id("member")}})),
        "attendance/clock_in" => {
            input(json!({"idempotencyKey": "x", "place": id("place"), "client": id("client")}))
        }
        "attendance/changes_since" => Some(json!({})),
        "attendance/sync_punches" => input(json!({
            "device": {"id": "x"},
            "punches": [{"clientId": "x", "kind": "IN", "deviceTime": "2026-03-02T08:00:00+03:00",
                "place": id("place"), "client": id("client")}],
        })),
        "attendance/clock_out" => input(json!({"idempotencyKey": "y"})),
        "attendance/start_break" => input(json!({"idempotencyKey": "b", "kind": "meal"})),
        "attendance/end_break" => input(json!({"idempotencyKey": "e"})),
        "attendance/end_in_emergency" => input(json!({"idempotencyKey": "p"})),
        "attendance/work_status" => Some(json!({"member": id("member")})),
        "attendance/punches" => Some(json!({"filter": {"member": id("member")}})),
        "attendance/session_as_known_on" => {
            Some(json!({"id": id("session"), "at": "2026-03-02T05:00:00Z"}))
        }
        "attendance/session_hours" => Some(json!({"id": id("session")})),
        "attendance/add_session_note" => {
            input(json!({"idempotencyKey": "z", "session": id("session"), "body": "mine"}))
        }
        "attendance/record_locations" => {
            let position = json!({"latitude": 0, "longitude": 0, "accuracyM": 1});
            input(
                json!({"positions": [{"capturedAt": "2026-03-02T05:00:00Z", "position": position}]}),
            )
        }
        "reports/compliance_rates" => {
            Some(json!({"range": {"from": "2026-03-01", "to": "2026-03-31"}, "by": "MEMBER"}))
        }
        "exceptions/exceptions" | "exceptions/exception_counts" => Some(
            json!({"filter": {"member": id("member"), "department": id("team"), "session": id("session")}}),
        ),
        "exceptions/exception" => Some(json!({"id": id("exception")})),
        "exceptions/acknowledge_exception" => input(json!({
            "exception": id("exception"), "reasonCode": "TRANSPORT", "resolutionCode": "DISCUSSED",
        })),
        "exceptions/assign_exception" => {
            input(json!({"exception": id("exception"), "to": id("supervisor")}))
        }
        "exceptions/reopen_exception" => input(json!({"exception": id("exception")})),
        "exceptions/preview_exceptions" => Some(
            json!({"filter": {"member": id("member")}, "action": {"assign": {"to": id("supervisor")}}}),
        ),
        "exceptions/apply_to_exceptions" => input(json!({
            "token": "1.2", "filter": {"member": id("member")}, "action": {"reopen": {}},
        })),
        "exceptions/watch_exceptions" => Some(json!({"after": 0})),
        "exceptions/codes" => Some(json!({"kind": "REASON"})),
        "exceptions/code_profiles" => Some(json!({})),
        "exceptions/save_code" => input(json!({"kind": "REASON", "code": "MINE", "label": "Mine"})),
        "exceptions/retire_code" => input(json!({"kind": "REASON", "code": "OTHER"})),
        "exceptions/adopt_codes" => input(json!({"profile": "OHIO", "only": true})),
        "rules/rule_decision" => Some(json!({"decision": id("decision")})),
        "rules/rule_decisions" => {
            Some(json!({"filter": {"member": id("member"), "session": id("session")}}))
        }
        "rules/rule_divergences" | "rules/rule_cases" => {
            Some(json!({"hook": "attendance.geofence"}))
        }
        "rules/decision_retention" => Some(json!({})),
        "rules/set_decision_retention" => input(json!({"days": 30})),
        "rules/keep_decision_as_test" => input(json!({"decision": id("decision"), "name": "mine"})),
        "rules/remove_rule_case" => input(json!({"case": id("case")})),
        "rules/replay_rules" => input(json!({
            "hook": "attendance.geofence", "candidate": {"release": 0}, "from": "2026-01-01T00:00:00Z",
        })),
        "rules/cancel_replay" => input(json!({"replay": id("replay")})),
        "rules/rule_replay" | "rules/rule_replay_explained" | "rules/watch_rule_replay" => {
            Some(json!({"replay": id("replay")}))
        }
        "attendance/work_day" => Some(json!({"member": id("member"), "date": "2026-03-02"})),
        "attendance/work_days" => {
            Some(json!({"member": id("member"), "from": "2026-03-01", "to": "2026-03-31"}))
        }
        "reports/member_report" => Some(json!({
            "member": id("member"), "range": {"from": "2026-03-01", "to": "2026-03-31"},
        })),
        "reports/organization_report"
        | "reports/member_reports"
        | "reports/department_reports"
        | "reports/place_reports" => {
            Some(json!({"range": {"from": "2026-03-01", "to": "2026-03-31"}}))
        }
        "reports/trend" => Some(json!({
            "range": {"from": "2026-03-01", "to": "2026-03-31"}, "by": "WEEK", "filter": {"department": id("team")},
        })),
        "reports/daily_report" => Some(json!({"filter": {"place": id("place")}})),
        "node/node" => Some(json!({"id": id("session")})),
        "node/nodes" => Some(json!({"ids": [
            id("member"), id("team"), id("place"), id("client"), id("shift"), id("session"), id("series"),
            id("shiftType"), id("holiday"), id("leave"), id("leaveType"), id("punch"), id("correction"),
            id("gathering"), id("record"), id("attendanceSeries"),
        ]})),
        "orgs/update_organization" => input(json!({"name": "Taken over"})),
        "orgs/create_department" => input(json!({"name": "Mine", "parent": id("department")})),
        "orgs/update_department" => input(json!({"id": id("team"), "parent": null})),
        "orgs/archive_department" => input(json!({"id": id("team")})),
        "orgs/organization"
        | "orgs/departments"
        | "identity/me"
        | "identity/memberships"
        | "identity/my_logins"
        | "identity/api_tokens"
        | "identity/invitations"
        | "identity/sign_out"
        | "identity/sign_out_everywhere" => Some(json!({})),
        "identity/sign_in" => input(
            json!({"identifier": "owner@other.example", "password": PASSWORD, "organization": "acme"}),
        ),
        "identity/refresh" => input(json!({"refreshToken": id("login")})),
        "identity/accept_invitation" => {
            input(json!({"token": id("invitation"), "password": PASSWORD}))
        }
        "identity/switch_organization" => input(json!({"organization": foreign.acme.slug})),
        "identity/revoke_login" => input(json!({"id": id("login")})),
        "identity/change_password" => {
            input(json!({"current": PASSWORD, "new": "another fine phrase"}))
        }
        "identity/update_profile" => input(json!({"email": foreign.acme.worker.email})),
        "identity/set_emergency_contacts" => input(json!({"member": id("member"), "contacts": []})),
        "identity/members" => Some(json!({"filter": {"department": id("department")}})),
        "identity/member" => Some(json!({"id": id("member")})),
        "identity/invite_member" => input(json!({
            "name": "Mole", "email": "mole@example.org", "role": "WORKER", "department": id("department"),
        })),
        "identity/revoke_invitation" => input(json!({"id": id("invitation")})),
        "identity/update_member" => input(json!({"id": id("member"), "role": "ADMIN"})),
        "identity/move_member" => {
            input(json!({"member": id("member"), "department": id("department")}))
        }
        "imports/import_members" => input(json!({
            "idempotencyKey": "mine", "mapping": {"name": "name", "email": "mail"},
            "csv": format!("name,mail\nMole,{}\n", foreign.acme.worker.email),
        })),
        "imports/resume_member_import" => {
            input(json!({"idempotencyKey": "again", "import": id("import")}))
        }
        "imports/member_import" => Some(json!({"id": id("import")})),
        "imports/preview_inactive_members" => {
            Some(json!({"policy": {"days": 1, "departments": [id("department")]}}))
        }
        "imports/deactivate_inactive_members" => input(json!({
            "policy": {"days": 1, "departments": [id("department")]}, "token": "x", "reason": "mischief",
        })),
        "identity/deactivate_member" => input(json!({"id": id("owner"), "reason": "mischief"})),
        "identity/reactivate_member" => input(json!({"id": id("member")})),
        "identity/create_api_token" => {
            input(json!({"name": "Mine", "scopes": ["VIEW_MEMBERS"], "expiresInDays": 1}))
        }
        "identity/revoke_api_token" => input(json!({"id": id("apiToken")})),
        _ => None,
    }
}

#[tokio::test]
async fn every_operation_as_a_stranger() {
    let app = TestApp::start().await;
    let foreign = Foreign::new(&app).await;
    let other = app.organization("other").await;
    // Something of the stranger's own to see in a stream.
    only_exception(&app, &other).await;
    assert!(
        other
            .admin
            .run(
                "attendance/clock_in",
                json!({"input": {"idempotencyKey": "in"}})
            )
            .await
            .ok()
    );
    app.drain().await;
    let mut wrong = Vec::new();
    for path in operation_files() {
        let Some(variables) = variables(&path, &foreign) else {
            wrong.push(format!(
                "{path}: say in isolation.rs with which foreign ids a stranger runs it"
            ));
            continue;
        };
        // Each on a device of its own: some of them sign out.
        let stranger = app.signed_in(&other.owner.email, "other").await;
        let answer = if path.contains("/watch_") {
            first_answer(stranger.listen(&path, variables).await).await
        } else {
            stranger.run(&path, variables).await
        };
        if matches!(answer.code(), "NOT_FOUND" | "FORBIDDEN") {
            continue;
        }
        // A refusal is fine as long as it names nothing; a document that does not run proves nothing.
        if answer
            .codes()
            .iter()
            .any(|code| code.starts_with("GRAPHQL_") || *code == "INTERNAL")
        {
            wrong.push(format!("{path}: {:#}", answer.0));
        }
        let text = answer.0.to_string();
        wrong.extend(
            foreign
                .ids
                .iter()
                .filter(|(_, id)| text.contains(id))
                .map(|(kind, _)| format!("{path}: shows the {kind} of another organization")),
        );
        if path == "identity/change_password" && answer.ok() {
            let back = json!({"input": {"current": "another fine phrase", "new": PASSWORD}});
            assert!(stranger.run(&path, back).await.ok());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    the_first_is_untouched(&foreign).await;
}

async fn first_answer(mut answers: BoxStream<'static, Answer>) -> Answer {
    let first = tokio::time::timeout(Duration::from_secs(10), answers.next()).await;
    first.unwrap().unwrap()
}

/// What the stranger tried has changed nothing.
async fn the_first_is_untouched(foreign: &Foreign) {
    let acme = &foreign.acme;
    let members = acme
        .owner
        .run("identity/members", json!({"filter": {"active": true}}))
        .await;
    assert_eq!(members.data("/members/edges").as_array().unwrap().len(), 4);
    let worker = acme
        .owner
        .run("identity/member", json!({"id": acme.worker.member}))
        .await;
    assert_eq!(worker.data("/member/role"), "WORKER");
    assert_eq!(worker.data("/member/emergencyContacts/0/name"), "Amani");
    let organization = acme.owner.run("orgs/organization", json!({})).await;
    assert_eq!(organization.data("/organization/name"), "acme Limited");
    let invitations = acme
        .owner
        .run("identity/invitations", json!({"first": 1}))
        .await;
    assert_eq!(
        invitations.data("/invitations/edges/0/node/status"),
        "PENDING"
    );
    assert!(acme.worker.run("identity/me", json!({})).await.ok());
}

/// `orgs/organization` for every file under `graphql/operations`.
fn operation_files() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(&operations(), &mut found);
    assert!(found.len() > 20, "the operation files were not found");
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "graphql")
        {
            let relative = path.strip_prefix(operations()).unwrap().with_extension("");
            found.insert(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}
