//! The hooks this server knows. A new hook is one line here and one file beside its noun.

use crate::attendance::{clock_in, geofence, lateness};
use crate::hook::Hook;

static HOOKS: [Hook; 3] = [geofence::HOOK, clock_in::HOOK, lateness::HOOK];

/// Every hook, in the order a punch meets them.
pub fn hooks() -> &'static [Hook] {
    &HOOKS
}

/// One hook by name.
pub fn hook(name: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| hook.name == name)
}

/// Where a hook stands in [`hooks`]; the plans of a rulebook are kept in that order.
pub(crate) fn position(name: &str) -> Option<usize> {
    HOOKS.iter().position(|hook| hook.name == name)
}
