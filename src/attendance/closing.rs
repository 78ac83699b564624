//! The closing of a session: what the rules may know about it, and what they make of it.

use zamu_rules::{Decision, Record, Value, hooks};

use super::case::{self, Case};
use super::claims::Claim;
use super::facts::{self, Known};
use super::hours;
use super::judge::{self, Denial, Judged, items, text};
use super::model::{Direction, Leaving, Required, Source, WorkSession};
use crate::kernel::error::Error;
use crate::kernel::geo::{Judgement, Verdict};
use crate::rules::force::InForce;
use crate::schedules::model::Shift;

/// A session whose end is being judged.
struct Closing<'a> {
    case: &'a Case<'a>,
    session: &'a WorkSession,
    claim: &'a Claim,
    fence: Judgement,
    has_note: bool,
}

impl Closing<'_> {
    fn minutes(&self) -> i64 {
        hours::worked_minutes(self.session, self.claim.at)
    }

    fn punches_judged(&self, verdict: Verdict) -> i64 {
        let ends = [self.session.fence_in, self.fence];
        let count = ends.iter().filter(|fence| fence.verdict == verdict).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// How often one punch came from another device than the one before.
    fn device_changes(&self) -> i64 {
        let claims = self.case.claims.iter();
        let models: Vec<&str> = claims
            .filter_map(|claim| claim.punch.device.model.as_deref())
            .collect();
        let changes = models.windows(2).filter(|pair| pair.first() != pair.last());
        i64::try_from(changes.count()).unwrap_or(i64::MAX)
    }
}

fn clock_out_facts(known: &Known<'_>, closing: &Closing<'_>) -> Record {
    let accuracy_m = closing.claim.punch.fix.map(|fix| fix.accuracy_m);
    let since_capture =
        crate::kernel::time::minutes_between(known.time.occurred_at, known.time.received_at);
    let (done, left) = case::tally(&closing.session.tasks);
    let session = [
        ("minutes", closing.minutes().into()),
        ("tasks_done", done.into()),
        ("tasks_left", left.into()),
        ("has_note", closing.has_note.into()),
    ];
    facts::record([
        ("session", session.into()),
        ("fence", facts::fence(closing.fence, accuracy_m)),
        ("place", facts::place(known.place)),
        ("person", facts::person(known)),
        ("service", facts::service(known.service)),
        ("captured_offline", known.time.captured_offline().into()),
        ("minutes_since_capture", since_capture.into()),
        ("mock_location", known.mock_location.into()),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

fn early_leave_facts(known: &Known<'_>, closing: &Closing<'_>, shift: &Shift) -> Record {
    let at = known.time.occurred_at;
    let (_, left) = case::tally(&closing.session.tasks);
    facts::record([
        (
            "minutes_early",
            crate::kernel::time::minutes_between(at, shift.ends_at).into(),
        ),
        ("leave_was_approved", closing.case.leave_was_approved.into()),
        ("tasks_left", left.into()),
        ("shift", facts::judged_shift(shift)),
        ("person", facts::person(known)),
        ("now", facts::moment(at, known.zone)),
    ])
}

fn review_facts(known: &Known<'_>, closing: &Closing<'_>) -> Record {
    let case = closing.case;
    let mocked = case
        .claims
        .iter()
        .any(|claim| claim.punch.device.mock_location);
    let travel = |travel: case::Travel| -> Value {
        let distance_m = facts::whole(travel.distance_m);
        [
            ("distance_m", distance_m.into()),
            ("minutes", travel.minutes.into()),
        ]
        .into()
    };
    facts::record([
        ("worked_minutes", closing.minutes().into()),
        ("mock_location", mocked.into()),
        (
            "outside_punches",
            closing.punches_judged(Verdict::Outside).into(),
        ),
        (
            "uncertain_punches",
            closing.punches_judged(Verdict::Uncertain).into(),
        ),
        ("device_changes", closing.device_changes().into()),
        ("edits", case.edits.into()),
        ("edited_after_close", case.edited_after_close.into()),
        ("travel", case.travel.map(travel).unwrap_or_default()),
        ("person", facts::person(known)),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

fn required_facts(known: &Known<'_>, closing: &Closing<'_>, flags: &[String]) -> Record {
    let is_visit = closing.session.client_id.is_some();
    facts::record([
        ("kind", if is_visit { "visit" } else { "session" }.into()),
        ("service", facts::service(known.service)),
        ("flags", flags.to_vec().into()),
        ("worked_minutes", closing.minutes().into()),
        ("has_note", closing.has_note.into()),
        ("person", facts::person(known)),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

/// Judges the end of a session and writes into it what the rules made of it: where it was, whether it is allowed, whether
/// it is early, what its time counts as, what a person should look at, and what is still to be handed in. Answers the
/// refusal, if a denial refuses.
pub fn judge(
    rules: &mut InForce,
    case: &Case<'_>,
    claim: &Claim,
    session: &mut WorkSession,
    denial: Denial,
) -> Result<(), Error> {
    let service = session.service.clone();
    let known = &case.known(claim, service.as_deref());
    let before = session.clone();
    let mut closing = Closing {
        case,
        session: &before,
        claim,
        fence: Judgement::NONE,
        has_note: case.has_note || claim.punch.remark.is_some(),
    };
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Direction::Out));
    closing.fence = judge::fence(&geofence, known, claim);
    let allowed = rules.ask(hooks::CLOCK_OUT, clock_out_facts(known, &closing));
    let mut judged = Judged::new(closing.fence, &allowed);
    judged.heed(&geofence);
    judged.heed(&allowed);
    if judged.denied(denial)
        && let Some(refusal) = judged.refusal.take()
    {
        return Err(refusal);
    }
    if claim.punch.source != Source::Automatic {
        session.left(leave(rules, &closing, known, &mut judged));
    }
    session.hours = hours::work_out(rules, case, known, session, &mut judged);
    review(rules, &closing, known, &mut judged);
    judged.collect(known, claim);
    let flags: Vec<String> = before.flags.iter().chain(&judged.flags).cloned().collect();
    let asked = rules.ask(
        hooks::REQUIRED_NOTES,
        required_facts(known, &closing, &flags),
    );
    judged.heed(&asked);
    session.required = required(&asked);
    session.fence_out = Some(judged.fence);
    session.add_flags(judged.flags);
    session.needs_review |= judged.needs_review;
    Ok(())
}

fn leave(
    rules: &mut InForce,
    closing: &Closing<'_>,
    known: &Known<'_>,
    judged: &mut Judged,
) -> Option<(Leaving, i64)> {
    let shift = known.shift.filter(|_| closing.case.is_last)?;
    let decision = rules.ask(hooks::EARLY_LEAVE, early_leave_facts(known, closing, shift));
    judged.heed(&decision);
    let leaving = Leaving::from_outcome(&decision.outcome.name)?;
    Some((leaving, decision.outcome.whole("minutes").unwrap_or(0)))
}

fn review(rules: &mut InForce, closing: &Closing<'_>, known: &Known<'_>, judged: &mut Judged) {
    let review = rules.ask(hooks::REVIEW, review_facts(known, closing));
    judged.heed(&review);
    for item in items(&review, "flags") {
        judged.flags.extend(text(item, "code"));
        judged.needs_review |= text(item, "severity").is_some_and(|severity| severity != "low");
    }
}

fn required(asked: &Decision) -> Vec<Required> {
    let required = items(asked, "required").filter_map(|item| {
        Some(Required {
            what: text(item, "kind")?,
            prompt: text(item, "prompt")?,
        })
    });
    required.collect()
}
