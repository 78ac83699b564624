//! How the layers of one hook become one decision.

use std::sync::Arc;
use std::time::Instant;

use super::Permits;
use crate::compiled::Script;
use crate::engine::run::{Input, run};
use crate::engine::views::{Step, Trace};
use crate::hook::{Combine, FailurePolicy, Hook};
use crate::settings::Dated;
use crate::verdict::{Notes, Verdict};
use crate::{Decision, LayerStep, Problem, Record, Status, Value, facts};

/// The flag every answer of a failure policy carries.
const RULE_FAILED: &str = "rule_failed";

/// One script of the chain, most specific first.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// `organization`, `pack:ke-labour`, `default`.
    pub(crate) name: Arc<str>,
    pub(crate) script: Arc<Script>,
    /// What a pack may see and answer; nothing for a layer that may do everything.
    pub(crate) permits: Option<Arc<Permits>>,
}

/// Everything a decision of one hook of one organization depends on.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) hook: &'static Hook,
    pub(crate) layers: Vec<Layer>,
    pub(crate) settings: Dated,
}

/// What the layers came to.
struct Answered {
    status: Status,
    verdict: Verdict,
    problem: Option<Problem>,
}

/// Decides. Whatever the scripts do, there is an answer.
pub(crate) fn decide(plan: &Plan, release: &str, given: Record, scopes: &[String]) -> Decision {
    judge(plan, release, given, scopes, None).0
}

/// The failure policy answers without any rule being asked, and the status says why.
pub(crate) fn decide_unasked(
    plan: &Plan,
    release: &str,
    given: Record,
    scopes: &[String],
    status: Status,
) -> Decision {
    judge(plan, release, given, scopes, Some(status)).0
}

/// Decides, with the lines that ran where the scripts of the plan are instrumented.
pub(crate) fn decide_traced(
    plan: &Plan,
    release: &str,
    given: Record,
    scopes: &[String],
) -> (Decision, Vec<Step>) {
    judge(plan, release, given, scopes, None)
}

fn judge(
    plan: &Plan,
    release: &str,
    mut given: Record,
    scopes: &[String],
    refused: Option<Status>,
) -> (Decision, Vec<Step>) {
    let started = Instant::now();
    let day = match given.get("now") {
        Some(Value::Moment(now)) => Some(now.day_of_calendar()),
        _ => None,
    };
    let hook = plan.hook;
    let beyond = facts::bound(&mut given).err();
    let incomplete = facts::prepare(&mut given, hook.facts, "").err().or(beyond);
    let trace = Arc::new(Trace::default());
    let input = Input {
        facts: Arc::new(given),
        settings: plan.settings.at(day, scopes),
        trace: Arc::clone(&trace),
    };
    let mut steps = Vec::with_capacity(plan.layers.len());
    let mut operations = 0;

    let answered = match (incomplete, refused) {
        (None, Some(status)) => failed(plan, &input, status, None, &mut steps),
        (Some(message), _) => {
            let problem = Problem {
                message,
                ..Problem::default()
            };
            failed(plan, &input, Status::Defaulted, Some(problem), &mut steps)
        }
        (None, None) => ask(plan, &input, &mut steps, &mut operations),
    };
    let mut verdict = answered.verdict;
    if let Some(change) = (hook.invariant)(&mut verdict, &input.facts) {
        steps.push(step("platform", "", Some(verdict.name)));
        verdict.notes.reasons.push(change);
    }
    let (outcome, notes) = verdict.into_outcome();
    let (read, lines) = trace.take();
    let decision = Decision {
        hook: hook.name.to_owned(),
        contract: hook.contract,
        release: release.to_owned(),
        status: answered.status,
        outcome,
        reasons: notes.reasons,
        flags: notes.flags,
        asks: notes.asks,
        tells: notes.tells,
        needs_review: notes.needs_review,
        read,
        layers: steps,
        facts: Arc::unwrap_or_clone(input.facts),
        scopes: scopes.to_vec(),
        operations,
        duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        problem: answered.problem,
    };
    (decision, lines)
}

/// Asks the layers, most specific first.
fn ask(plan: &Plan, input: &Input, steps: &mut Vec<LayerStep>, operations: &mut u64) -> Answered {
    let mut passed = Notes::default();
    let mut inherited = false;
    let mut combined: Option<Verdict> = None;

    for layer in &plan.layers {
        let run = run(&layer.script, plan.hook, layer.permits.as_ref(), input);
        *operations += run.operations;
        let mut verdict = match run.result {
            Ok(verdict) => verdict,
            Err((status, problem)) => {
                steps.push(step(&layer.name, &layer.script.digest, None));
                return failed(plan, input, status, Some(problem), steps);
            }
        };
        if verdict.is_inherit() {
            steps.push(step(&layer.name, &layer.script.digest, None));
            passed.absorb(verdict.notes);
            inherited = true;
            continue;
        }
        steps.push(step(&layer.name, &layer.script.digest, Some(verdict.name)));
        if plan.hook.combine == Combine::First {
            passed.absorb(std::mem::take(&mut verdict.notes));
            verdict.notes = passed;
            return answered(inherited, verdict);
        }
        combined = Some(match combined.take() {
            None => verdict,
            Some(upper) => combine(plan.hook, upper, verdict),
        });
    }
    let has_answer = combined.is_some();
    let mut verdict = combined.unwrap_or_else(|| {
        // Every script passed the question on, or there is none: the twin is the last layer.
        let verdict = (plan.hook.built_in)(&input.facts, &input.settings);
        steps.push(step("built-in", "", Some(verdict.name)));
        verdict
    });
    passed.absorb(std::mem::take(&mut verdict.notes));
    verdict.notes = passed;
    if has_answer || inherited {
        return answered(inherited, verdict);
    }
    Answered {
        status: Status::Defaulted,
        verdict,
        problem: None,
    }
}

fn answered(inherited: bool, verdict: Verdict) -> Answered {
    let status = if inherited {
        Status::Inherited
    } else {
        Status::Ok
    };
    Answered {
        status,
        verdict,
        problem: None,
    }
}

/// Two answers as one, carrying the notes of both; the more specific one names it on a tie.
fn combine(hook: &Hook, mut upper: Verdict, mut lower: Verdict) -> Verdict {
    let weight = |verdict: &Verdict| {
        let rank = hook.outcome(verdict.name).map_or(0, |spec| spec.rank);
        match hook.combine {
            Combine::Strictest => verdict.strictness(rank),
            Combine::First | Combine::All | Combine::Worst => rank,
        }
    };
    let lower_wins = weight(&lower) > weight(&upper);
    let mut notes = std::mem::take(&mut upper.notes);
    notes.absorb(std::mem::take(&mut lower.notes));
    let (mut winner, other) = if lower_wins {
        (lower, upper)
    } else {
        (upper, lower)
    };
    if hook.combine == Combine::All {
        winner.join(other.values);
    }
    winner.notes = notes;
    winner
}

/// The failure policy answers. It belongs to the platform; no script can change it.
fn failed(
    plan: &Plan,
    input: &Input,
    status: Status,
    problem: Option<Problem>,
    steps: &mut Vec<LayerStep>,
) -> Answered {
    let hook = plan.hook;
    let mut verdict = match hook.failure {
        FailurePolicy::Default => (hook.built_in)(&input.facts, &input.settings),
        FailurePolicy::Open => {
            let mut verdict =
                Verdict::new(hook.outcomes.first().map_or("allow", |first| first.name));
            verdict.notes.needs_review = true;
            verdict
        }
        FailurePolicy::Hold => {
            let mut verdict = Verdict::new("hold").because("the rule failed, so a person decides");
            verdict.notes.needs_review = true;
            verdict
        }
        FailurePolicy::Floor => {
            (hook.built_in)(&input.facts, &input.settings).tell("clinical_lead")
        }
        FailurePolicy::Skip => Verdict::new("skipped"),
        FailurePolicy::Closed => {
            Verdict::new("reject").because("the rule that decides this failed")
        }
    };
    verdict.notes.flags.push(RULE_FAILED.to_owned());
    steps.push(step("built-in", "", Some(verdict.name)));
    Answered {
        status,
        verdict,
        problem,
    }
}

fn step(layer: &str, script: &str, outcome: Option<&str>) -> LayerStep {
    LayerStep {
        layer: layer.to_owned(),
        script: script.to_owned(),
        outcome: outcome.map(str::to_owned),
    }
}
