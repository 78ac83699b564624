//! The closing of a session: what the rules may know about it, and what they make of it.

use zamu_rules::{Decision, Record, Value, hooks};

use super::facts::{self, Known};
use super::judge::{self, Judged};
use super::model::{Device, Direction, Leaving, Punch, Required, WorkSession};
use crate::kernel::geo::{Fix, Judgement, Verdict};
use crate::kernel::time::minutes_between;
use crate::rules::force::InForce;
use crate::schedules::model::Shift;

/// What is known of a session that is being closed.
pub struct Closing<'a> {
    pub session: &'a WorkSession,
    /// Its punches so far, oldest first.
    pub punches: &'a [Punch],
    pub device: &'a Device,
    pub fence: Judgement,
    /// Whether somebody wrote something, with the punch or as a note.
    pub has_note: bool,
    /// From the end of the session before to the start of this one, where both places are known.
    pub travel: Option<Travel>,
}

/// The way from one session to the next.
#[derive(Debug, Clone, Copy)]
pub struct Travel {
    pub distance_m: f64,
    pub minutes: i64,
}

impl Travel {
    /// Nothing where one of the places is not known.
    pub fn between(from: &Punch, to: &Punch) -> Option<Self> {
        let (start, end) = (from.fix?.point, to.fix?.point);
        Some(Self {
            distance_m: start.distance_m(end),
            minutes: minutes_between(from.time.occurred_at, to.time.occurred_at),
        })
    }
}

impl Closing<'_> {
    fn minutes(&self, known: &Known<'_>) -> i64 {
        minutes_between(self.session.clocked_in_at, known.time.occurred_at)
    }

    fn punches_judged(&self, verdict: Verdict) -> i64 {
        let ends = [self.session.fence_in, self.fence];
        let count = ends.iter().filter(|fence| fence.verdict == verdict).count();
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// How often one punch came from another device than the one before.
    fn device_changes(&self) -> i64 {
        let models: Vec<&str> = self
            .punches
            .iter()
            .map(|punch| &punch.device)
            .chain([self.device])
            .filter_map(|device| device.model.as_deref())
            .collect();
        let changes = models.windows(2).filter(|pair| pair.first() != pair.last());
        i64::try_from(changes.count()).unwrap_or(i64::MAX)
    }
}

fn clock_out_facts(known: &Known<'_>, closing: &Closing<'_>, accuracy_m: Option<f64>) -> Record {
    let since_capture = minutes_between(known.time.occurred_at, known.time.received_at);
    facts::record([
        (
            "session",
            [
                ("minutes", closing.minutes(known).into()),
                // Visits have no tasks yet.
                ("tasks_done", 0.into()),
                ("tasks_left", 0.into()),
                ("has_note", closing.has_note.into()),
            ]
            .into(),
        ),
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

fn early_leave_facts(known: &Known<'_>, shift: &Shift) -> Record {
    let at = known.time.occurred_at;
    facts::record([
        ("minutes_early", minutes_between(at, shift.ends_at).into()),
        // Always no: there is no way yet to approve leaving early.
        ("leave_was_approved", false.into()),
        ("tasks_left", 0.into()),
        ("shift", facts::judged_shift(shift)),
        ("person", facts::person(known)),
        ("now", facts::moment(at, known.zone)),
    ])
}

fn review_facts(known: &Known<'_>, closing: &Closing<'_>) -> Record {
    let mocked = closing
        .punches
        .iter()
        .any(|punch| punch.device.mock_location);
    let travel = |travel: Travel| -> Value {
        [
            ("distance_m", facts::whole(travel.distance_m).into()),
            ("minutes", travel.minutes.into()),
        ]
        .into()
    };
    facts::record([
        ("worked_minutes", closing.minutes(known).into()),
        ("mock_location", (mocked || known.mock_location).into()),
        (
            "outside_punches",
            closing.punches_judged(Verdict::Outside).into(),
        ),
        (
            "uncertain_punches",
            closing.punches_judged(Verdict::Uncertain).into(),
        ),
        ("device_changes", closing.device_changes().into()),
        // Sessions cannot be edited yet.
        ("edits", 0.into()),
        ("edited_after_close", false.into()),
        ("travel", closing.travel.map(travel).unwrap_or_default()),
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
        ("worked_minutes", closing.minutes(known).into()),
        ("has_note", closing.has_note.into()),
        ("person", facts::person(known)),
        ("now", facts::moment(known.time.occurred_at, known.zone)),
    ])
}

/// What the rules made of a closing session.
pub struct Closed {
    pub judged: Judged,
    pub leaving: Option<(Leaving, i64)>,
    pub required: Vec<Required>,
}

/// Where it was, whether it is allowed, whether it is early, what a person should look at, and what is still to be
/// handed in.
pub fn judge(
    rules: &mut InForce,
    known: &Known<'_>,
    closing: &mut Closing<'_>,
    fix: Option<Fix>,
) -> Closed {
    let geofence = rules.ask(hooks::GEOFENCE, facts::geofence(known, Direction::Out));
    closing.fence = judge::fence(&geofence, known, fix);
    let accuracy_m = fix.map(|fix| fix.accuracy_m);
    let allowed = rules.ask(
        hooks::CLOCK_OUT,
        clock_out_facts(known, closing, accuracy_m),
    );
    let mut judged = Judged {
        fence: closing.fence,
        lateness: None,
        flags: Vec::new(),
        needs_review: false,
        refusal: judge::refusal(&allowed),
    };
    judged.heed(&geofence);
    judged.heed(&allowed);
    if judged.refusal.is_some() {
        return Closed {
            judged,
            leaving: None,
            required: Vec::new(),
        };
    }
    let leaving = known.shift.and_then(|shift| {
        let decision = rules.ask(hooks::EARLY_LEAVE, early_leave_facts(known, shift));
        judged.heed(&decision);
        left(&decision)
    });
    let review = rules.ask(hooks::REVIEW, review_facts(known, closing));
    judged.heed(&review);
    for item in items(&review, "flags") {
        judged.flags.extend(text(item, "code"));
        judged.needs_review |= text(item, "severity").is_some_and(|severity| severity != "low");
    }
    judge::collect(&mut judged, known, fix);
    let flags: Vec<String> = closing
        .session
        .flags
        .iter()
        .chain(&judged.flags)
        .cloned()
        .collect();
    let asked = rules.ask(
        hooks::REQUIRED_NOTES,
        required_facts(known, closing, &flags),
    );
    judged.heed(&asked);
    let required = items(&asked, "required").filter_map(|item| {
        Some(Required {
            what: text(item, "kind")?,
            prompt: text(item, "prompt")?,
        })
    });
    Closed {
        required: required.collect(),
        judged,
        leaving,
    }
}

fn left(decision: &Decision) -> Option<(Leaving, i64)> {
    let leaving = Leaving::from_outcome(&decision.outcome.name)?;
    Some((leaving, decision.outcome.whole("minutes").unwrap_or(0)))
}

/// The records of a list of the answer.
fn items<'a>(decision: &'a Decision, list: &str) -> impl Iterator<Item = &'a Record> {
    let items = match decision.outcome.values.get(list) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    items.iter().filter_map(Value::as_record)
}

fn text(item: &Record, field: &str) -> Option<String> {
    item.get(field)?.as_text().map(str::to_owned)
}
