//! The default pack, compiled into the binary: an empty rules folder must not stop the server.

use std::sync::{Arc, OnceLock};

use super::Pack;
use crate::compiled::Script;
use crate::settings::Schema;
use crate::{hooks, registry};

/// Hook, rule, settings.
const FILES: [(&str, &str, &str); 3] = [
    (
        hooks::GEOFENCE,
        include_str!("../../../default/attendance/geofence.rhai"),
        include_str!("../../../default/attendance/geofence.settings.toml"),
    ),
    (
        hooks::CLOCK_IN,
        include_str!("../../../default/attendance/clock_in.rhai"),
        include_str!("../../../default/attendance/clock_in.settings.toml"),
    ),
    (
        hooks::LATENESS,
        include_str!("../../../default/attendance/lateness.rhai"),
        include_str!("../../../default/attendance/lateness.settings.toml"),
    ),
];

/// The tests of the rule that ships, for whoever starts from it.
pub fn shipped_tests(hook: &str) -> Option<&'static str> {
    match hook {
        hooks::GEOFENCE => Some(include_str!(
            "../../../default/attendance/geofence.test.rhai"
        )),
        hooks::CLOCK_IN => Some(include_str!(
            "../../../default/attendance/clock_in.test.rhai"
        )),
        hooks::LATENESS => Some(include_str!(
            "../../../default/attendance/lateness.test.rhai"
        )),
        _ => None,
    }
}

/// The pack, compiled once. A file that did not compile would be missing here, and its Rust twin would
/// answer; a test holds that none is.
pub(crate) fn pack() -> &'static Pack {
    static PACK: OnceLock<Pack> = OnceLock::new();
    PACK.get_or_init(|| {
        let mut pack = Pack::default();
        for (name, script, settings) in FILES {
            let Some(hook) = registry::hook(name) else {
                continue;
            };
            if let Ok(script) = Script::compile(hook, script, None) {
                pack.scripts.insert(hook.name, Arc::new(script));
            }
            if let Ok(schema) = Schema::parse(settings, "") {
                pack.schemas.insert(hook.name, Arc::new(schema));
            }
        }
        pack
    })
}
