//! Words of the language that a rule may not use, and names a rule may not take.

use rhai::Engine;

/// Refused at compile time. `for … in list` stays: a list is bounded, `while` is not.
pub(crate) const DISABLED: &[&str] = &[
    // Running text as code, other files, and catching mistakes that should be seen.
    "eval",
    "import",
    "export",
    "try",
    "catch",
    "throw",
    // Loops without an end in sight.
    "loop",
    "while",
    "do",
    "until",
    // Output, function values, reflection.
    "print",
    "debug",
    "Fn",
    "call",
    "curry",
    "this",
    "type_of",
    "is_def_var",
    "is_def_fn",
    "is_shared",
    // Bits have no place in a rule; `&` is nearly always a slip for `&&`, and `1 << 70` is 0.
    "&",
    "^",
    "<<",
    ">>",
    "&=",
    "|=",
    "^=",
    "<<=",
    ">>=",
];

/// Switches the words off.
pub(super) fn disable(engine: &mut Engine) {
    for word in DISABLED {
        engine.disable_symbol(*word);
    }
}

/// Functions every rule can call, for "did you mean" and so that no helper takes their name.
pub(crate) const HELPERS: &[&str] = &[
    "at_least",
    "at_most",
    "started_blocks",
    "percent",
    "abs",
    "len",
    "is_empty",
    "contains",
    "starts_with",
    "ends_with",
    "to_upper",
    "to_lower",
    "trim",
    "to_string",
    "has_tag",
    "took_break",
    "minutes_below",
    "minutes_above",
    "minutes_since",
    "plus_minutes",
    "minus_minutes",
    "for_minutes",
    "range",
];

/// Decorations every outcome understands.
pub(crate) const DECORATIONS: &[&str] = &["because", "flag", "ask_for", "tell", "needs_review"];

/// What `.ask_for(…)` may ask.
pub(crate) const ASKS: &[&str] = &["photo", "note", "pin"];
