//! Asks the rules about a punch and turns their outcomes into verdicts, flags and refusals. The rules judge; what
//! must hold whatever they say (the verdict's geometry, one open session) is decided in Rust.

use zamu_rules::{Decision, hooks};

use super::facts::{self, Known};
use super::model::{Direction, Lateness};
use crate::kernel::error::{Code, Error};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::rules::force::InForce;
use crate::schedules::model::Shift;

/// What the rules said about a punch.
pub struct Judged {
    pub fence: Judgement,
    pub lateness: Option<(Lateness, i64)>,
    pub flags: Vec<String>,
    pub needs_review: bool,
    pub refusal: Option<Error>,
}

/// Geofence, then whether the clock-in is allowed, then lateness where a shift was planned.
pub fn clock_in(rules: &mut InForce, known: &Known<'_>, fix: Option<Fix>) -> Judged {
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Direction::In));
    let fence = fence(&geofence, known, fix);
    let accuracy_m = fix.map(|fix| fix.accuracy_m);
    let allowed = rules.ask(hooks::CLOCK_IN, facts::clock_in(known, fence, accuracy_m));
    let mut judged = Judged {
        fence,
        lateness: None,
        flags: Vec::new(),
        needs_review: false,
        refusal: refusal(&allowed),
    };
    judged.heed(&geofence);
    judged.heed(&allowed);
    let coming = known.shift.filter(|_| !known.is_returning);
    if let (None, Some(shift)) = (&judged.refusal, coming) {
        let lateness = rules.ask(hooks::LATENESS, facts::lateness(known, shift));
        judged.lateness = late(&lateness, shift, known);
        judged.heed(&lateness);
    }
    collect(&mut judged, known, fix);
    judged
}

pub(super) fn fence(decision: &Decision, known: &Known<'_>, fix: Option<Fix>) -> Judgement {
    if decision.outcome.name == "no_fence" {
        return Judgement::NONE;
    }
    let radius_m = decision.outcome.whole("radius_m").map(metres);
    let Some(fence) = known.place.and_then(|place| place.fence(radius_m)) else {
        return Judgement::NONE;
    };
    // Without a position nobody can say where it was: uncertain, and never a refusal.
    let Some(fix) = fix else {
        return Judgement {
            verdict: Verdict::Uncertain,
            distance_m: None,
        };
    };
    let judged = fence.judge(fix);
    let needed = decision.outcome.whole("accuracy_m").map(metres);
    if judged.verdict == Verdict::Inside && needed.is_some_and(|needed| fix.accuracy_m > needed) {
        return Judgement {
            verdict: Verdict::Uncertain,
            ..judged
        };
    }
    judged
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a radius has at most seven digits"
)]
fn metres(whole: i64) -> f64 {
    whole as f64
}

fn late(decision: &Decision, shift: &Shift, known: &Known<'_>) -> Option<(Lateness, i64)> {
    let lateness = Lateness::from_outcome(&decision.outcome.name)?;
    let measured = crate::kernel::time::minutes_between(shift.starts_at, known.time.occurred_at);
    let minutes = match lateness {
        Lateness::OnTime => 0,
        _ => decision.outcome.whole("minutes").unwrap_or(measured),
    };
    Some((lateness, minutes))
}

pub(super) fn refusal(decision: &Decision) -> Option<Error> {
    if decision.outcome.name != "deny" {
        return None;
    }
    let code = decision.outcome.text("code").unwrap_or("denied");
    let message = match decision.reasons.first() {
        Some(reason) => format!("a rule of your organization refused this: {reason}"),
        None => format!("a rule of your organization refused this: {code}"),
    };
    let refused = Error::refused(Code::DeniedByRule, message);
    Some(
        refused
            .with("rule", decision.hook.as_str())
            .with("reason", code)
            .with("reasons", decision.reasons.clone()),
    )
}

impl Judged {
    /// Takes over what a decision flags, asks for and sends to review.
    pub(super) fn heed(&mut self, decision: &Decision) {
        self.flags.extend(decision.flags.iter().cloned());
        self.flags
            .extend(decision.asks.iter().map(|what| format!("asked_for_{what}")));
        self.needs_review |= decision.needs_review;
    }
}

/// The facts no rule can hide.
pub(super) fn collect(judged: &mut Judged, known: &Known<'_>, fix: Option<Fix>) {
    if known.mock_location {
        judged.flags.push("mock_location".to_owned());
    }
    if known.time.captured_offline() {
        judged.flags.push("captured_offline".to_owned());
    }
    if fix.is_none() && judged.fence.verdict == Verdict::Uncertain {
        judged.flags.push("location_missing".to_owned());
    }
    let mut seen = std::collections::HashSet::new();
    judged.flags.retain(|flag| seen.insert(flag.clone()));
}
