//! The default pack, compiled into the binary: an empty rules folder must not stop the server.

use std::sync::{Arc, OnceLock};

use super::Pack;
use crate::compiled::Script;
use crate::registry;
use crate::settings::Schema;

/// The pack, compiled once. A file that did not compile would be missing here, and its Rust twin would
/// answer; a test holds that none is.
pub(crate) fn pack() -> &'static Pack {
    static PACK: OnceLock<Pack> = OnceLock::new();
    PACK.get_or_init(|| {
        let mut pack = Pack::default();
        for (name, script, settings) in registry::SHIPPED {
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
