//! What a person must look at, found while a session is worked out. Pure: the same session, the same findings.

use serde_json::{Map, Value, json};

use super::case::Case;
use super::fold::{LONGEST, Played};
use super::judge::DENIED;
use super::model::{Lateness, Leaving, Role, Status, WorkSession};
use crate::exceptions::model::{Found, Kind, Severity, Subject};
use crate::kernel::geo::{Judgement, Verdict};
use crate::kernel::id::PunchId;

/// Flags that have an exception of their own, or that say nothing a person must look at.
const TYPED: [&str; 10] = [
    "outside_fence",
    "outside_fence_out",
    "gps_uncertain",
    "gps_uncertain_out",
    "location_missing",
    "mock_location",
    "captured_offline",
    "missing_out",
    "closed_automatically",
    "overlaps_previous_session",
];

/// The exceptions of a session. `played` are the parts of its claims.
pub fn found(case: &Case<'_>, session: &WorkSession, played: &[Played]) -> Vec<Found> {
    let mut all = Vec::new();
    if session.status == Status::Void {
        return all;
    }
    ends(session, &mut all);
    times(case, session, &mut all);
    places(case, session, &mut all);
    let conflicts: Vec<PunchId> = played
        .iter()
        .filter(|played| played.role == Role::Conflicts)
        .map(|played| played.punch)
        .collect();
    if !conflicts.is_empty() {
        let ids: Vec<String> = conflicts.iter().map(ToString::to_string).collect();
        all.push(fix(Kind::ConflictingClaims, json!({ "punches": ids })));
    }
    if session.is_manual {
        all.push(look(Kind::ManualEntry, json!({})));
    }
    if session.client_id.is_some() && session.service.is_none() {
        all.push(fix(Kind::MissingService, json!({})));
    }
    flags(session, &mut all);
    all
}

fn ends(session: &WorkSession, all: &mut Vec<Found>) {
    let since = json!({ "clockedInAt": session.clocked_in_at });
    match session.status {
        Status::Disconnected => all.push(fix(Kind::MissingOut, since)),
        Status::AutoClosed => all.push(fix(
            Kind::AutoClosed,
            json!({ "closedAt": session.clocked_out_at }),
        )),
        Status::EmergencyEnded => all.push(look(
            Kind::EmergencyEnded,
            json!({ "endedAt": session.clocked_out_at }),
        )),
        Status::Active | Status::Completed | Status::Void => {}
    }
}

fn times(case: &Case<'_>, session: &WorkSession, all: &mut Vec<Found>) {
    if matches!(session.lateness, Some(Lateness::Late | Lateness::VeryLate)) {
        all.push(look(
            Kind::LateIn,
            json!({ "minutes": session.minutes_late }),
        ));
    }
    if session.leaving == Some(Leaving::LeftEarly) {
        all.push(look(
            Kind::EarlyOut,
            json!({ "minutes": session.minutes_early }),
        ));
    }
    if session.shift_id.is_none() && case.is_planned {
        all.push(look(
            Kind::Unscheduled,
            json!({ "workDate": session.work_date }),
        ));
    }
    if let Some(out) = session
        .clocked_out_at
        .filter(|out| *out - session.clocked_in_at > LONGEST)
    {
        all.push(look(
            Kind::LongVisit,
            json!({ "minutes": (out - session.clocked_in_at).num_minutes() }),
        ));
    }
    if let Some(before) = case
        .end_before
        .filter(|before| *before > session.clocked_in_at)
    {
        all.push(fix(Kind::OverlappingVisits, json!({ "endBefore": before })));
    }
}

fn places(case: &Case<'_>, session: &WorkSession, all: &mut Vec<Found>) {
    let ends = [
        (
            Kind::OutsideGeofenceIn,
            "IN",
            Some(session.fence_in),
            case.opening(),
        ),
        (
            Kind::OutsideGeofenceOut,
            "OUT",
            session.fence_out,
            case.closing(),
        ),
    ];
    let (mut missing, mut weak) = (Vec::new(), Vec::new());
    for (outside, end, fence, claim) in ends {
        let Some((
            Judgement {
                verdict,
                distance_m,
            },
            claim,
        )) = fence.zip(claim)
        else {
            continue;
        };
        match (verdict, claim.punch.fix) {
            (Verdict::Outside, _) => all.push(look(outside, json!({ "distanceM": distance_m }))),
            (Verdict::Uncertain, Some(fix)) => {
                weak.push(json!({ "end": end, "accuracyM": fix.accuracy_m }));
            }
            (Verdict::Uncertain, None) => missing.push(json!({ "end": end })),
            (Verdict::Inside | Verdict::None, _) => {}
        }
    }
    if !missing.is_empty() {
        all.push(look(Kind::LocationMissing, json!({ "ends": missing })));
    }
    if !weak.is_empty() {
        all.push(look(Kind::LowGpsAccuracy, json!({ "ends": weak })));
    }
}

/// What the rules flagged, and what they would have refused.
fn flags(session: &WorkSession, all: &mut Vec<Found>) {
    let denied: Vec<&str> = session
        .flags
        .iter()
        .filter_map(|flag| flag.strip_prefix(DENIED))
        .collect();
    if !denied.is_empty() {
        all.push(look(Kind::DeniedByRule, json!({ "codes": denied })));
    }
    let own = session
        .flags
        .iter()
        .filter(|flag| !TYPED.contains(&flag.as_str()) && !flag.starts_with(DENIED));
    all.extend(own.map(|flag| Found {
        code: flag.clone(),
        ..look(Kind::RuleFlag, json!({}))
    }));
}

/// An end without a beginning.
pub fn orphaned() -> Vec<Found> {
    vec![fix(Kind::MissingIn, json!({}))]
}

/// What a session's exceptions are compared within.
pub fn subject(session: &WorkSession) -> Subject {
    Subject {
        key: session.id.to_string(),
        member: session.member_id,
        department: session.department_id,
        place: session.place_id,
        session: Some(session.id),
        punch: None,
        work_date: session.work_date,
    }
}

fn look(kind: Kind, detail: Value) -> Found {
    Found {
        kind,
        code: String::new(),
        severity: Severity::Acknowledge,
        score: 100,
        detail: match detail {
            Value::Object(detail) => detail,
            _ => Map::new(),
        },
    }
}

fn fix(kind: Kind, detail: Value) -> Found {
    Found {
        severity: Severity::Fix,
        ..look(kind, detail)
    }
}
