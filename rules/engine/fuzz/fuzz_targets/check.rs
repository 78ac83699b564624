//! Any text may be checked: it must not crash, and every finding must say something.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zamu_rules::{checking, hooks};

fuzz_target!(|text: &str| {
    for hook in hooks() {
        let report = checking::check_source(hook.name, text);
        for finding in &report.findings {
            assert!(!finding.message.is_empty() && !finding.code.is_empty());
        }
    }
});
