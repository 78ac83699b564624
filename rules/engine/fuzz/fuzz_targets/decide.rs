//! Any text may be a rule: whatever it does, the hook answers within its budget.

#![no_main]

use libfuzzer_sys::fuzz_target;
use zamu_rules::{Content, RuleBinding, RuleKind, Rulebook, hooks};

fuzz_target!(|text: &str| {
    let rulebook = Rulebook::embedded();
    for hook in hooks() {
        let rule = RuleBinding {
            kind: RuleKind::Script,
            text: text.to_owned(),
            mode: Default::default(),
            file: None,
        };
        let content = Content {
            rules: [(hook.name.to_owned(), rule)].into(),
            ..Content::default()
        };
        let decision = rulebook.book(&content).decide(hook.name, hook.sample(), &[]);
        assert!(!decision.outcome.name.is_empty());
    }
});
