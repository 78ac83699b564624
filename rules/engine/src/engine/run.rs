//! One evaluation: an engine of its own, a budget, a deadline, and a guard against our own panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rhai::{CallFnOptions, Dynamic, EvalAltResult, Scope};

use super::probe;
use super::translate::{innermost, translate};
use super::views::{FactsView, SettingsView, Trace};
use crate::compiled::Script;
use crate::hook::{Hook, OutcomeSpec};
use crate::verdict::Verdict;
use crate::{Problem, Record, Status};

/// Looking at the clock for every operation would double the cost of a rule.
const OPERATIONS_BETWEEN_LOOKS: u64 = 64;

/// What one layer did.
pub(crate) struct Run {
    pub(crate) result: Result<Verdict, (Status, Problem)>,
    pub(crate) operations: u64,
}

/// What a rule is run on.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) facts: Arc<Record>,
    pub(crate) settings: Arc<Record>,
    pub(crate) trace: Arc<Trace>,
}

/// Runs the hook's function of a script, and nothing else of the file.
pub(crate) fn run(script: &Script, hook: &'static Hook, input: &Input) -> Run {
    let operations = Arc::new(AtomicU64::new(0));
    let called = catch_unwind(AssertUnwindSafe(|| call(script, hook, input, &operations)));
    let result = match called {
        Ok(Ok(answer)) => answer_of(answer, script, hook),
        Ok(Err(error)) => Err((status_of(&error), translate(&error, script, hook))),
        Err(_) => Err((
            Status::Incident,
            script.problem("the rules engine failed; this is our mistake"),
        )),
    };
    Run {
        result,
        operations: operations.load(Ordering::Relaxed),
    }
}

fn call(
    script: &Script,
    hook: &'static Hook,
    input: &Input,
    operations: &Arc<AtomicU64>,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut engine = super::runner(hook);
    input.trace.begin();
    if script.is_traced {
        probe::attach(&mut engine, hook, &input.trace);
    }
    let deadline = Instant::now() + Duration::from_millis(hook.budget.wall_milliseconds);
    let counter = Arc::clone(operations);
    engine.on_progress(move |count| {
        counter.store(count, Ordering::Relaxed);
        let look = count % OPERATIONS_BETWEEN_LOOKS == 0;
        (look && Instant::now() > deadline).then_some(Dynamic::UNIT)
    });
    let facts = FactsView::new(
        Arc::clone(&input.facts),
        Arc::clone(&input.trace),
        &script.subject,
        hook.facts,
    );
    let settings = SettingsView::new(Arc::clone(&input.settings), Arc::clone(&input.trace));
    // The default would run the whole file body before the function.
    let options = CallFnOptions::default().eval_ast(false);
    engine.call_fn_with_options::<Dynamic>(
        options,
        &mut Scope::new(),
        &script.ast,
        hook.function(),
        (facts, settings),
    )
}

/// A rule must return an outcome; falling off the end returns nothing.
fn answer_of(
    answer: Dynamic,
    script: &Script,
    hook: &'static Hook,
) -> Result<Verdict, (Status, Problem)> {
    let kind = super::compare::kind_of(&answer);
    let was_nothing = answer.is_unit();
    answer.try_cast::<Verdict>().ok_or_else(|| {
        let mut problem = if was_nothing {
            script.problem("this rule gave no answer")
        } else {
            script.problem(format!(
                "this rule answered with {kind}, not with an outcome"
            ))
        };
        let outcomes: Vec<String> = hook.outcomes.iter().map(OutcomeSpec::usage).collect();
        problem.hint = Some(format!(
            "end every path with one of {}",
            outcomes.join(", ")
        ));
        (Status::Error, problem)
    })
}

fn status_of(error: &EvalAltResult) -> Status {
    match innermost(error).0 {
        EvalAltResult::ErrorTooManyOperations(_) => Status::Budget,
        EvalAltResult::ErrorTerminated(..) => Status::Incident,
        _ => Status::Error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rulebook, hooks, registry};

    #[test]
    fn a_panic_of_ours_is_an_incident_and_the_engine_goes_on() {
        let source = "fn lateness(c, s) { if boom() { on_time() } else { excused() } }";
        let hook = registry::hook(hooks::LATENESS);
        let script = hook.and_then(|hook| Script::compile(hook, source, None).ok());
        let (Some(hook), Some(script)) = (hook, script) else {
            panic!("the rule did not compile")
        };
        let input = Input {
            facts: Arc::new(hook.sample()),
            settings: Arc::default(),
            trace: Arc::default(),
        };
        for _ in 0..2 {
            let ran = run(&script, hook, &input);
            assert!(matches!(ran.result, Err((Status::Incident, _))));
        }
        let decision = Rulebook::embedded().decide("acme", hooks::LATENESS, hook.sample());
        assert_eq!(decision.status, Status::Ok);
    }
}
