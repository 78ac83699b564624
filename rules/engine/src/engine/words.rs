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

/// A word a rule can use, as the reference and the editor show it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    pub name: &'static str,
    /// How a rule writes it.
    pub usage: &'static str,
    pub about: &'static str,
    /// How many values it takes, what it is called on included.
    pub(crate) counts: &'static [usize],
}

const fn word(
    name: &'static str,
    usage: &'static str,
    counts: &'static [usize],
    about: &'static str,
) -> Word {
    Word {
        name,
        usage,
        about,
        counts,
    }
}

/// Functions every rule can call. The only list: names, arity, reference and completions come from it.
pub(crate) const FUNCTIONS: [Word; 23] = [
    word(
        "at_least",
        "at_least(a, b)",
        &[2],
        "the larger of two numbers or amounts of money",
    ),
    word(
        "at_most",
        "at_most(a, b)",
        &[2],
        "the smaller of two numbers or amounts of money",
    ),
    word(
        "started_blocks",
        "started_blocks(amount, block)",
        &[2],
        "how many blocks have begun: 61 minutes in blocks of 15 are 5",
    ),
    word(
        "percent",
        "value.percent(25)",
        &[2],
        "so many hundredths of a number or of money: 200.percent(25) is 50",
    ),
    word("abs", "abs(number)", &[1], "the number without its sign"),
    word(
        "len",
        "value.len()",
        &[1],
        "letters of a text, or items of a list",
    ),
    word(
        "is_empty",
        "value.is_empty()",
        &[1],
        "whether a text or a list holds nothing",
    ),
    word(
        "contains",
        "value.contains(part)",
        &[2],
        "whether a text has this part, or a list this item",
    ),
    word(
        "starts_with",
        "text.starts_with(part)",
        &[2],
        "whether a text begins so",
    ),
    word(
        "ends_with",
        "text.ends_with(part)",
        &[2],
        "whether a text ends so",
    ),
    word(
        "to_upper",
        "text.to_upper()",
        &[1],
        "the text in capital letters",
    ),
    word(
        "to_lower",
        "text.to_lower()",
        &[1],
        "the text in small letters",
    ),
    word(
        "trim",
        "text.trim()",
        &[1],
        "the text without spaces at both ends",
    ),
    word("to_string", "value.to_string()", &[1], "the value as text"),
    word(
        "has_tag",
        "person.has_tag(\"field_staff\")",
        &[2],
        "whether an admin gave the person this tag",
    ),
    word(
        "took_break",
        "session.took_break(\"meal\")",
        &[2],
        "whether one of the breaks was of this kind",
    ),
    word(
        "minutes_below",
        "reading.minutes_below(92)",
        &[2],
        "for how many minutes, up to now, every value was below this",
    ),
    word(
        "minutes_above",
        "reading.minutes_above(130)",
        &[2],
        "for how many minutes, up to now, every value was above this",
    ),
    word(
        "minutes_since",
        "later.minutes_since(earlier)",
        &[2],
        "whole minutes between two moments; negative when they are the other way round",
    ),
    word(
        "plus_minutes",
        "moment.plus_minutes(30)",
        &[2],
        "the moment so many minutes later",
    ),
    word(
        "minus_minutes",
        "moment.minus_minutes(30)",
        &[2],
        "the moment so many minutes earlier",
    ),
    word(
        "for_minutes",
        "hourly.for_minutes(minutes)",
        &[2],
        "what an amount by the hour comes to for so many minutes",
    ),
    word(
        "range",
        "range(from, to)",
        &[2, 3],
        "the whole numbers from one up to, and without, the other; shorter: from..to",
    ),
];

const fn names<const N: usize>(words: &[Word; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut index = 0;
    while index < N {
        #[expect(
            clippy::indexing_slicing,
            reason = "both are N long, and this runs in the compiler"
        )]
        {
            names[index] = words[index].name;
        }
        index += 1;
    }
    names
}

/// Their names, for "did you mean" and so that no helper takes one.
pub(crate) const HELPERS: &[&str] = &names(&FUNCTIONS);

/// What a function every rule can call is.
pub(crate) fn function(name: &str) -> Option<&'static Word> {
    FUNCTIONS.iter().find(|word| word.name == name)
}

/// Parts of a moment, in the local time of its place.
pub(crate) const MOMENT_PARTS: [Word; 7] = [
    word("hour", "now.hour", &[1], "0 to 23"),
    word("minute", "now.minute", &[1], "0 to 59"),
    word("weekday", "now.weekday", &[1], "\"monday\" to \"sunday\""),
    word("date", "now.date", &[1], "text such as \"2026-01-05\""),
    word("day", "now.day", &[1], "day of the month, 1 to 31"),
    word("month", "now.month", &[1], "1 to 12"),
    word("year", "now.year", &[1], "such as 2026"),
];

/// Decorations every outcome understands.
pub(crate) const DECORATION_DOCS: [Word; 5] = [
    word(
        "because",
        ".because(\"why\")",
        &[2],
        "says why; shown and kept",
    ),
    word("flag", ".flag(\"code\")", &[2], "marks it for a supervisor"),
    word(
        "ask_for",
        ".ask_for(\"photo\")",
        &[2],
        "asks the person for a photo, a note or a pin",
    ),
    word(
        "tell",
        ".tell(\"supervisor\")",
        &[2],
        "lets people of a role know",
    ),
    word(
        "needs_review",
        ".needs_review()",
        &[1],
        "a person looks at it later",
    ),
];

/// Names of the decorations.
pub(crate) const DECORATIONS: &[&str] = &names(&DECORATION_DOCS);

/// What `.ask_for(…)` may ask.
pub(crate) const ASKS: &[&str] = &["photo", "note", "pin"];

/// What every rule can call to work with its facts.
pub fn functions() -> &'static [Word] {
    &FUNCTIONS
}

/// What every outcome understands.
pub fn decorations() -> &'static [Word] {
    &DECORATION_DOCS
}

/// What a moment says about itself.
pub fn moment_parts() -> &'static [Word] {
    &MOMENT_PARTS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::registry;
    use crate::verdict::INHERIT;

    /// Names a rule could call in an engine, with the number of values each takes.
    fn callable(engine: &Engine) -> BTreeSet<(String, usize)> {
        let is_word = |name: &str| name.starts_with(|letter: char| letter.is_ascii_lowercase());
        let found = engine.collect_fn_metadata(
            None,
            |info| {
                let name = info.metadata.name.to_string();
                let is_property = name.contains('$');
                (is_word(&name) && !is_property).then_some((name, info.metadata.num_params))
            },
            true,
        );
        found.into_iter().collect()
    }

    /// What comes along with the language's own packages. Nobody needs it: the check refuses it, so it is
    /// not in the reference. A new name here after an upgrade of the engine must be looked at.
    const NOT_OFFERED: &[&str] = &[
        "bits",
        "chars",
        "debug",
        "end",
        "is_exclusive",
        "is_inclusive",
        "print",
        "start",
        "to_binary",
        "to_debug",
        "to_hex",
        "to_int",
        "to_octal",
    ];

    #[test]
    fn every_function_is_documented_and_every_documented_one_exists() {
        let found = callable(&crate::engine::bare());
        for (name, count) in &found {
            let word = function(name);
            if NOT_OFFERED.contains(&name.as_str()) {
                assert!(word.is_none(), "{name} is documented after all");
                continue;
            }
            assert!(
                word.is_some_and(|word| word.counts.contains(count)),
                "{name} with {count} is not documented"
            );
        }
        for word in FUNCTIONS {
            for count in word.counts {
                assert!(
                    found.contains(&(word.name.to_owned(), *count)),
                    "{} with {count} does not exist",
                    word.name
                );
            }
        }
    }

    #[test]
    fn every_word_of_every_hook_is_documented() {
        let common = callable(&crate::engine::bare());
        for hook in registry::hooks() {
            let own: BTreeSet<String> = callable(&crate::engine::runner(hook, None))
                .difference(&common)
                .map(|(name, _)| name.clone())
                .collect();
            let methods = hook.outcomes.iter().flat_map(|outcome| outcome.methods);
            let mut expected: BTreeSet<String> = DECORATION_DOCS
                .iter()
                .map(|word| word.name.to_owned())
                .collect();
            expected.extend(methods.map(|method| method.name.to_owned()));
            expected.extend(hook.outcomes.iter().map(|outcome| outcome.name.to_owned()));
            expected.insert(INHERIT.to_owned());
            // What the panic guard is tested with; it does not exist outside unit tests.
            expected.insert("boom".to_owned());
            let shared = |name: &String| common.iter().any(|(known, _)| known == name);
            let missing: Vec<&String> = expected
                .difference(&own)
                .filter(|name| !shared(name))
                .collect();
            assert!(missing.is_empty(), "{}: {missing:?}", hook.name);
            let unknown: Vec<&String> = own
                .difference(&expected)
                .filter(|name| !shared(name))
                .collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", hook.name);
        }
    }
}
