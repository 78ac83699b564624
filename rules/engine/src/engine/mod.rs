//! The recipe: how an engine is built, and the only place that decides what a script can reach.
//!
//! A raw engine per call costs less than a microsecond, shares no lock and carries its own budget. The
//! standard packages are not used: they contain `sleep`, `exit`, `timestamp`, `parse_json` and text
//! functions that never end (`"a".pad(10, "")`), so everything a rule can call is listed in [`library`].

#![expect(
    clippy::unnecessary_box_returns,
    reason = "the engine passes its errors in a box; ours are the same ones"
)]

pub(crate) mod answers;
mod compare;
mod condition;
mod expect;
mod failure;
pub(crate) mod harness;
mod library;
pub(crate) mod lint;
mod limits;
pub(crate) mod probe;
mod register;
pub(crate) mod run;
mod slips;
pub(crate) mod source;
mod translate;
pub(crate) mod views;
pub(crate) mod words;

pub(crate) use condition::holds;
pub(crate) use failure::{HostError, Raised, host_error};
pub(crate) use slips::explain_parse_error;
pub(crate) use source::{normalise, unreadable_character};
pub(crate) use translate::locate_function;

use std::sync::{Arc, OnceLock};

use rhai::{Engine, Module, OptimizationLevel};

use crate::hook::Hook;

/// An engine that can run what [`compiler`] compiled. Compiling and running through one recipe matters:
/// most of the switches act while compiling only, so a tree compiled elsewhere would run unguarded.
pub(crate) fn runner(hook: &'static Hook) -> Engine {
    let mut engine = bare();
    engine.register_global_module(answers::module(hook));
    limits::apply(&mut engine, hook.budget);
    engine
}

/// The same engine with every word a rule must not use switched off.
pub(crate) fn compiler(hook: &'static Hook) -> Engine {
    let mut engine = runner(hook);
    words::disable(&mut engine);
    engine
}

/// Switches and library, without a hook: what setting checks and tests stand on.
pub(crate) fn bare() -> Engine {
    static LIBRARY: OnceLock<Arc<Module>> = OnceLock::new();
    let mut engine = Engine::new_raw();
    // The interner is the only lock engines of a process would share.
    engine.set_max_strings_interned(0);
    engine.register_global_module(Arc::clone(LIBRARY.get_or_init(library::module)));
    // Together with the catch-all comparisons of the library this makes `"5" > 3` an error, not "no".
    engine.set_fast_operators(false);
    // The optimiser would fold comparisons of literals before the strict ones see them, and bake
    // constants into the tree.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_allow_anonymous_fn(false);
    engine.set_allow_shadowing(false);
    engine.set_strict_variables(true);
    engine.set_fail_on_invalid_map_property(true);
    engine
}
