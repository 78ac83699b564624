//! Asks the rules about a punch and turns their outcomes into verdicts, flags and refusals. The rules judge; what
//! must hold whatever they say (the verdict's geometry, one open session) is decided in Rust.

use zamu_rules::{Decision, Record, Value, hooks};

use super::case::Case;
use super::claims::Claim;
use super::facts::{self, Known};
use super::model::{Direction, Lateness, WorkSession};
use crate::kernel::error::{Code, Error};
use crate::kernel::geo::{Judgement, Verdict};
use crate::rules::force::InForce;
use crate::schedules::model::Shift;

/// What a rule would have refused, had it been asked in time: followed by the rule's own code.
pub const DENIED: &str = "denied_by_rule:";

/// What the rules said about a punch.
pub struct Judged {
    pub fence: Judgement,
    pub lateness: Option<(Lateness, i64)>,
    pub flags: Vec<String>,
    pub needs_review: bool,
    pub refusal: Option<Error>,
}

impl Judged {
    pub(super) fn new(fence: Judgement, allowed: &Decision) -> Self {
        Self {
            fence,
            lateness: None,
            flags: Vec::new(),
            needs_review: false,
            refusal: refusal(allowed),
        }
    }
}

/// Before anything was said.
pub fn nothing() -> Judged {
    Judged {
        fence: Judgement::NONE,
        lateness: None,
        flags: Vec::new(),
        needs_review: false,
        refusal: None,
    }
}

/// Whether a denial is the end of it. A claim that is already there cannot be refused: then it is a flag, and the rest
/// is judged all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    Refuses,
    Flags,
}

/// Geofence, then whether the clock-in is allowed, then lateness where a shift was planned and this is its first.
pub fn clock_in(
    rules: &mut InForce,
    case: &Case<'_>,
    claim: &Claim,
    service: Option<&str>,
    denial: Denial,
) -> Judged {
    let known = &case.known(claim, service);
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Direction::In));
    let fix = claim.punch.fix;
    let fence = fence(&geofence, known, claim);
    let accuracy_m = fix.map(|fix| fix.accuracy_m);
    let allowed = rules.ask(hooks::CLOCK_IN, facts::clock_in(known, fence, accuracy_m));
    let mut judged = Judged::new(fence, &allowed);
    judged.heed(&geofence);
    judged.heed(&allowed);
    if judged.denied(denial) {
        return judged;
    }
    if let Some(shift) = known.shift.filter(|_| case.is_first) {
        let lateness = rules.ask(
            hooks::LATENESS,
            facts::lateness(known, shift, case.delay_was_approved),
        );
        judged.lateness = late(&lateness, shift, known);
        judged.heed(&lateness);
    }
    judged.collect(known, claim);
    judged
}

/// Whether the break may begin; its flags stay with it.
pub fn break_start(
    rules: &mut InForce,
    case: &Case<'_>,
    claim: &Claim,
    session: &WorkSession,
    index: usize,
) -> Judged {
    let known = &case.known(claim, session.service.as_deref());
    let so_far = session.breaks.get(..index).unwrap_or_default();
    let kind = session
        .breaks
        .get(index)
        .map_or(super::fold::BREAK, |pause| pause.kind.as_str());
    let before = WorkSession {
        breaks: so_far.to_vec(),
        ..session.clone()
    };
    let worked = super::hours::worked_minutes(&before, claim.at);
    let allowed = rules.ask(
        hooks::BREAK_START,
        facts::break_start(known, kind, so_far, worked),
    );
    let mut judged = Judged::new(Judgement::NONE, &allowed);
    judged.heed(&allowed);
    judged
}

/// Where it was. Whoever enters a punch for somebody else was not there, and the timetable was nowhere.
pub(super) fn fence(decision: &Decision, known: &Known<'_>, claim: &Claim) -> Judgement {
    let fix = claim.punch.fix;
    if decision.outcome.name == "no_fence" || (fix.is_none() && !claim.punch.source.is_phone()) {
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

    /// Whether judging ends here; a denial that cannot refuse any more becomes a flag.
    pub(super) fn denied(&mut self, denial: Denial) -> bool {
        if denial == Denial::Refuses {
            return self.refusal.is_some();
        }
        if let Some(refusal) = self.refusal.take() {
            let code = refusal.details.get("reason").and_then(|code| code.as_str());
            self.flags
                .push(format!("{DENIED}{}", code.unwrap_or("denied")));
            self.needs_review = true;
        }
        false
    }

    /// The facts no rule can hide.
    pub(super) fn collect(&mut self, known: &Known<'_>, claim: &Claim) {
        if known.mock_location {
            self.flags.push("mock_location".to_owned());
        }
        if known.time.captured_offline() {
            self.flags.push("captured_offline".to_owned());
        }
        if claim.punch.fix.is_none() && self.fence.verdict == Verdict::Uncertain {
            self.flags.push("location_missing".to_owned());
        }
        let mut seen = std::collections::HashSet::new();
        self.flags.retain(|flag| seen.insert(flag.clone()));
    }
}

/// The records of a list of the answer.
pub(super) fn items<'a>(decision: &'a Decision, list: &str) -> impl Iterator<Item = &'a Record> {
    let items = match decision.outcome.values.get(list) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(Value::as_record)
}

pub(super) fn text(item: &Record, field: &str) -> Option<String> {
    item.get(field)?.as_text().map(str::to_owned)
}
