//! Asks the rules about a check-in: the same questions that judge a punch. The rules judge; the geometry of the verdict,
//! the window and the roster are decided in Rust.

use zamu_rules::{Decision, hooks};

use super::facts::{self, Known, Way};
use super::record::Status;
use crate::kernel::error::{Code, Error};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::rules::force::InForce;

/// What the rules said about a check-in.
pub struct Judged {
    pub fence: Judgement,
    pub status: Status,
    pub minutes_late: i32,
    pub flags: Vec<String>,
    pub needs_review: bool,
    pub refusal: Option<Error>,
}

/// Where it was, whether it is allowed, and whether it is late.
pub fn check_in(rules: &mut InForce, known: &Known<'_>, fix: Option<Fix>) -> Judged {
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Way::In));
    let fence = fence(&geofence, known, fix);
    let accuracy_m = fix.map(|fix| fix.accuracy_m);
    let allowed = rules.ask(hooks::CLOCK_IN, facts::clock_in(known, fence, accuracy_m));
    let mut judged = Judged {
        fence,
        refusal: refusal(&allowed),
        ..unjudged()
    };
    judged.heed(&geofence);
    judged.heed(&allowed);
    if judged.refusal.is_none() {
        judged.lateness(rules, known);
    }
    judged.collect(known, fix);
    judged
}

/// Whether it is late, for somebody whom staff let in.
pub fn let_in(rules: &mut InForce, known: &Known<'_>) -> Judged {
    let mut judged = unjudged();
    judged.lateness(rules, known);
    judged
}

/// Where somebody left. Nothing about it ever refuses.
pub fn check_out(rules: &mut InForce, known: &Known<'_>, fix: Option<Fix>) -> Judged {
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Way::Out));
    let mut judged = Judged {
        fence: fence(&geofence, known, fix),
        ..unjudged()
    };
    judged.heed(&geofence);
    judged.collect(known, fix);
    judged
}

fn unjudged() -> Judged {
    Judged {
        fence: Judgement::NONE,
        status: Status::Present,
        minutes_late: 0,
        flags: Vec::new(),
        needs_review: false,
        refusal: None,
    }
}

fn fence(decision: &Decision, known: &Known<'_>, fix: Option<Fix>) -> Judgement {
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

fn refusal(decision: &Decision) -> Option<Error> {
    if decision.outcome.name != "deny" {
        return None;
    }
    let code = decision.outcome.text("code").unwrap_or("denied");
    let why = decision.reasons.first().map_or(code, String::as_str);
    let message = format!("a rule of your organization refused this: {why}");
    Some(
        Error::refused(Code::DeniedByRule, message)
            .with("rule", decision.hook.as_str())
            .with("reason", code)
            .with("reasons", decision.reasons.clone()),
    )
}

impl Judged {
    /// The event's own minutes decide alone; where it has none, the organization's rule does.
    fn lateness(&mut self, rules: &mut InForce, known: &Known<'_>) {
        let measured = facts::minutes_late(known.gathering, known.time.occurred_at);
        let (is_late, minutes) = if let Some(after) = known.gathering.window.late_after_minutes {
            (measured > after.into(), measured)
        } else {
            let decision = rules.ask(hooks::LATENESS, facts::lateness(known));
            self.heed(&decision);
            let minutes = decision.outcome.whole("minutes").unwrap_or(measured);
            let is_late = matches!(decision.outcome.name.as_str(), "late" | "very_late");
            (is_late, minutes)
        };
        if is_late {
            self.status = Status::Late;
            self.minutes_late = i32::try_from(minutes.max(0)).unwrap_or(i32::MAX);
        }
    }

    /// Takes over what a decision flags, asks for and sends to review.
    fn heed(&mut self, decision: &Decision) {
        self.flags.extend(decision.flags.iter().cloned());
        self.flags
            .extend(decision.asks.iter().map(|what| format!("asked_for_{what}")));
        self.needs_review |= decision.needs_review;
    }

    /// The facts no rule can hide.
    fn collect(&mut self, known: &Known<'_>, fix: Option<Fix>) {
        let facts = [
            ("mock_location", known.mock_location),
            ("captured_offline", known.time.captured_offline()),
            (
                "location_missing",
                fix.is_none() && self.fence.verdict == Verdict::Uncertain,
            ),
        ];
        let held = facts.into_iter().filter(|(_, holds)| *holds);
        self.flags.extend(held.map(|(flag, _)| flag.to_owned()));
    }
}
