//! The rules engine: facts in, a typed outcome out, and the reason kept.
//!
//! A rule judges and never acts. It is a small script without clock, network or memory, run in an
//! engine of its own within a budget; whatever it does, [`Rulebook::decide`] answers, because every
//! hook has a built-in answer in Rust and a failure policy the script cannot change. This crate is the
//! only one that names Rhai, and no Rhai type leaves it.
//!
//! Reading order: [`Hook`] is the contract, [`Rulebook`] holds what was loaded, [`Decision`] is what
//! comes out. Below them, `engine` is the recipe, `pack` the files, `settings` the typed settings.

mod attendance;
mod compiled;
mod decision;
mod engine;
mod facts;
mod hook;
mod moment;
mod money;
mod pack;
mod registry;
mod settings;
mod suggest;
mod value;
mod verdict;

pub mod checking;
pub mod testing;

pub use decision::{Decision, LayerStep, Outcome, Problem, Read, Status};
pub use hook::{
    Argument, Budget, Class, Combine, Effect, FailurePolicy, Field, Hook, Kind, Method,
    OutcomeSpec, Presence, Risk,
};
pub use moment::Moment;
pub use money::{Currency, Money};
pub use pack::{
    Book, Content, Explained, FileProblem, Mode, Origin, PackBinding, RuleBinding, RuleKind,
    Rulebook, SettingChange, SettingInForce, Snapshot, Source, TraceLine,
};
pub use registry::{hook, hooks};
pub use settings::{Setting, SettingKind};
pub use value::{Record, Value};

/// The names of the hooks, so that no caller spells one by hand.
pub mod hooks {
    pub const GEOFENCE: &str = "attendance.geofence";
    pub const CLOCK_IN: &str = "attendance.clock_in";
    pub const LATENESS: &str = "attendance.lateness";
}
