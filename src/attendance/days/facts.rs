//! What the rule that decides a day may know; the hook's schema is in `zamu-rules`.

use chrono_tz::Tz;
use zamu_rules::{Record, Value};

use super::model::{DayLeave, Material};
use crate::attendance::facts::{moment, record};
use crate::attendance::model::Lateness;
use crate::identity::model::Member;
use crate::kernel::time::Instant;

/// Everything known about a day that is over. `at` is the moment it was over, not that of the question: asked again, a
/// rule sees the same.
pub fn status(
    material: &Material,
    member: &Member,
    department: Option<&str>,
    (at, zone): (Instant, Tz),
) -> Record {
    let sessions = i64::try_from(material.sessions.len()).unwrap_or(i64::MAX);
    record([
        ("sessions", sessions.into()),
        ("worked_minutes", material.worked_minutes().into()),
        ("planned_minutes", material.planned_minutes().into()),
        ("lateness", lateness(material.lateness()).into()),
        ("leave", leave(material.leave).into()),
        ("is_public_holiday", material.is_holiday.into()),
        ("person", person(member, department)),
        ("now", moment(at, zone)),
    ])
}

fn person(member: &Member, department: Option<&str>) -> Value {
    [
        ("role", member.role.name().to_lowercase().into()),
        ("title", member.title.clone().into()),
        ("tags", member.tags.clone().into()),
        ("department", department.map(str::to_owned).into()),
    ]
    .into()
}

fn lateness(lateness: Option<Lateness>) -> String {
    lateness.map_or("none", Lateness::name).to_lowercase()
}

fn leave(leave: DayLeave) -> String {
    leave.name().to_lowercase()
}
