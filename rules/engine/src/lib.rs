//! Placeholder.
mod decision; mod value; mod money; mod moment;
pub use decision::{Decision, LayerStep, Outcome, Problem, Read, Status};
pub use moment::Moment;
pub use money::{Currency, Money};
pub use value::{Record, Value};
use serde::{Serialize, Deserialize};
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Class { Open, Personal, Health, Money }
pub mod hooks {
    pub const GEOFENCE: &str = "attendance.geofence";
    pub const CLOCK_IN: &str = "attendance.clock_in";
    pub const LATENESS: &str = "attendance.lateness";
}
#[derive(Clone, Debug, Serialize)]
pub struct FileProblem { pub path: String, pub hook: Option<String>, pub organization: Option<String>, pub line: Option<u32>, pub column: Option<u32>, pub message: String, pub hint: Option<String>, pub keeps_last_good: bool }
pub struct Rulebook;
impl Rulebook {
    pub fn embedded() -> Self { Self }
    pub fn load(_: &std::path::Path, _: Option<&Self>) -> (Self, Vec<FileProblem>) { (Self, vec![]) }
    pub fn problems(&self) -> &[FileProblem] { &[] }
    pub fn release(&self, _: &str) -> String { "stub".into() }
    pub fn decide(&self, _: &str, hook: &str, facts: Record) -> Decision {
        let w = |k: &str| facts.get(k).and_then(Value::as_whole);
        let late = w("minutes_late").unwrap_or(0);
        let minutes = || -> Record { [("minutes".to_owned(), Value::Whole(late))].into() };
        let (name, values): (&str, Record) = match hook {
            hooks::GEOFENCE => ("fence", [("radius_m".to_owned(), Value::Whole(100)), ("accuracy_m".to_owned(), Value::Whole(50))].into()),
            hooks::CLOCK_IN => ("allow", Record::new()),
            _ => match late { 31.. => ("very_late", minutes()), 6..=30 => ("late", minutes()), _ => ("on_time", Record::new()) },
        };
        Decision { hook: hook.into(), contract: 1, release: "stub".into(), status: Status::Ok, outcome: Outcome { name: name.into(), values }, reasons: vec![], flags: vec![], asks: vec![], tells: vec![], needs_review: false, read: vec![], layers: vec![], operations: 0, duration_us: 0, problem: None }
    }
}
