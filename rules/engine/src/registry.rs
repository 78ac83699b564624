//! The hooks this server knows. A new hook is one line here, one file beside its noun, and its rule files.

use crate::hook::Hook;

/// Lists every hook once: its contract, and the rule and settings that ship with it.
macro_rules! hooks {
    ($($area:ident::$hook:ident,)*) => {
        static HOOKS: &[Hook] = &[$(crate::$area::$hook::HOOK),*];

        /// Hook, rule, settings.
        pub(crate) const SHIPPED: &[(&str, &str, &str)] = &[$((
            concat!(stringify!($area), ".", stringify!($hook)),
            include_str!(concat!(
                "../../default/", stringify!($area), "/", stringify!($hook), ".rhai"
            )),
            include_str!(concat!(
                "../../default/", stringify!($area), "/", stringify!($hook), ".settings.toml"
            )),
        )),*];

        /// Hook, tests of the rule that ships.
        const TESTS: &[(&str, &str)] = &[$((
            concat!(stringify!($area), ".", stringify!($hook)),
            include_str!(concat!(
                "../../default/", stringify!($area), "/", stringify!($hook), ".test.rhai"
            )),
        )),*];
    };
}

hooks! {
    attendance::geofence,
    attendance::clock_in,
    attendance::lateness,
    attendance::break_start,
    attendance::clock_out,
    attendance::early_leave,
    attendance::required_notes,
    attendance::breaks,
    attendance::hours,
    attendance::review,
    attendance::auto_clock_out,
    attendance::status,
    notify::route,
    validate::add_member,
    validate::plan_shift,
    validate::save_place,
    validate::add_client,
    report::column,
    care::vital_sign,
    care::escalation,
    device::offline,
    visit::reminder,
    visit::no_show,
    billing::visit_charge,
    billing::session_pay,
    mpesa::before_charge,
    mpesa::before_payout,
    mpesa::payment_result,
}

/// Every hook, attendance first, in the order a punch meets them.
pub fn hooks() -> &'static [Hook] {
    HOOKS
}

/// One hook by name.
pub fn hook(name: &str) -> Option<&'static Hook> {
    HOOKS.iter().find(|hook| hook.name == name)
}

/// The tests of the rule that ships, for whoever starts from it.
pub fn shipped_tests(hook: &str) -> Option<&'static str> {
    let found = TESTS.iter().find(|(name, _)| *name == hook);
    found.map(|(_, text)| *text)
}

/// Where a hook stands in [`hooks`]; the plans of a rulebook are kept in that order.
pub(crate) fn position(name: &str) -> Option<usize> {
    HOOKS.iter().position(|hook| hook.name == name)
}
