//! How the layers of one hook become one decision.

use std::sync::Arc;
use std::time::Instant;

use crate::compiled::Script;
use crate::engine::run::{Input, run};
use crate::engine::views::Trace;
use crate::hook::{Combine, FailurePolicy, Hook};
use crate::verdict::{Notes, Verdict};
use crate::{Decision, LayerStep, Outcome, Problem, Record, Status, facts};

/// The flag every answer of a failure policy carries.
const RULE_FAILED: &str = "rule_failed";

/// One script of the chain, most specific first.
#[derive(Clone, Debug)]
pub(crate) struct LayerScript {
    pub(crate) layer: &'static str,
    pub(crate) script: Arc<Script>,
}

/// Everything a decision of one hook of one organization depends on.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) hook: &'static Hook,
    pub(crate) layers: Vec<LayerScript>,
    pub(crate) settings: Arc<Record>,
}

/// What the layers came to.
struct Answered {
    status: Status,
    verdict: Verdict,
    problem: Option<Problem>,
}

/// Decides. Whatever the scripts do, there is an answer.
pub(crate) fn decide(plan: &Plan, release: &str, mut given: Record) -> Decision {
    let started = Instant::now();
    let hook = plan.hook;
    let incomplete = facts::prepare(&mut given, hook.facts, "").err();
    let trace = Arc::new(Trace::default());
    let input = Input {
        facts: Arc::new(given),
        settings: Arc::clone(&plan.settings),
        trace: Arc::clone(&trace),
    };
    let mut steps = Vec::with_capacity(plan.layers.len());
    let mut operations = 0;

    let answered = match incomplete {
        Some(message) => {
            let problem = Problem {
                message,
                ..Problem::default()
            };
            failed(plan, &input, Status::Defaulted, Some(problem), &mut steps)
        }
        None => ask(plan, &input, &mut steps, &mut operations),
    };
    let mut verdict = answered.verdict;
    if let Some(change) = (hook.invariant)(&mut verdict, &input.facts) {
        steps.push(step("platform", "", Some(verdict.name)));
        verdict.notes.reasons.push(change);
    }
    let (outcome, notes) = verdict.into_outcome();
    finish(
        hook,
        release,
        answered.status,
        outcome,
        notes,
        answered.problem,
        Traced {
            read: trace.take(),
            layers: steps,
            operations,
            duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        },
    )
}

struct Traced {
    read: Vec<crate::Read>,
    layers: Vec<LayerStep>,
    operations: u64,
    duration_us: u64,
}

fn finish(
    hook: &Hook,
    release: &str,
    status: Status,
    outcome: Outcome,
    notes: Notes,
    problem: Option<Problem>,
    traced: Traced,
) -> Decision {
    Decision {
        hook: hook.name.to_owned(),
        contract: hook.contract,
        release: release.to_owned(),
        status,
        outcome,
        reasons: notes.reasons,
        flags: notes.flags,
        asks: notes.asks,
        tells: notes.tells,
        needs_review: notes.needs_review,
        read: traced.read,
        layers: traced.layers,
        operations: traced.operations,
        duration_us: traced.duration_us,
        problem,
    }
}

/// Asks the layers, most specific first.
fn ask(plan: &Plan, input: &Input, steps: &mut Vec<LayerStep>, operations: &mut u64) -> Answered {
    let mut passed = Notes::default();
    let mut inherited = false;
    let mut strictest: Option<Verdict> = None;

    for layer in &plan.layers {
        let run = run(&layer.script, plan.hook, input);
        *operations += run.operations;
        let mut verdict = match run.result {
            Ok(verdict) => verdict,
            Err((status, problem)) => {
                steps.push(step(layer.layer, &layer.script.digest, None));
                return failed(plan, input, status, Some(problem), steps);
            }
        };
        if verdict.is_inherit() {
            steps.push(step(layer.layer, &layer.script.digest, None));
            passed.absorb(verdict.notes);
            inherited = true;
            continue;
        }
        steps.push(step(layer.layer, &layer.script.digest, Some(verdict.name)));
        if plan.hook.combine == Combine::First {
            passed.absorb(std::mem::take(&mut verdict.notes));
            verdict.notes = passed;
            return answered(inherited, verdict);
        }
        strictest = Some(match strictest.take() {
            None => verdict,
            Some(upper) => stricter(upper, verdict),
        });
    }
    let has_answer = strictest.is_some();
    let mut verdict = strictest.unwrap_or_else(|| {
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

/// The stricter of two answers, carrying the notes of both; the more specific one wins a tie.
fn stricter(mut upper: Verdict, mut lower: Verdict) -> Verdict {
    if lower.strictness() > upper.strictness() {
        let mut notes = std::mem::take(&mut upper.notes);
        notes.absorb(std::mem::take(&mut lower.notes));
        lower.notes = notes;
        return lower;
    }
    upper.notes.absorb(lower.notes);
    upper
}

/// The failure policy answers. It belongs to the platform; no script can change it.
fn failed(
    plan: &Plan,
    input: &Input,
    status: Status,
    problem: Option<Problem>,
    steps: &mut Vec<LayerStep>,
) -> Answered {
    let mut verdict = match plan.hook.failure {
        FailurePolicy::Default => (plan.hook.built_in)(&input.facts, &input.settings),
        FailurePolicy::Open => {
            let mut verdict = Verdict::new("allow");
            verdict.notes.needs_review = true;
            verdict
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
