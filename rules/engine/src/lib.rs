//! The rules engine: facts in, a typed outcome out, and the reason kept.
//!
//! A rule judges and never acts. It is a small script without clock, network or memory, run in an
//! engine of its own within a budget; whatever it does, [`Rulebook::decide`] answers, because every
//! hook has a built-in answer in Rust and a failure policy the script cannot change. This crate is the
//! only one that names Rhai, and no Rhai type leaves it.
//!
//! Reading order: [`Hook`] is the contract, [`Rulebook`] holds what was loaded, [`Decision`] is what
//! comes out. Below them, `engine` is the recipe, `pack` the files, `settings` the typed settings.

#[macro_use]
mod shared;

mod attendance;
mod billing;
mod care;
mod compiled;
mod decision;
mod device;
mod engine;
mod facts;
mod guard;
mod hook;
mod moment;
mod money;
mod mpesa;
mod notify;
mod pack;
mod registry;
mod report;
mod settings;
mod suggest;
mod twin;
mod validate;
mod value;
mod verdict;
mod visit;

pub mod checking;
pub mod completion;
pub mod docs;
pub mod packs;
pub mod tables;
pub mod testing;

pub use decision::{Decision, LayerStep, Outcome, Problem, Read, Status};
pub use engine::words::{Word, decorations, functions, moment_parts};
pub use guard::{Gate, Guard, Health, QUOTA_PER_MINUTE};
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
pub use packs::PackInfo;
pub use registry::{hook, hooks, shipped_tests};
pub use settings::{Setting, SettingKind, SettingProblem, parse_value};
pub use value::{Record, Value};

/// The names of the hooks, so that no caller spells one by hand.
pub mod hooks {
    pub const GEOFENCE: &str = "attendance.geofence";
    pub const CLOCK_IN: &str = "attendance.clock_in";
    pub const LATENESS: &str = "attendance.lateness";
    pub const CLOCK_OUT: &str = "attendance.clock_out";
    pub const EARLY_LEAVE: &str = "attendance.early_leave";
    pub const BREAK_START: &str = "attendance.break_start";
    pub const BREAKS: &str = "attendance.breaks";
    pub const HOURS: &str = "attendance.hours";
    pub const AUTO_CLOCK_OUT: &str = "attendance.auto_clock_out";
    pub const REVIEW: &str = "attendance.review";
    pub const REQUIRED_NOTES: &str = "attendance.required_notes";
    pub const STATUS: &str = "attendance.status";
    pub const NOTIFY_ROUTE: &str = "notify.route";
    pub const VALIDATE_ADD_MEMBER: &str = "validate.add_member";
    pub const VALIDATE_PLAN_SHIFT: &str = "validate.plan_shift";
    pub const VALIDATE_SAVE_PLACE: &str = "validate.save_place";
    pub const VALIDATE_ADD_CLIENT: &str = "validate.add_client";
    pub const REPORT_COLUMN: &str = "report.column";
    pub const VITAL_SIGN: &str = "care.vital_sign";
    pub const ESCALATION: &str = "care.escalation";
    pub const DEVICE_OFFLINE: &str = "device.offline";
    pub const VISIT_REMINDER: &str = "visit.reminder";
    pub const VISIT_NO_SHOW: &str = "visit.no_show";
    pub const VISIT_CHARGE: &str = "billing.visit_charge";
    pub const SESSION_PAY: &str = "billing.session_pay";
    pub const BEFORE_CHARGE: &str = "mpesa.before_charge";
    pub const BEFORE_PAYOUT: &str = "mpesa.before_payout";
    pub const PAYMENT_RESULT: &str = "mpesa.payment_result";
}
